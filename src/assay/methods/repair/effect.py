"""What a repair does to an analysis: rows, the target's rate, the groups' shares, and a quick model's scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.methods.facets import matches, plain, present
from assay.methods.repair.marking import MARKER, marked
from assay.methods.values import spelled

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

MOST_GROUPS = 20  # of a facet; the smaller ones are told together
OTHERS = "(others)"
MISSING = "(missing)"


@dataclass
class Effect:
    """Counts over the rows that are kept. changed: rows that were touched; left: rows that still break a rule.

    known, positive: rows with a label, and with the good one. groups: facet → value → rows.
    """

    kept: int = 0
    changed: int = 0
    left: int = 0
    known: int = 0
    positive: int = 0
    groups: dict[str, dict[str, int]] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float | None:
        """Return the share of the good label among the rows that have one."""
        return self.positive / self.known if self.known else None

    def shares(self, facet: str) -> dict[str, float]:
        """Return each group's share of the rows that are kept, the largest first, at most MOST_GROUPS of them."""
        held = sorted(self.groups.get(facet, {}).items(), key=lambda g: (-g[1], g[0]))
        out = {name: n / self.kept for name, n in held[:MOST_GROUPS]} if self.kept else {}
        rest = sum(n for _, n in held[MOST_GROUPS:])
        return out | ({OTHERS: rest / self.kept} if rest and self.kept else {})


class Weighing:
    """Adds up one version of a table, batch by batch, and keeps the sampled rows of it.

    sample: row numbers (from 0, ascending) whose rows a quick model is made of; columns: what it sees of them.
    """

    def __init__(
        self,
        label: str,
        positive: Sequence[str],
        facets: Sequence[str],
        sample: NDArray[np.int64],
        columns: Sequence[str],
        marker: str = MARKER,
    ) -> None:
        self.label, self.positive, self.facets = label, tuple(positive), tuple(facets)
        self.sample, self.columns, self.marker = sample, list(columns), marker
        self.effect = Effect(groups={f: {} for f in facets})
        self._parts: list[Any] = []
        self._rows: list[Any] = []

    def add(self, batch: pa.RecordBatch, first: int, touched: NDArray[np.bool_] | None = None) -> None:
        """Count a batch that begins at row ``first`` of the table."""
        import pyarrow as pa

        keep = ~marked(batch, self.marker)
        self.effect.kept += int(keep.sum())
        if touched is not None:
            self.effect.changed += int(touched.sum())
        table = pa.Table.from_batches([batch])
        if self.label:
            truth = plain(table.column(self.label), self.label)
            known = present(truth) & keep
            self.effect.known += int(known.sum())
            self.effect.positive += int((matches(truth, self.positive) & known).sum())
        for facet in self.facets:
            held = self.effect.groups[facet]
            column = plain(table.column(facet), facet).filter(pa.array(keep))
            for pair in column.combine_chunks().value_counts():
                value = pair["values"].as_py()
                name = MISSING if spelled(value) == "" else str(value)
                held[name] = held.get(name, 0) + int(pair["counts"].as_py())
        low, high = np.searchsorted(self.sample, [first, first + batch.num_rows])
        if high > low:
            here = self.sample[low:high]
            here = here[keep[here - first]]
            self._parts.append(table.select(self.columns).take(pa.array(here - first)))
            self._rows.append(here)

    def sampled(self) -> tuple[pa.Table | None, NDArray[np.int64]]:
        """Return the sampled rows that are kept, and their numbers."""
        import pyarrow as pa

        if not self._parts:
            return None, np.empty(0, np.int64)
        return pa.concat_tables(self._parts, promote_options="permissive"), np.concatenate(self._rows)
