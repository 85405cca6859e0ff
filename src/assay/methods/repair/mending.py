"""A rule to be mended: where it is broken, and what its column should hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from assay.kernel.errors import Missing, UsageError
from assay.methods.expressions import Expression, parse

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

Remedy = Literal["derived", "source", "soft-delete"]
REMEDIES: tuple[Remedy, ...] = ("derived", "source", "soft-delete")
MOST_RULES = 1_000  # data.integrity lists 500
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
    listed: Any, kinds: Collection[str], columns: Collection[str], where: str, *, repairable: bool = True
) -> list[Mending]:
    """Return the broken rules of a data.integrity report's ``data.rules`` that are of these kinds.

    repairable: only those that say how their column is set right. UsageError where there is no such list, Missing where
    a rule is about a column that the table does not have.
    """
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise UsageError(
            "the report given as `using` lists no rules", remedy="give a report of data.integrity"
        )
    if len(listed) > MOST_RULES:
        raise UsageError(
            f"the report given as `using` lists {len(listed):,} rules, more than the {MOST_RULES:,} that are read",
            remedy="give a report as data.integrity writes it",
        )
    out = []
    for rule in listed:
        if not isinstance(rule, Mapping) or rule.get("kind") not in kinds:
            continue
        if not rule.get("holds") or not rule.get("violations"):
            continue
        repair = rule.get("repair")
        if repairable and not repair:
            continue
        out.append(_one(rule, repair if isinstance(repair, Mapping) else {}, columns, where))
    return out


def _one(rule: Mapping[str, Any], repair: Mapping[str, Any], columns: Collection[str], where: str) -> Mending:
    holds = parse(str(rule["holds"]))
    to = parse(str(repair["to"])) if "to" in repair else None
    column = str(repair.get("set", "")) if to else ""
    named = [*holds.columns, *(to.columns if to else ()), *([column] if column else [])]
    lost = [c for c in named if c not in columns]
    if lost:
        raise Missing(
            f"there is no column {lost[0]!r} for the rule {rule.get('rule', '')!r}",
            where=where,
            remedy="repair the table that the report is about",
        )
    words = (repair["true"], repair["false"]) if "true" in repair and "false" in repair else None
    return Mending(str(rule.get("rule") or repair.get("to")), str(rule["kind"]), holds, column, to, words)


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
    return batch.set_column(place, batch.schema.field(place), fresh.cast(old.type))


def plain_type(batch: pa.RecordBatch, column: str) -> pa.DataType:
    """Return the type of a column's values."""
    import pyarrow as pa

    kind = batch.schema.field(column).type
    return kind.value_type if pa.types.is_dictionary(kind) else kind
