"""A model's preparation: the raw columns that a row is asked with, and the steps from these to what the model reads.

As JSON it is ``assay.preparation/1``, which a package carries as ``preparation.json``:

    {"schema": …, "columns": [{"name", "type"}], "reads": [names], "steps": [{"step", "treatment", "learnt"}], "blocked": [sentences]}

``blocked``: why rows cannot be prepared one by one as the training data was; such a package is not deployed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assay.methods.preparing.steps import Step, made

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "assay.preparation/1"
FILE = "preparation.json"  # of a package
MOST_BYTES = 64 << 20
NUMBERS = ("integer", "number", "boolean")


@dataclass(frozen=True)
class Preparation:
    """columns: raw ones, name → integer, number, boolean, text or any, in the order of a payload without names.

    reads: what the model reads, in its order. steps: name of the step, its treatment, what that learnt. blocked: see above.
    """

    columns: Mapping[str, str]
    reads: tuple[str, ...]
    steps: tuple[tuple[str, str, Mapping[str, Any]], ...] = ()
    blocked: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Return it as canonical JSON."""
        # Whoever only asks a model may not have its library
        from assay.kernel.canonical import canonical, plain

        steps = [{"step": s, "treatment": t, "learnt": dict(told)} for s, t, told in self.steps]
        columns = [{"name": n, "type": t} for n, t in self.columns.items()]
        said = {"schema": SCHEMA, "columns": columns, "reads": list(self.reads), "steps": steps}
        return canonical(plain(said | {"blocked": list(self.blocked)})) + b"\n"

    @classmethod
    def from_bytes(cls, raw: bytes) -> Preparation:
        """Read what to_bytes wrote; ValueError where it is none."""
        if len(raw) > MOST_BYTES:
            raise ValueError(f"the preparation is over {MOST_BYTES >> 20} MB")
        try:
            found = json.loads(raw)
            if found["schema"] != SCHEMA:
                raise ValueError
            steps = tuple((str(s["step"]), str(s["treatment"]), dict(s["learnt"])) for s in found["steps"])
            columns = {str(c["name"]): str(c["type"]) for c in found["columns"]}
            out = cls(columns, tuple(map(str, found["reads"])), steps, tuple(map(str, found["blocked"])))
        except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
            raise ValueError("it is no preparation that can be read") from None
        _ = out.made
        return out

    @cached_property
    def made(self) -> list[Step]:
        """Return the steps, ready to be applied; ValueError where one cannot be read."""
        return [made(treatment, learnt) for _, treatment, learnt in self.steps]

    @cached_property
    def touched(self) -> tuple[str, ...]:
        """Return the raw columns that some step looks at; the others go to the model as they come."""
        wanted, seen = set(self.reads), set[str]()
        for step in reversed(self.made):
            wrote = step.writes(wanted)
            needed = step.needs(wrote)
            seen = (seen - wrote) | needed
            wanted = (wanted - wrote) | needed
        return tuple(n for n in self.columns if n in seen)

    def apply(self, table: pa.Table) -> pa.Table:
        """Return raw rows as the model reads them; columns that nothing touches stay as they are."""
        for step in self.made:
            table = step.apply(table)
        return table


def typed(table: pa.Table, columns: Mapping[str, str]) -> pa.Table:
    """Return a table with the columns named in the types that training had; ValueError where one holds something else.

    Whole numbers that come as 3.0 are whole again, texts of numbers are numbers, and a column that is not there is missing.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    types = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(), "text": pa.string()}
    for name, kind in columns.items():
        place = table.schema.get_field_index(name)
        if place < 0:
            raise ValueError(f"it wants the column {name[:60]!r}")
        wanted, column = types.get(kind), table.column(place)
        if wanted is None or column.type == wanted:
            continue
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        try:
            if kind == "boolean" and not pa.types.is_boolean(column.type):
                column = (
                    pc.not_equal(column.cast(pa.float64()), 0.0)
                    if not _is_text(column)
                    else column.cast(wanted)
                )
            elif kind == "integer" and (pa.types.is_floating(column.type) or _is_text(column)):
                column = _whole(column.cast(pa.float64()))
            else:
                column = column.cast(wanted)
        except pa.ArrowException:
            raise ValueError(f"the column {name[:60]!r} holds no {kind}s") from None
        table = table.set_column(place, name, column)
    return table


def _whole(column: Any) -> Any:
    """Return numbers as whole ones where all of them are; a missing one may be NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pc.if_else(pc.fill_null(pc.is_nan(column), False), None, column)
    try:
        return column.cast(pa.int64())
    except (
        pa.ArrowInvalid
    ):  # 2.5, where training had whole numbers: what a step says of it is then its own affair
        return column


def _is_text(column: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def wanted(steps: Sequence[Step], reads: Sequence[str]) -> set[str]:
    """Return the columns that must be there before the first step for all that is read to be there after the last."""
    found = set(reads)
    for step in reversed(steps):
        found = step.needs(found) if step.writes(found) else found
    return found
