"""The treatments that can be applied to any row by itself: each by what it learnt, with the code that training used.

A step says which columns it writes and which it then needs, so that what a model does not read is neither asked for nor
computed, and is made of plain JSON, so that reading one runs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.repair.mending import Mending

ROWWISE = (
    "full",
    "partial",
    "redact",
    "null",
    "round",
)  # ways of masking that look at one value alone, with no key


class Step(Protocol):
    """A treatment of rows, each by itself."""

    def writes(self, columns: set[str]) -> set[str]:
        """Return which of these columns are made or changed by it."""

    def needs(self, columns: set[str]) -> set[str]:
        """Return the columns that must be there before it for these to be there after it."""

    def apply(self, table: pa.Table) -> pa.Table:
        """Return the rows treated; UsageError where a column holds what it cannot read."""


class Pca:
    """data.pca: columns replaced by components. Columns that the step did not keep are gone in training, and are let be here."""

    def __init__(self, learnt: Mapping[str, Any]) -> None:
        from assay.methods.components import Components

        self.learnt = Components.from_json(learnt)
        self.names = [f"pc{i + 1}" for i in range(len(self.learnt.variance))]

    def writes(self, columns: set[str]) -> set[str]:
        """Return the components among the columns."""
        return columns & set(self.names)

    def needs(self, columns: set[str]) -> set[str]:
        """Return the columns that components are made of."""
        return (columns - set(self.names)) | set(self.learnt.columns)

    def apply(self, table: pa.Table) -> pa.Table:
        """Return the rows with their components; a missing value counts as the mean."""
        import numpy as np

        from assay.methods.outcomes import floats

        rows = floats(table, self.learnt.columns)
        return _put(table, self.names, self.learnt.transform(np.where(np.isfinite(rows), rows, np.nan)))


class Decorrelate:
    """data.decorrelate: numbers less what facets tell of them."""

    def __init__(self, learnt: Mapping[str, Any]) -> None:
        from assay.methods.mitigation.decorrelation import Learnt

        self.learnt = Learnt.read(learnt, "data.decorrelate")

    def writes(self, columns: set[str]) -> set[str]:
        """Return the numbers that are changed."""
        return columns & set(self.learnt.names) if self.learnt.alpha else set()

    def needs(self, columns: set[str]) -> set[str]:
        """Return the columns and the facets."""
        return columns | set(self.learnt.names) | set(self.learnt.facets)

    def apply(self, table: pa.Table) -> pa.Table:
        """Return the rows with their numbers changed."""
        from assay.methods.outcomes import floats

        before, told = floats(table, self.learnt.names), self.learnt.of_facets(table)
        after = self.learnt.straight.removed(told, before, self.learnt.alpha)
        return _put(table, self.learnt.names, after)


class Impact:
    """data.impact: numbers brought to one distribution in every group. Texts, which it changes by lot, are no step of this kind."""

    def __init__(self, learnt: Mapping[str, Any]) -> None:
        from assay.methods.mitigation.repairing import Learnt

        self.learnt = Learnt.read(learnt, "data.impact")

    def writes(self, columns: set[str]) -> set[str]:
        """Return the numbers that are changed."""
        return columns & set(self.learnt.numbers) if self.learnt.level else set()

    def needs(self, columns: set[str]) -> set[str]:
        """Return the columns and the facets."""
        return columns | set(self.learnt.numbers) | set(self.learnt.grouping.facets)

    def apply(self, table: pa.Table) -> pa.Table:
        """Return the rows with their numbers changed."""
        import numpy as np

        from assay.methods.outcomes import floats

        codes = self.learnt.grouping.codes(table)
        before = floats(table, list(self.learnt.numbers))
        numbers = self.learnt.numbers.values()
        after = [n.repaired(before[:, i], codes, self.learnt.level) for i, n in enumerate(numbers)]
        return _put(table, list(self.learnt.numbers), np.column_stack(after))


class Repair:
    """data.repair by the remedy ``derived``: a cell that contradicts its rule is set to what the rule says."""

    def __init__(self, learnt: Mapping[str, Any]) -> None:
        from assay.methods.repair.reading import listed

        self.kinds = tuple(map(str, learnt["kinds"]))
        self.rules = [
            r for r in listed(learnt) if r.kind in self.kinds and r.repair and r.holds and r.violations
        ]
        self._parsed: tuple[tuple[str, ...], Sequence[Mending]] | None = None

    @cached_property
    def _touched(self) -> list[tuple[str, set[str]]]:
        """Return of each rule the column that it sets, and all that it names."""
        from assay.methods.repair.mending import named

        return [(r.repair.set, named([r])) for r in self.rules if r.repair is not None]

    def writes(self, columns: set[str]) -> set[str]:
        """Return the columns that rules set."""
        return columns & {to for to, _ in self._touched}

    def needs(self, columns: set[str]) -> set[str]:
        """Return the columns with all that the rules about them name."""
        for to, all_named in reversed(self._touched):
            if to in columns:
                columns = columns | all_named
        return columns

    def apply(self, table: pa.Table) -> pa.Table:
        """Return the rows with what contradicts a rule set right; a rule of which a column is not there is left out."""
        import pyarrow as pa

        from assay.methods.repair import derived

        mendings = self._mendings(tuple(table.column_names))
        batches = [
            derived.mend(b, mendings, counted=False).batch for b in table.combine_chunks().to_batches()
        ]
        return pa.Table.from_batches(batches, batches[0].schema if batches else table.schema)

    def _mendings(self, columns: tuple[str, ...]) -> Sequence[Mending]:
        """Return the rules that such rows can be held against, parsed; those of the columns asked for last are kept."""
        from assay.methods.repair.mending import read

        if self._parsed is None or self._parsed[0] != columns:
            have = set(columns)
            rules = [r for r, (_, names) in zip(self.rules, self._touched, strict=True) if names <= have]
            self._parsed = (columns, read(rules, self.kinds, columns, "the request"))
        return self._parsed[1]


class Mask:
    """data.mask, of columns whose values are hidden one by one and without a key."""

    def __init__(self, learnt: Mapping[str, Any]) -> None:
        from assay.methods.masking.choice import Choice

        self.choices = [Choice.from_dict(str(n), c) for n, c in learnt["plan"].items()]

    def writes(self, columns: set[str]) -> set[str]:
        """Return the columns that are hidden."""
        return columns & {c.column for c in self.choices}

    def needs(self, columns: set[str]) -> set[str]:
        """Return the same columns."""
        return columns

    def apply(self, table: pa.Table) -> pa.Table:
        """Return the rows with their values hidden."""
        import pyarrow as pa

        from assay.methods.masking.ways import Tools, column_of

        def never(*_: object) -> Any:
            raise UsageError("what needs a key or chance is not applied to single rows")

        tools = Tools(never, never, never, tuple(table.column_names))
        masks = [column_of(c, tools, self.choices) for c in self.choices if c.column in table.column_names]
        out = []
        for batch in table.combine_chunks().to_batches():
            for mask in masks:
                place, hidden = batch.schema.get_field_index(mask.name), mask.hide(batch, 0)
                batch = batch.set_column(place, pa.field(mask.name, hidden.type), hidden)
            out.append(batch)
        return pa.Table.from_batches(out, out[0].schema if out else table.schema)


KINDS: dict[str, Any] = {
    "data.pca": Pca,
    "data.decorrelate": Decorrelate,
    "data.impact": Impact,
    "data.repair": Repair,
    "data.mask": Mask,
}


def made(treatment: str, learnt: Mapping[str, Any]) -> Step:
    """Return the step of a treatment; ValueError where there is none of that name, or what it learnt cannot be read."""
    try:
        found: Step = KINDS[treatment](learnt)
    except (KeyError, TypeError, AttributeError, UsageError) as error:
        raise ValueError(f"what {treatment[:40]} learnt cannot be read: {error}") from None
    return found


def _put(table: pa.Table, names: Sequence[str], values: Any) -> pa.Table:
    """Return a table with columns of n × p floats put in; NaN is missing."""
    import pyarrow as pa

    for at, name in enumerate(names):
        column = pa.array(values[:, at], from_pandas=True)
        place = table.schema.get_field_index(name)
        table = table.append_column(name, column) if place < 0 else table.set_column(place, name, column)
    return table
