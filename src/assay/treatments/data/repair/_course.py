"""One pass over a table: the remedy that was chosen, and beside it what the others would do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.kernel.handles import Table, Work
from assay.kernel.report import Report
from assay.methods.repair import derived, marking, reading, source
from assay.methods.repair.effect import Effect, Weighing
from assay.methods.repair.mending import NONE, REMEDIES, Mended, Mending, Remedy, read

if TYPE_CHECKING:
    import pyarrow as pa

BEFORE = "before"
MOST_CELLS = 20_000_000  # changed cells that are held at once


class Course:
    """Takes batches of a table in order, and remembers what each remedy changed."""

    def __init__(
        self,
        table: Table,
        using: Report | None,
        kinds: Collection[str],
        remedy: Remedy,
        marker: str,
        label: str,
        positive: Sequence[str],
        facets: Sequence[str],
        without: Sequence[str],
        weigh: bool,
        work: Work,
    ) -> None:
        import numpy as np

        rules = reading.listed(using.of("data.integrity").data) if using else []
        names = [c.name for c in table.columns]
        where = table.asset.name
        self.table, self.remedy, self.marker, self.work = table, remedy, marker, work
        self.label, self.without = label, tuple(without)
        self.mendings = {r: read(rules, kinds, names, where, repairable=r != "soft-delete") for r in REMEDIES}
        self.weighed = tuple(r for r in REMEDIES if r == remedy or weigh or label or facets)
        self.known = self._known()
        self.positive = tuple(positive) or self._positive()
        self.facets = tuple(facets)
        self.tallies: dict[Remedy, list[list[int]]] = {}  # broken, changed, left of each rule
        sample, columns = np.empty(0, np.int64), []
        if label:
            from assay.engines.sampling import evenly
            from assay.methods.repair.quickmodel import ROWS

            sample = evenly(table.rows, ROWS) if table.rows else sample
            columns = [c.name for c in table.columns if c.name not in (marker, marking.reason_of(marker))]
        self.weighings = {
            v: Weighing(label, self.positive, facets, sample, columns, marker)
            for v in (BEFORE, *self.weighed)
        }
        self.cells: list[Any] = []
        self._held = 0

    @property
    def rules(self) -> list[Mending]:
        """Return the rules that the chosen remedy is applied to."""
        return self.mendings[self.remedy]

    def _known(self) -> dict[str, source.Known]:
        """Look the sources of the rules over, where the second remedy is weighed."""
        wanted = {
            m.to.columns[0] for m in self.mendings["source"] if m.to is not None and len(m.to.columns) == 1
        }
        if not wanted or "source" not in self.weighed:
            return {}
        columns = [c.name for c in self.table.columns if c.name in wanted]
        noting = source.Noting(columns)
        for batch in self.table.batches(columns):
            noting.add(batch)
        return noting.known()

    def _positive(self) -> tuple[str, ...]:
        """Return the label's value that is counted: of two the later in order; UsageError where that is not told."""
        if not self.label:
            return ()
        from assay.methods.facets import plain
        from assay.methods.outcomes import distinct

        found = self.table.counts([self.label], 1000)
        values = distinct(plain(found.column("c0"), self.label)) if found is not None else []
        if len(values) != 2:
            raise UsageError(
                f"{self.label} has {len(values) or 'many'} values, and which of them is counted?",
                remedy="say --positive VALUE",
            )
        return (str(values[1]),)

    def step(self, batch: pa.RecordBatch, first: int, leave_out: bool = False) -> pa.RecordBatch:
        """Apply the remedies to a batch that begins at row ``first``, and return it as the chosen one leaves it."""
        self.weighings[BEFORE].add(batch, first)
        chosen: Mended | None = None
        for remedy in self.weighed:
            mended = _MEND[remedy](self, batch)
            self.weighings[remedy].add(mended.batch, first, mended.touched)
            sums = self.tallies.setdefault(remedy, [[0, 0, 0] for _ in self.mendings[remedy]])
            for tally, row in zip(
                sums, zip(mended.broken, mended.changed, mended.left, strict=True), strict=True
            ):
                for place, n in enumerate(row):
                    tally[place] += n
            if remedy == self.remedy:
                chosen = mended
        assert chosen is not None
        self._remember(batch, chosen, first)
        return marking.kept(chosen.batch, self.marker) if leave_out else chosen.batch

    def _remember(self, before: pa.RecordBatch, mended: Mended, first: int) -> None:
        """Keep the cells that differ, as text."""
        import numpy as np
        import pyarrow as pa

        titles = [m.title for m in self.rules]
        if self.remedy == "soft-delete":
            before = marking.with_columns(before, self.marker)
        for column, by in mended.by.items():
            rows = np.flatnonzero(by != NONE)
            if not len(rows):
                continue
            old, new = (written(b.column(column).take(pa.array(rows))) for b in (before, mended.batch))
            differs = np.array([a != b for a, b in zip(old.to_pylist(), new.to_pylist(), strict=True)], bool)
            rows, keep = rows[differs], pa.array(differs)
            self._held += len(rows)
            if self._held > MOST_CELLS:
                raise UsageError(
                    f"more than {MOST_CELLS:,} cells would be changed", remedy="apply fewer rules at once"
                )
            said = pa.array([titles[p] for p in by[rows]], pa.string())
            self.cells.append((rows + first + 1, column, old.filter(keep), new.filter(keep), said))

    def changes(self) -> pa.Table:
        """Return the changed cells in the order of their rows: row (from 1), column, old, new, rule."""
        import numpy as np
        import pyarrow as pa

        columns = ("row", "column", "old", "new", "rule")
        kinds = [pa.int64(), *[pa.string()] * 4]
        parts = [
            [
                pa.array(rows, pa.int64()),
                pa.array(np.full(len(rows), column, object), pa.string()),
                old,
                new,
                said,
            ]
            for rows, column, old, new, said in self.cells
        ]
        whole = [
            pa.concat_arrays([p[i] for p in parts]) if parts else pa.array([], k) for i, k in enumerate(kinds)
        ]
        return pa.table(whole, names=list(columns)).sort_by([("row", "ascending")])

    def effects(self) -> dict[str, Effect]:
        """Return what was added up, with the quick model's scores where there is a label."""
        out = {name: w.effect for name, w in self.weighings.items()}
        for remedy in self.weighed:
            out[remedy].left = sum(t[2] for t in self.tallies.get(remedy, ()))
        out[BEFORE].left = sum(t[0] for t in self.tallies.get(self.remedy, ()))
        self.unseen: dict[str, str] = {}
        if self.label:
            self._score(out)
        return out

    def _score(self, out: dict[str, Effect]) -> None:
        from assay.methods.repair import quickmodel

        sample, rows = self.weighings[BEFORE].sampled()
        if sample is None or sample.num_rows < quickmodel.LEAST:
            return
        marks = [self.marker, marking.reason_of(self.marker)]
        seen = quickmodel.features(sample, self.label, self.positive, [*self.without, *marks])
        self.unseen = seen.left
        held_out = self.work.rng("repair.held_out").permutation(rows)[: int(len(rows) * quickmodel.TEST)]
        for name, weighing in self.weighings.items():
            self.work.progress(0, 0, f"quick model, {name}")
            part, numbers = weighing.sampled()
            out[name].scores = quickmodel.scores(
                part, numbers, held_out, self.label, self.positive, seen, self.work.seed
            )


def written(array: Any) -> Any:
    """Return values as text that reads back as the same: numbers to the last digit, truth values as true and false."""
    import pyarrow as pa

    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    return array.cast(pa.string())


_MEND: dict[Remedy, Callable[[Course, Any], Mended]] = {
    "derived": lambda c, batch: derived.mend(batch, c.mendings["derived"]),
    "source": lambda c, batch: source.mend(batch, c.mendings["source"], c.known),
    "soft-delete": lambda c, batch: marking.mend(batch, c.mendings["soft-delete"], c.marker),
}
