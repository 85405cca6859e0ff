"""Time data.profile beside ydata-profiling, whylogs, polars and DuckDB, on the same file, one after another.

Equal content: ydata-profiling's full report, and SQL for DuckDB that computes the figures of data.profile (moments, exact
quantiles, distinct and commonest values, lengths, duplicate rows, Pearson, Spearman and the contingency tables). The
others compute less: ydata-profiling's minimal report, whylogs' sketches, polars' describe, DuckDB's SUMMARIZE.

Each peer runs in a virtual environment of its own under benchmarks/.envs, made with pip on first use. Each figure is
of a whole process, start and imports included: the median of the runs, and the most memory it held.

    python benchmarks/profile.py              Adult ten times over, 488,420 rows
    python benchmarks/profile.py --times 20   twenty times over
    python benchmarks/profile.py --large      a hundred times over as well, 4,884,200 rows; without ydata's full report
    python benchmarks/profile.py --wide       a table of 5,000 columns and 1,000 rows instead
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from peers import ADULT, Peer, race

ASSAY = """
import json, sys
from assay.works.checking import carry_out
verdict = carry_out("check", "data.profile", sys.argv[1], {}, home=None)
json.dumps(verdict.to_dict())
assert not verdict.report.error, verdict.report.error
"""
YDATA = """
import sys, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from ydata_profiling import ProfileReport
read = pd.read_parquet if sys.argv[1].endswith(".parquet") else pd.read_csv
ProfileReport(read(sys.argv[1]), minimal=sys.argv[2] == "minimal", progress_bar=False).to_json()
"""
WHYLOGS = """
import sys, warnings
warnings.filterwarnings("ignore")
import pandas as pd
import whylogs
read = pd.read_parquet if sys.argv[1].endswith(".parquet") else pd.read_csv
whylogs.log(read(sys.argv[1])).view().to_pandas().to_json()
"""
POLARS = """
import sys
import polars as pl
read = pl.read_parquet if sys.argv[1].endswith(".parquet") else pl.read_csv
read(sys.argv[1]).describe().write_json()
"""
SQL = """
import itertools, sys, duckdb
con = duckdb.connect(config={"threads": int(sys.argv[2])})
con.execute(f"CREATE TABLE t AS SELECT * FROM '{sys.argv[1]}'")
columns = [(f'"{n}"', k) for n, k, *_ in con.execute("DESCRIBE t").fetchall()]
numbers = [c for c, k in columns if k not in ("VARCHAR", "BOOLEAN")]
words = [c for c, k in columns if c not in numbers]
for c in numbers:
    con.execute(f"SELECT count({c}), count(DISTINCT {c}), min({c}), max({c}), sum({c}), avg({c}), stddev_samp({c}), "
                f"skewness({c}), kurtosis({c}), mad({c}), quantile_cont({c}, [.01, .05, .25, .5, .75, .95, .99]), "
                f"count(*) FILTER ({c} = 0), count(*) FILTER ({c} < 0) FROM t").fetchall()
    con.execute(f"SELECT floor(({c} - low) / nullif(high - low, 0) * 20), count(*) FROM t, "
                f"(SELECT min({c}) AS low, max({c}) AS high FROM t) GROUP BY 1").fetchall()
for c in words:
    con.execute(f"SELECT count({c}), count(DISTINCT {c}), min(length({c}::VARCHAR)), max(length({c}::VARCHAR)), "
                f"avg(length({c}::VARCHAR)) FROM t").fetchall()
for c, _ in columns:
    con.execute(f"SELECT {c}, count(*), min(rowid) FROM t GROUP BY 1 ORDER BY 2 DESC LIMIT 10").fetchall()
con.execute("SELECT count(*) FROM (SELECT DISTINCT * FROM t)").fetchall()
pairs = list(itertools.combinations(numbers, 2))
if pairs:
    con.execute("SELECT " + ", ".join(f"corr({a}, {b})" for a, b in pairs) + " FROM t").fetchall()
    ranked = ", ".join(f"(rank() OVER (ORDER BY {c}) + count(*) OVER (PARTITION BY {c}) / 2.0) AS {c}" for c in numbers)
    con.execute(f"CREATE TABLE r AS SELECT {ranked} FROM t")
    con.execute("SELECT " + ", ".join(f"corr({a}, {b})" for a, b in pairs) + " FROM r").fetchall()
