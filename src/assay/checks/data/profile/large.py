"""A table too large for its columns to lie in memory: columns counted where they lie, the rest in one pass.

Exact: every figure of a column with at most MOST distinct values, and of any other its counts, extremes and moments.
From a sketch, with its error in the notes: the distinct values, quantiles and frequent values of the others. From
SAMPLED rows, evenly spread: how the columns go together. Duplicate rows are told by a 64-bit hash of each row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assay.kernel.handles import ColumnInfo, Table, Work

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from assay.methods.profile.codes import Encoded
    from assay.methods.profile.sketch import Sketch
    from assay.methods.profile.whole import Profile

MOST = 500_000  # distinct values of a column that are held
SAMPLED = 1_000_000  # rows from which it is told how columns go together
BATCH = 1 << 18
HASHED = 1 << 27  # rows whose hashes are held at once: 1 GB


def profile(table: Table, work: Work, most: int) -> Profile:
    """Return a table's profile in bounded memory, in time linear in its rows."""
    from assay.methods.profile.column import describe

    rows = table.rows
    columns: dict[str, dict[str, Any] | None] = {}
    open_: dict[str, ColumnInfo] = {}
    for at, column in enumerate(table.columns):
        work.progress(at, len(table.columns), f"counting {column.name}")
        counted = _counted(table, column)
        if counted is None:
            open_[column.name] = column
        columns[column.name] = None if counted is None else describe(column.name, counted, column.type)
    sketches, duplicates = _streamed(table, work, tuple(open_))
    for name, sketch in sketches.items():
        columns[name] = _described(open_[name], sketch)
    plain = {n: c for n, c in columns.items() if c is not None}
    found = _together(table, work, most, plain)
    return replace(
        found,
        rows=rows,
        columns=plain,
        duplicate_rows=duplicates,
        first_duplicates=(),
        pairs_of=min(rows, SAMPLED),
        notes=tuple(_notes(rows, tuple(open_))),
    )


def _notes(rows: int, open_: tuple[str, ...]) -> Iterator[str]:
    from assay.methods.profile.sketch import DISTINCT_ERROR, ERROR, KEPT

    if open_:
        yield (
            f"{', '.join(open_[:10])}{', …' if len(open_) > 10 else ''}: more than {MOST:,} distinct values, so that these "
            f"are estimates: distinct (HyperLogLog, standard error {DISTINCT_ERROR:.1%}), quantiles and histogram (ranks "
            f"within {ERROR:.2%} with 99 % confidence), frequent values (counts short by at most {rows // KEPT:,})"
        )
    yield f"how columns go together is told from {min(rows, SAMPLED):,} rows, evenly spread"
    yield "duplicate rows are told by a 64-bit hash of each row"


def _counted(table: Table, column: ColumnInfo) -> Encoded | None:
    import numpy as np

    from assay.methods.profile.codes import counted

    found = table.counts([column.name], MOST)
    if found is None:
        return None
    return counted(found.column(0), np.asarray(found.column(1).to_numpy(), np.int64))


def _streamed(table: Table, work: Work, open_: tuple[str, ...]) -> tuple[dict[str, Sketch], int | None]:
    """Read the table once: a sketch of each open column, and how many rows repeat an earlier one."""
    import numpy as np

    from assay.methods.profile.sketch import Sketch
    from assay.methods.rowhash import column_hashes, row_hashes

    sketches = {name: Sketch(work.rng(f"sketch {name}")) for name in open_}
    parts = -(-table.rows // HASHED)
    hashes = np.empty(min(table.rows, HASHED + HASHED // 4), np.uint64)
    duplicates = 0
    for part in range(parts):
        held = read = 0
        for batch in table.batches(None, BATCH):
            work.progress(read + part * table.rows, table.rows * parts, "rows")
            read += batch.num_rows
            found = row_hashes(batch)
            mine = found if parts == 1 else found[found % np.uint64(parts) == part]
            hashes = _room(hashes, held + len(mine))
            hashes[held : held + len(mine)] = mine
            held += len(mine)
            for name, sketch in sketches.items() if part == 0 else ():
                column = batch.column(name)
                sketch.add(column, column_hashes(column))
        duplicates += _repeated(hashes[:held])
    return sketches, duplicates


def _room(hashes: npt.NDArray[np.uint64], wanted: int) -> npt.NDArray[np.uint64]:
    if wanted <= len(hashes):
        return hashes
    import numpy as np

    return np.concatenate([hashes, np.empty(wanted, np.uint64)])


def _repeated(hashes: npt.NDArray[np.uint64]) -> int:
    hashes.sort()
    return int((hashes[1:] == hashes[:-1]).sum())


def _described(column: ColumnInfo, sketch: Sketch) -> dict[str, Any]:
    """Return what is said of a column from its sketch: of its sample, with all that is exact put in its place."""
    from assay.methods.profile.column import describe
    from assay.methods.profile.words import TOP, short

    out = describe(column.name, sketch.sample(), column.type)
    present = sketch.rows - sketch.missing
    distinct = min(present, sketch.distinct.estimate())
    scale = present / out["count"] if out["count"] else 0.0
    for key in ("near_missing", "nul_characters", "outliers", "robust_outliers"):
        if key in out:
            out[key] = round(out[key] * scale)
    for bin_ in out.get("histogram", ()):
        bin_["count"] = round(bin_["count"] * scale)
    out |= {
        "count": present,
        "missing": sketch.missing,
        "missing_fraction": sketch.missing / sketch.rows,
        "distinct": distinct,
        "distinct_error": "estimate",
        "unique": False,
        "top": [{"value": short(v), "count": c, "fraction": c / sketch.rows} for v, c in sketch.top(TOP)],
    }
    figures = sketch.figures()
    if out["type"] in ("integer", "fractional"):
        out |= figures
        if "min" in figures:
            out["range"] = figures["max"] - figures["min"]
    elif "min" in figures:
        out |= {"min": sketch.show(figures["min"]), "max": sketch.show(figures["max"])}
    if "length" in out:
        out["length"] |= sketch.lengths()
    for key in ("smallest", "largest"):
        out.pop(key, None)
    if out["kind"] in ("id", "constant", "categorical", "boolean"):  # a sample alone does not tell a key
        out["kind"] = "numeric" if out["type"] in ("integer", "fractional") else "text"
    return out


def _together(table: Table, work: Work, most: int, about: Mapping[str, dict[str, Any]]) -> Profile:
    """Return how the columns go together, from rows evenly spread over the table."""
    import pyarrow as pa

    from assay.engines.sampling import evenly, sampled
    from assay.methods.profile.codes import encode
    from assay.methods.profile.whole import Gathering

    chosen = evenly(table.rows, SAMPLED)
    gathering = Gathering(len(chosen), most, described=False)
    for column in sampled(table, work, table.columns, chosen):
        gathering.take(column.name, column.type, encode(pa.chunked_array([column.array])), about[column.name])
    return gathering.finish()
