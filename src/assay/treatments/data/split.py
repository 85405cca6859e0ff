"""Split: a training and a test part, with exact shares, and no group or moment on both sides.

Without options rows are drawn by lot. `--stratify` keeps each value's share exact, `--group` keeps rows of one person or
thing together, `--time` puts the latest rows into the test part. The same seed gives the same parts.

Example: assay treat data.split bookings.csv.gz --test 0.25 \\
  --stratify is_canceled -o parts
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Interval
from typing_extensions import Doc

from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.kernel.handles import Column, Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_VALUES = 50


def treat(
    table: Table,
    *,
    test: Annotated[float, Interval(gt=0, lt=1), Doc("the share of rows in the test part")] = 0.25,
    stratify: Annotated[Column | None, Doc("a column whose shares are the same in both parts")] = None,
    group: Annotated[Column | None, Doc("a column whose values are never on both sides")] = None,
    time: Annotated[Column | None, Doc("a column by which the latest rows are the test part")] = None,
    seed: Annotated[int | None, Ge(0), Doc("the seed of the lot; the run's own by default")] = None,
    work: Work,
) -> Made:
    """Return the parts ``train`` and ``test``, each in the table's own order."""
    if table.rows < 2:
        raise UsageError(f"{table.rows} rows cannot be split", where=table.asset.name)
    if time is not None and (stratify is not None or group is not None):
        raise UsageError("time leaves no choice, so it goes with neither stratify nor group")
    mask, notes = _mask(table, work, test, stratify, group, time, seed)
    if not mask.any() or mask.all():
        raise UsageError(
            f"a test share of {test} of {table.rows} rows leaves one part empty",
            remedy="choose another share",
        )
    parts = {"train": _part(table, work, "train", ~mask), "test": _part(table, work, "test", mask)}
    return Made(parts, _report(table, work, mask, stratify, notes))


def _mask(
    table: Table,
    work: Work,
    test: float,
    stratify: Column | None,
    group: Column | None,
    time: Column | None,
    seed: int | None,
) -> tuple[np.ndarray, list[Finding]]:
    import numpy as np

    from assay.methods import splitting
    from assay.methods.integrity.verify import codes

    rng = work.rng("split") if seed is None else np.random.Generator(np.random.PCG64(seed))
    notes: list[Finding] = []
    if time is not None:
        mask, unknown = splitting.latest(_times(table, time), test)
        if unknown:
            said = f"{unknown:,} rows have no {time} and stay in the training part."
            notes.append(
                Finding("data.split.no_time", Severity.MEDIUM, said, {"column": time}, count=unknown)
            )
        return mask, notes
    strata = codes(table.arrow([stratify]), [stratify]) if stratify is not None else None
    if group is not None:
        mask = splitting.grouped(codes(table.arrow([group]), [group]), test, rng, strata)
    elif strata is not None:
        mask = splitting.stratified(strata, test, rng)
        values, counts = np.unique(strata, return_counts=True)
        if len(values) > max(MOST_VALUES, 0.2 * len(strata)):
            raise UsageError(
                f"{stratify} has {len(values):,} values, too many to keep shares of", where="stratify"
            )
        lone = int((counts == 1).sum())
        if lone:
            said = f"{lone} values of {stratify} are in one row each, so they are in one part only."
            notes.append(
                Finding("data.split.lone_value", Severity.LOW, said, {"column": stratify}, count=lone)
            )
    else:
        mask = splitting.stratified(np.zeros(table.rows, np.int64), test, rng)
    return mask, notes


def _times(table: Table, column: Column) -> np.ndarray:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from assay.methods.integrity.column import Sampled

    kind = next(c.type for c in table.columns if c.name == column)
    array = table.arrow([column]).column(column).combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    numbers = Sampled(column, kind, array).numbers
    if numbers is not None and kind != "boolean":
        return numbers
    if kind == "time":
        raise UsageError(f"{column} is a time of day, which does not order rows", where="time")
    if kind == "text":  # ISO dates order as text does; anything else would order by its first digits
        iso = pc.match_substring_regex(array, r"^\d{4}-\d{2}(-\d{2}([T ].*)?)?$")
        if pc.all(pc.fill_null(iso, True)).as_py():
            encoded = array.dictionary_encode()
            rank = _ranks([str(v) for v in encoded.dictionary.to_pylist()], column)
            places = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            if not len(rank):
                raise UsageError(
                    f"{column} is empty in every row, and orders none of them",
                    where="time",
                    remedy="give a column that orders the rows",
                )
            return np.where(places >= 0, rank[places], np.nan)
    raise UsageError(
        f"{column} is neither a date nor a number", where="time", remedy="give a column that orders the rows"
    )


