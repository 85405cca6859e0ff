"""The second remedy: the derived column is believed, and the column it is derived from is set right.

That has one answer only sometimes: where a flag denies ``changes > 0`` of a count, the count is 0; where it affirms it,
any number would do. What has no one answer is left as it is, and counted.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.methods.expressions import Expression
from assay.methods.repair.mending import Mended, Mending, plain_type, replaced, truths

if TYPE_CHECKING:
    import pyarrow as pa

_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a column: whether it holds whole numbers only, and none below 0."""

    whole: bool = False
    natural: bool = False


@dataclass(frozen=True, slots=True)
class Only:
    """The one value a column can hold."""

    value: Any


@dataclass(frozen=True, slots=True)
class Answers:
    """What a column has to hold for a condition to be true, and to be false; None where that has no one answer.

    copied: the column simply is the derived one.
    """

    column: str
    true: Only | None = None
    false: Only | None = None
    copied: bool = False


def answers(to: Expression, known: Mapping[str, Known]) -> Answers | None:
    """Return what the source of an expression must be; None where it is not of one column or has no answer at all."""
    if len(to.columns) != 1:
        return None
    column = to.columns[0]
    node: ast.expr = to.tree
    turned = False
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node, turned = node.operand, not turned
    if isinstance(node, ast.Name):
        return Answers(column, Only(not turned), Only(turned)) if turned else Answers(column, copied=True)
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return None
    true, false = _compared(node, known.get(column, Known()))
    if turned:
        true, false = false, true
    return Answers(column, true, false) if true or false else None


def _compared(node: ast.Compare, known: Known) -> tuple[Only | None, Only | None]:
    """Return what the column of ``column op constant`` is where that is true, and where it is false."""
    left, op, right = node.left, type(node.ops[0]), node.comparators[0]
    if isinstance(right, ast.Name):
        left, right, op = right, left, _TURNED.get(op, op)
    value = _constant(right)
    if not isinstance(left, ast.Name) or value is None:
        return None, None
    if value.value is None:
        here = Only(None)
        return (here, None) if op in (ast.Is, ast.Eq) else (None, here)
    if op is ast.Eq:
        return value, None
    if op is ast.NotEq:
        return None, value
    limit = value.value
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not known.natural:
        return None, None
    if op in (ast.Gt, ast.LtE):  # below or at the limit lies only 0
        low = Only(0) if limit == 0 or (known.whole and 0 <= limit < 1) else None
    else:  # below the limit lies only 0
        low = Only(0) if known.whole and 0 < limit <= 1 else None
    return (None, low) if op in (ast.Gt, ast.GtE) else (low, None)


def _constant(node: ast.expr) -> Only | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _constant(node.operand)
        return Only(-inner.value) if inner and isinstance(inner.value, (int, float)) else None
    return Only(node.value) if isinstance(node, ast.Constant) else None


def mend(batch: pa.RecordBatch, mendings: Sequence[Mending], known: Mapping[str, Known]) -> Mended:
    """Set the source wherever that has one answer and the rule then holds."""
    import numpy as np
    import pyarrow as pa

    out = Mended(batch)
    for place, mending in enumerate(mendings):
        wrong = mending.broken(out.batch)
        out.broken.append(int(wrong.sum()))
        found = answers(mending.to, known) if mending.to is not None else None
        changed = np.zeros(len(wrong), bool)
        if found is not None and wrong.any():
            for rows, new in _wanted(mending, found, out.batch, wrong):
                try:
                    fresh = replaced(out.batch, found.column, rows, new)
                except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
                    continue  # what the derived column holds does not fit the source's type
                rows = rows & truths(mending.holds, fresh)
                out.batch = replaced(out.batch, found.column, rows, new)
                changed |= rows
            out.note(found.column, changed, place)
        out.changed.append(int(changed.sum()))
        out.left.append(int(mending.broken(out.batch).sum()))
    return out


def _wanted(mending: Mending, found: Answers, batch: pa.RecordBatch, wrong: Any) -> list[tuple[Any, Any]]:
    """Return which rows get which values."""
    import pyarrow as pa

    assert mending.to is not None
    kind = plain_type(batch, found.column)
    if found.copied:
        try:
            return [(wrong, batch.column(mending.column).cast(kind))]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
            return []
    said = truths(mending.to, batch)
    out = []
    for now, answer in ((True, found.false), (False, found.true)):  # what is broken has to turn round
        rows = wrong & (said == now)
        if answer is not None and rows.any():
            try:
                out.append(
                    (
                        rows,
                        pa.scalar(None, kind) if answer.value is None else pa.scalar(answer.value).cast(kind),
                    )
                )
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
                continue
    return out


class Noting:
    """Gathers what is known of columns, batch by batch."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = columns
        self._natural = dict.fromkeys(columns, True)
        self._whole: dict[str, bool] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        """Look at some rows."""
        import pyarrow as pa
        import pyarrow.compute as pc

        for name in self.columns:
            array = batch.column(name)
            kind = array.type
            if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
                self._natural[name] = False
                continue
            least = pc.min(array).as_py()
            self._natural[name] &= least is None or least >= 0
            self._whole[name] = bool(pa.types.is_integer(kind))

    def known(self) -> dict[str, Known]:
        """Return what was found."""
        return {n: Known(self._whole.get(n, False), self._natural[n]) for n in self.columns}
