"""The risk of being found, here and in the population."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.checks.data.anonymity._seen import MOST, Seen
from assay.kernel.errors import Missing, UsageError
from assay.kernel.handles import Table
from assay.kernel.report import Skipped
from assay.kernel.severity import Severity
from assay.methods.inwords import share


def risks(
    seen: Seen, table: Table, quasi: Sequence[str], population: Table | None, population_size: int | None
) -> None:
    from assay.methods.anonymity import risk

    here = risk.prosecutor(seen.sizes, seen.risk)
    _tell_risks(seen, "prosecutor", here)
    if population is not None:
        there = _in_population(table, population, quasi)
        if there is None:
            seen.skipped.append(Skipped("the population", f"there are over {MOST:,} combinations of values"))
            return
        sizes, people = there
        _tell_risks(seen, "journalist", risk.journalist(sizes, people, seen.risk))
        alone = int(sizes[(sizes == 1) & (people <= 1)].sum())
        seen.add("population_uniqueness", alone / table.rows, model="counted")
        unknown = int(sizes[people < sizes].sum())
        if unknown:
            seen.tell("not_in_population", Severity.LOW, f"{unknown:,} rows are not in the population given.",
                      "make sure that the rows are a sample of it", unknown)  # fmt: skip
    elif population_size is not None:
        if population_size < table.rows:
            raise UsageError(f"a population of {population_size:,} is smaller than the {table.rows:,} rows")
        found = risk.uniqueness(seen.sizes, population_size)
        seen.add("population_uniqueness", found.share, model=found.model)
        alone = round(found.share * table.rows)
        if found.share > 0.01:
            seen.tell("population_unique", Severity.MEDIUM,
                      f"About {alone:,} rows ({share(found.share)}) are estimated to be alone in the whole population "
                      f"({found.model}).", "make the columns coarser (data.kanonymity)", alone)  # fmt: skip


def _tell_risks(seen: Seen, who: str, found: Any) -> None:
    seen.add("risk_highest", found.highest, intruder=who)
    seen.add("risk_average", found.average, intruder=who)
    seen.add("rows_at_risk", found.above, intruder=who, above=seen.risk)
    if who == "prosecutor":
        seen.add("risk_average", found.average, intruder="marketer")
    if found.above > 0 and who == "journalist":
        said = (
            f"{share(found.above)} of the rows are found in the population with a chance above {seen.risk:g}."
        )
        seen.tell("risk", Severity.HIGH if found.highest == 1 else Severity.MEDIUM, said,
                  "make the columns coarser (data.kanonymity)")  # fmt: skip


def _in_population(table: Table, population: Table, quasi: Sequence[str]) -> tuple[Any, Any] | None:
    """Return the classes' sizes here and in the population."""
    import numpy as np
    import pyarrow as pa

    from assay.methods.anonymity.classes import classes, codes

    lost = [n for n in quasi if n not in {c.name for c in population.columns}]
    if lost:
        raise Missing(f"the population has no column {lost[0]!r}", where=population.asset.name)
    here, there = table.counts(list(quasi), MOST), population.counts(list(quasi), MOST)
    if here is None or there is None:
        return None
    columns = []
    for place, name in enumerate(quasi):
        a, b = here.column(place), there.column(place)
        try:
            columns.append(codes(pa.chunked_array([*a.chunks, *b.cast(a.type).chunks], a.type))[0])
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise UsageError(
                f"{name} is of another type in the population", where=population.asset.name
            ) from None
    sample, people = here.column("n").to_numpy(), there.column("n").to_numpy()
    both = classes(columns, np.concatenate([sample, people]))
    inside = np.bincount(both.of[: len(sample)], weights=sample, minlength=len(both.sizes)).astype(np.int64)
    known = np.bincount(both.of[len(sample) :], weights=people, minlength=len(both.sizes)).astype(np.int64)
    kept = np.flatnonzero(inside > 0)
    kept = kept[np.lexsort((known[kept], inside[kept]))]
    return inside[kept], known[kept]
