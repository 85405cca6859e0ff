"""A ``*`` that a shell turns into names: a file that is called ``--checkpoint-action=…`` is then an option of tar."""

from __future__ import annotations

from collections.abc import Iterator

from assay.checks.code.review._spots import spot
from assay.checks.code.review.injection import SHELLS, STARTS
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.shell import of_lines, wild
from assay.methods.review.spot import Spot

LANGUAGE = "python"
_MOST = 10_000


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    for call in program.calls:
        if call.name not in SHELLS and not (call.name in STARTS and call.says("shell", True, 1)):
            continue
        text = call.args[0].text if call.args else None
        if text is None or "*" not in text or len(text) > _MOST:
            continue
        found = next((one for one in of_lines(enumerate(text.splitlines(), 1)) if wild(one)), None)
        if found is not None:
            yield spot(
                program, call.node, "wildcard", Severity.MEDIUM, f"A file whose name begins with a dash is an option of {found.name} here.",
                "./* instead of *, or -- before it", "CWE-155",
            )  # fmt: skip
