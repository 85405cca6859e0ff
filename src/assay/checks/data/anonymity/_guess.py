"""Quasi-identifiers that nobody named: the sets of columns that single rows out, and those that others are likely to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assay.checks.data.anonymity._seen import MOST, TOLD, Seen
from assay.kernel.handles import Column, Table, Work
from assay.kernel.report import Chart, Skipped
from assay.kernel.severity import Severity
from assay.methods.inwords import share

if TYPE_CHECKING:
    from assay.methods.anonymity.quasi import Chosen

SAMPLE = 50_000  # rows in which sets of columns are looked for
EFFORT = 30_000_000  # cells looked at
ALONE = 0.05  # the share of rows alone in it from which a set singles people out


def guessed(seen: Seen, table: Table, sensitive: Sequence[str], depth: int, work: Work) -> tuple[Column, ...]:
    """Look for sets of columns that single rows out, and choose what others are likely to know."""
    from assay.engines.sampling import evenly, sampled
    from assay.methods.anonymity import quasi as methods
    from assay.methods.anonymity.classes import codes

    infos = [c for c in table.columns if c.name not in sensitive and c.type not in ("binary", "other")]
    chosen = evenly(table.rows, SAMPLE)
    names, coded = [], []
    for column in sampled(table, work, infos, chosen):
        raw, values = codes(column.array)
        alone = float((_counts(raw) == 1).sum()) / max(1, len(raw))
        if alone >= methods.IDENTIFIES and len(raw) > 1:
            seen.identifiers.append(column.name)
        elif len(values) > 1:
            names.append(column.name)
            coded.append(raw)
    for name in seen.identifiers:
        said = f"{name} is different in nearly every row: it names people by itself."
        seen.tell("identifier", Severity.MEDIUM, said, "drop it, or mask it (data.mask)", column=name)
    found, whole = methods.search(
        names, coded, ALONE, depth, EFFORT, lambda done, of: work.progress(done, of, "sets of columns")
    )
    seen.sets = _exact(found[:TOLD], table)
    if not whole:
        seen.skipped.append(Skipped("some sets of columns", "the bound on what is tried at once"))
    _tell_sets(seen, table.rows)
    known = [n for n in names if methods.known_to_others(n)]
    picked = tuple(known) or (seen.sets[0].columns if seen.sets else ())
    how = "their names" if known else "they single most rows out"
    if picked:
        said = f"Quasi-identifiers were guessed, because of {how}: {', '.join(picked)}."
        if not known:
            said = f"Quasi-identifiers were guessed, because {how}: {', '.join(picked)}."
        seen.tell("guessed", Severity.INFO, said, "name what others may know yourself: --quasi COLUMN")
    elif names:
        seen.tell(
            "no_set",
            Severity.INFO,
            f"No set of {depth} columns singles rows out.",
            "name some: --quasi COLUMN",
        )
    return tuple(Column(n) for n in picked)


def _counts(raw: Any) -> Any:
    import numpy as np

    return np.bincount(raw)


def _exact(found: list[Chosen], table: Table) -> list[Chosen]:
    """Count the sets in the whole table, where they were found in a sample of it."""
    from assay.methods.anonymity.quasi import of_sizes

    if table.rows <= SAMPLE:
        return found
    out = []
    for one in found[:5]:
        counts = table.counts(list(one.columns), MOST)
        if counts is not None:
            out.append(of_sizes(one.columns, counts.column("n").to_numpy()))
    return [s for s in out if s.unique > 0]


def _tell_sets(seen: Seen, rows: int) -> None:
    for one in seen.sets[:5]:
        together = " and ".join(
            [", ".join(one.columns[:-1]), one.columns[-1]] if len(one.columns) > 1 else one.columns
        )
        severity = Severity.MEDIUM if one.unique >= 0.2 else Severity.LOW
        said = (
            f"{together} together single out {share(one.unique)} of the rows."
            if len(one.columns) > 1
            else f"{together} alone singles out {share(one.unique)} of the rows."
        )
        seen.tell("singles_out", severity, said, "leave one out, or make it coarser (data.kanonymity)",
                  count=round(one.unique * rows), pair=" + ".join(one.columns))  # fmt: skip
    if seen.sets:
        rows_ = tuple({"columns": ", ".join(s.columns), "unique": s.unique} for s in seen.sets[:TOLD])
        alt = f"Most of all {', '.join(seen.sets[0].columns)}: {share(seen.sets[0].unique)} of the rows are alone."
        seen.charts.append(Chart("Columns that single rows out", "bar", rows_, "columns", "unique", alt=alt))
