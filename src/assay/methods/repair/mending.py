"""A rule to be mended: where it is broken, and what its column should hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from assay.kernel.errors import Missing
from assay.methods.expressions import Expression, parse
from assay.methods.repair.reading import Listed

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

Remedy = Literal["derived", "source", "soft-delete"]
REMEDIES: tuple[Remedy, ...] = ("derived", "source", "soft-delete")
NONE = -1  # in ``Mended.by``: the cell stays as it is


@dataclass(frozen=True)
class Mending:
    """A broken rule. holds: true where it is obeyed. column: what is derived, by ``to``; both empty where that is not known.

    words: how the column writes true and false, where it is no truth value itself.
    """

    title: str
    kind: str
    holds: Expression
    column: str = ""
    to: Expression | None = None
    words: tuple[Any, Any] | None = None

    def broken(self, batch: pa.RecordBatch) -> NDArray[np.bool_]:
        """Return which rows break it; unknown breaks nothing."""
        return ~_truths(self.holds.evaluate(batch), unknown=True)


@dataclass
class Mended:
    """A batch as a remedy leaves it.

    by: for each column that was changed, the place of the rule it was changed by, NONE elsewhere. broken, changed, left:
    rows that broke each rule at first, were changed by it, and still break it.
    """

    batch: pa.RecordBatch
    by: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    broken: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)

    @property
    def touched(self) -> NDArray[np.bool_]:
        """Return which rows were changed."""
        out = np.zeros(self.batch.num_rows, bool)
        for places in self.by.values():
            out |= places != NONE
        return out

    def note(self, column: str, rows: NDArray[np.bool_], rule: int) -> None:
        """Remember that a rule changed a column in these rows."""
        places = self.by.setdefault(column, np.full(self.batch.num_rows, NONE, np.int64))
        places[rows] = rule


def read(
    rules: Sequence[Listed],
    kinds: Collection[str],
    columns: Collection[str],
    where: str,
    *,
    repairable: bool = True,
) -> list[Mending]:
    """Return the broken rules that are of these kinds, and of one row.

    repairable: only those that say how their column is set right. Missing where a rule is about a column that the table
    does not have, UsageError where its expression is none.
    """
    return [
        _one(rule, columns, where)
        for rule in rules
        if rule.kind in kinds and rule.holds and rule.violations and (rule.repair or not repairable)
    ]


def named(rules: Sequence[Listed]) -> set[str]:
    """Return the columns that rules of one row, and their repairs, name."""
    out: set[str] = set()
    for rule in rules:
        if rule.holds:
            out |= set(parse(rule.holds).columns)
        if rule.repair:
            out |= {rule.repair.set, *parse(rule.repair.to).columns}
    return out


def _one(rule: Listed, columns: Collection[str], where: str) -> Mending:
    holds, repair = parse(rule.holds), rule.repair
    to = parse(repair.to) if repair else None
    lost = [
        c
        for c in (*holds.columns, *(to.columns if to else ()), *([repair.set] if repair else []))
        if c not in columns
    ]
    if lost:
        raise Missing(
            f"there is no column {lost[0]!r} for the rule {rule.title!r}",
            where=where,
            remedy="repair the table that the report is about",
        )
    set_, words = (repair.set, repair.words) if repair else ("", None)
    return Mending(rule.title, rule.kind, holds, set_, to, words)


def _truths(array: Any, *, unknown: bool) -> NDArray[np.bool_]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_boolean(array.type):
        array = pc.cast(array, pa.bool_())
    out: NDArray[np.bool_] = pc.fill_null(array, unknown).to_numpy(zero_copy_only=False).astype(bool)
    return out


def truths(expression: Expression, batch: pa.RecordBatch, *, unknown: bool = False) -> NDArray[np.bool_]:
    """Return where an expression is true; ``unknown`` stands where that is not known."""
    return _truths(expression.evaluate(batch), unknown=unknown)


def replaced(batch: pa.RecordBatch, column: str, rows: NDArray[np.bool_], new: Any) -> pa.RecordBatch:
    """Return the batch with ``new`` (an array or a scalar of the column's plain type) in these rows of a column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    place = batch.schema.get_field_index(column)
    old = batch.column(place)
    plain = old.cast(old.type.value_type) if pa.types.is_dictionary(old.type) else old
    fresh = pc.if_else(pa.array(rows), new, plain)
    fresh = fresh if fresh.type == old.type else fresh.cast(old.type)
    return batch.set_column(place, batch.schema.field(place), fresh)


def plain_type(batch: pa.RecordBatch, column: str) -> pa.DataType:
    """Return the type of a column's values."""
    import pyarrow as pa

    kind = batch.schema.field(column).type
    return kind.value_type if pa.types.is_dictionary(kind) else kind
