"""Time data.profile beside ydata-profiling and DuckDB's SUMMARIZE, on the same file, one after another.

Each peer runs in a virtual environment of its own under benchmarks/.envs, made with pip on first use. Each figure is
of a whole process, start and imports included: the median of the runs, and the most memory it held.

    python benchmarks/profile.py              Adult ten times over, 488,420 rows
    python benchmarks/profile.py --large      a hundred times over as well, 4,884,200 rows; without ydata's full report
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
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=900, help="seconds that one run may take")
    given = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    ydata = ("ydata-profiling==4.18.*", "pyarrow", "setuptools<81")
    peers = [
        Peer("assay data.profile", ASSAY),
        Peer("ydata-profiling full", YDATA, ("full",), ydata, "ydata"),
        Peer("ydata-profiling minimal", YDATA, ("minimal",), ydata, "ydata"),
        Peer("DuckDB SUMMARIZE", SUMMARIZE, (str(cores),), ("duckdb<2",), "duckdb"),
    ]
    versions = {p.name: p.version() for p in peers}
    print(f"{platform.platform()}, Python {platform.python_version()}, {cores} cores, runs: {given.runs}\n")
    with tempfile.TemporaryDirectory() as folder:
        for times in (10, 100) if given.large else (10,):
            for file in make(Path(folder), times):
                print(
                    f"Adult x{times}, {48_842 * times:,} rows, {file.suffix[1:]}, {file.stat().st_size >> 20} MB"
                )
                entered = [p for p in peers if times == 10 or "full" not in p.name]
                race(entered, [file], lambda p: 1 if "full" in p.name else given.runs, given.limit, versions)
                print()


if __name__ == "__main__":
    main()
