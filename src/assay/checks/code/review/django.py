"""Django's ways past its own queries: text that is put together in ``extra`` and ``RawSQL``."""

from __future__ import annotations

from collections.abc import Iterator

from assay.checks.code.review._spots import spot
from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import Call, Value, labels_of
from assay.methods.review.spot import Spot

LANGUAGE = "python"
_EXTRA = (
    "select",
    "where",
    "params",
    "tables",
    "order_by",
    "select_params",
)  # in this order, where they stand by place
_TEXTS = ("select", "where", "tables", "order_by")
_RAW = "django.db.models.expressions.RawSQL"
_SENT = ("caller", "network")


def rule(program: Program) -> Iterator[Spot]:
    """Name each."""
    django = any(whole.startswith("django") for names in program.imports.values() for whole in names)
    for call in program.calls:
        if call.name in (_RAW, "django.db.models.RawSQL"):
            text = call.arg(0, "sql")
            yield from _spot(program, call, [] if text is None else [text])
        elif call.method == "extra" and django and "." in call.name:
            given = [call.arg(_EXTRA.index(name), name) for name in _TEXTS]
            yield from _spot(program, call, [one for one in given if one is not None])


def _spot(program: Program, call: Call, texts: list[Value]) -> Iterator[Spot]:
    """Name a call of which a text is not written out; one that nobody from outside has a part in is told as such."""
    if all(_written(one) for one in texts):
        return
    inside = labels_of([*texts, *(v for one in texts for v in (one.parts or {}).values())])
    sent = bool(inside & frozenset(_SENT))
    yield spot(
        program, call.node, "sql", Severity.CRITICAL if sent else Severity.LOW,
        "The query is put together with what a caller sends." if sent else f"{call.method} takes a text into the query that does not stand here.",
        "put %s in its place, and hand the values in params", "CWE-89",
    )  # fmt: skip


def _written(value: Value) -> bool:
    if value.parts is not None and value.whole:
        return all(_written(one) for one in value.parts.values())
    return value.known
