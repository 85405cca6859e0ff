"""Time the search for weak subgroups (methods/slices) beside a plain loop over the same subgroups with pandas.

Adult, many times over or cut to size, with a loss of each row. The loop does in words what the search ranks: for each
column's pieces, and each pair of columns' crossings, rows, mean and Welch's t against the rest, on the same half of the
rows. The processor seconds of searching alone, both in one process, medians of runs that take turns.

    python benchmarks/slices.py
"""

from __future__ import annotations

import argparse
import itertools
import platform
import statistics
import time

import duckdb
import numpy as np
import pandas as pd

from assay.methods.slices.cut import cut
from assay.methods.slices.search import weakest
from peers import ADULT


def plain(frame: pd.DataFrame, loss: np.ndarray) -> list[tuple[float, tuple[str, ...]]]:
    """Return every subgroup with its t, the greatest first."""
    half = np.random.default_rng(0).permutation(len(frame))[: len(frame) // 2]
    frame = frame.iloc[half].assign(loss=loss[half])
    n, total, squares = len(frame), frame.loss.sum(), (frame.loss**2).sum()
    out = []
    names = [c for c in frame.columns if c != "loss"]
    for columns in itertools.chain(((a,) for a in names), itertools.combinations(names, 2)):
        for piece, part in frame.groupby(list(columns), observed=True).loss:
            k = len(part)
            if k < 30 or n - k < 30:
                continue
            mean, rest = part.mean(), (total - part.sum()) / (n - k)
            spread = part.var() / k + ((squares - (part**2).sum()) / (n - k) - rest**2) / (n - k - 1)
            out.append(((mean - rest) / np.sqrt(spread), tuple(map(str, (*columns, piece)))))
    return sorted(out, reverse=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    given = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, pandas {pd.__version__}")
    for rows in given.rows:
        times = -(-rows // 48_842)
        query = f"SELECT a.* EXCLUDE (income) FROM read_csv('{ADULT}') a, range({times}) LIMIT {rows}"
        table = duckdb.sql(query).to_arrow_table()
        loss = (np.random.default_rng(1).random(rows) < 0.2).astype(float)
        loss[: rows // 50] = 1
        cuts = [c for name in table.column_names if (c := cut(name, table.column(name))) is not None]
        frame = pd.DataFrame({c.name: c.codes for c in cuts})
        frame = frame.where(frame >= 0).astype("category")  # what is in no piece is in no group
        took: dict[str, list[float]] = {"assay": [], "pandas": []}
        for _ in range(given.runs):
            start = time.process_time()
            weakest(cuts, loss, np.random.default_rng(0))
            took["assay"].append(time.process_time() - start)
            start = time.process_time()
            plain(frame, loss)
            took["pandas"].append(time.process_time() - start)
        ours, theirs = (statistics.median(took[n]) for n in ("assay", "pandas"))
        print(
            f"  {rows:9,} rows, {len(cuts)} columns: {ours:.2f} s, the loop {theirs:.2f} s, {theirs / ours:.1f} x"
        )


if __name__ == "__main__":
    main()
