"""Requests that wait for ever, so that one server that does not answer holds whoever asked."""

from __future__ import annotations

from collections.abc import Iterator

from assay.checks.code.review._spots import keyword, replaced, spot
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.spot import Spot, with_arguments

LANGUAGE = "python"
_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
_WITHOUT = frozenset(
    {f"requests.{verb}" for verb in _VERBS} | {f"requests.Session().{verb}" for verb in _VERBS}
)
_WITH = frozenset(
    {f"httpx.{verb}" for verb in (*_VERBS, "stream", "Client", "AsyncClient")}
)  # which wait 5 s unless they are told not to


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        if call.name not in _WITHOUT and call.name not in _WITH:
            continue
        given = call.keywords.get("timeout")
        never = given is not None and given.known and given.literal is None
        if not never and (given is not None or call.spread or call.name in _WITH):
            continue
        node = keyword(call, "timeout")
        edits = (
            replaced(program, node, "60") if node else with_arguments(program.text, call.node, ["timeout=60"])
        )
        yield spot(
            program, call.node, "no_timeout", Severity.LOW, f"{call.name} waits for ever where no answer comes.",
            "timeout=60", "CWE-400", edits if node or given is None else (),
        )  # fmt: skip
