"""What the model answers to the rows that are shown, and which class their values speak for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.checks.model.explain._asking import Asking
from assay.checks.model.explain._values import Answered, Values
from assay.kernel.report import Metric


def answered(found: Values, rows: Any, shown: Sequence[int], asking: Asking) -> dict[int, Answered]:
    """Return, of the n-th rows explained, what the model says and of which class the values are; "" where it is a number.

    rows: those shown, as the model is asked about them. Of two classes values are of the last, of several of the one
    predicted, where none was named.
    """
    from assay.methods.facets import is_number
    from assay.methods.values import spelled

    said = asking.model.predict(rows)
    column = said.column("prediction")
    classes = [spelled(c) for c in asking.model.info.classes]
    scores = [c for c in said.column_names if c.startswith("score")]
    out = {}
    for at, value in zip(shown, column.to_pylist(), strict=True):
        if asking.of is not None:
            of = asking.of
        elif not scores and not classes and is_number(column):
            of = ""
        elif len(scores) > 1 or len(classes) > 2:
            of = spelled(value)
        else:
            of = (classes or asking.outputs or ["1"])[-1]
        text = f"{value:.6g}" if isinstance(value, float) else spelled(value)
        out[at] = Answered(text, of)
    return out


def told(found: Values, at: int) -> Metric:
    """Return the answer to a row asked for, in the unit of its values."""
    says, of = found.answered[at]
    about = {"row": int(found.rows[at]) + 1, "says": says} | ({"values of": of} if of else {})
    return Metric.number("answer", float(found.margin[at]), of=about, unit=found.unit)