def _ranks(texts: Sequence[str], column: str) -> np.ndarray:
    """Return where each of several ISO dates lies in time: by their moments, whatever their zones; months by their text."""
    import datetime as dt

    import numpy as np

    try:
        moments = [dt.datetime.fromisoformat(t) for t in texts]
    except ValueError:
        return np.argsort(np.argsort(np.array(texts))).astype(float)
    zoned = sum(m.tzinfo is not None for m in moments)
    if 0 < zoned < len(moments):
        raise UsageError(
            f"{column} names a zone in {zoned:,} of {len(moments):,} times, and cannot order the others among them",
            where="time",
            remedy="write all of them in UTC",
        )
    known = moments if zoned else [m.replace(tzinfo=dt.UTC) for m in moments]
    return np.array([m.timestamp() for m in known])


def _part(table: Table, work: Work, name: str, keep: np.ndarray) -> Asset:
    from assay.engines.rewrite import rewrite

    def change(batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        import pyarrow as pa

        return batch.filter(pa.array(keep[first : first + batch.num_rows]))

    return rewrite(table, work, name, change)


def _report(
    table: Table, work: Work, mask: np.ndarray, stratify: Column | None, notes: list[Finding]
) -> Report:
    both = _rows_in_both(table, mask)
    metrics = [
        Metric("rows", int((~mask).sum()), of={"part": "train"}, unit="rows"),
        Metric("rows", int(mask.sum()), of={"part": "test"}, unit="rows"),
        Metric("rows_in_both", both, unit="rows"),
    ]
    findings = list(notes)
    if both:
        findings.append(
            Finding(
                "data.split.rows_in_both",
                Severity.LOW,
                f"{both:,} rows of the test part are exactly like a row of the training part.",
                {},
                "remove duplicate rows first, or split by group",
                count=both,
            )
        )
    charts: list[Chart] = []
    if stratify is not None:
        rates = _rates(table, stratify, mask)
        metrics += [
            Metric.number("share", share, of={"part": part, "column": stratify, "value": value})
            for part, value, share in rates
        ]
        rows = tuple(
            {"part": part, "value": str(value), "share": share} for part, value, share in rates[:100]
        )
        alt = f"The shares of {stratify} in the training and the test part."
        charts.append(
            Chart(f"{stratify} in each part", "grouped_bar", rows, "value", "share", series="part", alt=alt)
        )
    return Report.make(
        coverage=Coverage(table.rows, table.rows), metrics=metrics, findings=findings, charts=charts
    )


def _rates(table: Table, column: Column, mask: np.ndarray) -> list[tuple[str, Any, float]]:
    import numpy as np

    from assay.methods.integrity.verify import encoded
    from assay.methods.listed import listed

    held = encoded(table.arrow([column]).column(column))
    codes = held.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    values = listed(held.dictionary)
    out = []
    for place in sorted(range(-1, len(values)), key=lambda p: "" if p < 0 else str(values[p])):
        if place < 0 and not (codes < 0).any():
            continue
        value = None if place < 0 else values[place]
        value = value if isinstance(value, (int, float, str, bool, type(None))) else str(value)
        for part, chosen in (("train", ~mask), ("test", mask)):
            out.append((part, value, round(float(np.mean(codes[chosen] == place)), 6)))
    return out


def _rows_in_both(table: Table, mask: np.ndarray) -> int:
    """Return how many test rows have an exact twin in training, by a 64-bit hash of the whole row."""
    import numpy as np

    from assay.methods.rowhash import row_hashes

    hashes = np.concatenate([row_hashes(batch) for batch in table.batches()])
    return int(np.isin(hashes[mask], hashes[~mask]).sum())