for a, b in itertools.combinations(words, 2):
    con.execute(f"SELECT {a}, {b}, count(*) FROM t GROUP BY ALL").fetchall()
for a in words:
    con.execute(f"SELECT {a}, count(*), " + ", ".join(f"avg({b}), var_pop({b})" for b in numbers) + " FROM t GROUP BY 1").fetchall()
"""
SUMMARIZE = """
import sys, duckdb
con = duckdb.connect(config={"threads": int(sys.argv[2])})
con.execute(f"SUMMARIZE SELECT * FROM '{sys.argv[1]}'").fetchall()
"""


MAKE = """
import sys, duckdb
adult, times, csv, parquet = sys.argv[1:]
con = duckdb.connect()
con.execute(f"CREATE TABLE a AS SELECT a.* FROM read_csv('{adult}') a, range({times})")
con.execute(f"COPY a TO '{csv}' (HEADER)")
con.execute(f"COPY a TO '{parquet}'")
"""


WIDE = """
import sys, numpy as np, pyarrow as pa, pyarrow.parquet as pq
rng, words = np.random.default_rng(7), np.array(["north", "south", "east", "west", None])
columns = {f"number{i}": rng.normal(size=1000).round(3) for i in range(4000)}
columns |= {f"word{i}": words[rng.integers(0, 5, 1000)] for i in range(1000)}
pq.write_table(pa.table(columns), sys.argv[1])
"""


def wide(folder: Path) -> list[Path]:
    """Write a table of 4,000 columns of numbers and 1,000 of words, 1,000 rows."""
    out = folder / "wide.parquet"
    subprocess.run([sys.executable, "-c", WIDE, str(out)], check=True)
    return [out]


def make(folder: Path, times: int) -> list[Path]:
    """Write Adult ``times`` over as CSV and Parquet, in a process of its own.

    A child's peak of memory starts at what its parent held when it was forked, so this one must stay small.
    """
    csv, parquet = folder / f"adult{times}.csv", folder / f"adult{times}.parquet"
    subprocess.run([sys.executable, "-c", MAKE, str(ADULT), str(times), str(csv), str(parquet)], check=True)
    return [parquet, csv]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--large", action="store_true", help="a hundred times Adult as well")
    parser.add_argument("--wide", action="store_true", help="the wide table alone")
    parser.add_argument("--times", type=int, default=10, help="how many times Adult's 48,842 rows")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=900, help="seconds that one run may take")
    given = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    ydata = ("ydata-profiling==4.18.*", "pyarrow", "setuptools<81")
    peers = [
        Peer("assay data.profile", ASSAY),
        Peer("ydata-profiling full", YDATA, ("full",), ydata, "ydata"),
        Peer("ydata-profiling minimal", YDATA, ("minimal",), ydata, "ydata"),
        Peer("DuckDB SQL, same figures", SQL, (str(cores),), ("duckdb<2",), "duckdb"),
        Peer(
            "whylogs",
            WHYLOGS,
            (),
            ("whylogs==1.6.*", "numpy<2", "pandas<2.3", "pyarrow<20", "setuptools<81"),
            "whylogs",
        ),
        Peer("polars describe", POLARS, (), ("polars>=1",), "polars"),
        Peer("DuckDB SUMMARIZE", SUMMARIZE, (str(cores),), ("duckdb<2",), "duckdb"),
    ]
    versions = {p.name: p.version() for p in peers}
    print(f"{platform.platform()}, Python {platform.python_version()}, {cores} cores, runs: {given.runs}\n")
    with tempfile.TemporaryDirectory() as folder:
        if given.wide:
            print("5,000 columns, 1,000 rows, parquet")
            # ydata's full report correlates every two columns: hours, so only its minimal one enters
            race([p for p in peers if "full" not in p.name and "SQL" not in p.name], wide(Path(folder)),
                 lambda p: given.runs, given.limit, versions)  # fmt: skip
            return
        for times in (given.times, 100) if given.large else (given.times,):
            for file in make(Path(folder), times):
                print(
                    f"Adult x{times}, {48_842 * times:,} rows, {file.suffix[1:]}, {file.stat().st_size >> 20} MB"
                )
                entered = [p for p in peers if times < 100 or "full" not in p.name]
                race(entered, [file], lambda p: 1 if "full" in p.name else given.runs, given.limit, versions)
                print()


if __name__ == "__main__":
    main()
