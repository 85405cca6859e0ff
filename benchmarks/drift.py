"""Time data.drift beside evidently's DataDriftPreset on the same two files, one after another.

Adult ten times over (488,420 rows), each row put by lot into one of two Parquet files. Each figure is of a whole process,
start and imports included. Equal content: the columns compared one by one, without Assay's classifier; Assay's whole
check, which evidently has no counterpart of, stands beside it. evidently runs in an environment of its own under
benchmarks/.envs, made with pip on first use (0.7 fails with pandas 3).

    python benchmarks/drift.py
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
params = {"against": sys.argv[2], "classifier": sys.argv[3] == "classifier"}
verdict = carry_out("check", "data.drift", sys.argv[1], params, home=None)
json.dumps(verdict.to_dict())
assert not verdict.report.error, verdict.report.error
"""
EVIDENTLY = """
import sys, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
new, old = (pd.read_parquet(f) for f in sys.argv[1:3])
numbers = list(old.select_dtypes("number"))
shape = DataDefinition(numerical_columns=numbers, categorical_columns=[c for c in old if c not in numbers])
methods = {"num_method": sys.argv[3], "cat_method": sys.argv[4]} if len(sys.argv) > 3 else {}
run = Report([DataDriftPreset(**methods)]).run(*(Dataset.from_pandas(f, shape) for f in (new, old)))
run.json()
"""
MAKE = """
import sys, duckdb
adult, times, new, old = sys.argv[1:]
con = duckdb.connect()
con.execute(f"CREATE TABLE a AS SELECT a.* FROM read_csv('{adult}') a, range({times})")
for path, side in ((new, 0), (old, 1)):
    con.execute(f"COPY (SELECT * FROM a WHERE hash(rowid) % 2 = {side}) TO '{path}'")
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=10, help="how many times Adult")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=900, help="seconds that one run may take")
    given = parser.parse_args()
    evidently = ("evidently==0.7.*", "pandas<3", "pyarrow")
    peers = [
        Peer("assay data.drift, columns", ASSAY, ("columns",)),
        Peer("assay data.drift, whole", ASSAY, ("classifier",)),
        Peer("evidently, its defaults", EVIDENTLY, (), evidently, "evidently"),
        Peer("evidently, KS, chi-square", EVIDENTLY, ("ks", "chisquare"), evidently, "evidently"),
    ]
    versions = {p.name: p.version() for p in peers}
    cores = len(os.sched_getaffinity(0))
    print(f"{platform.platform()}, Python {platform.python_version()}, {cores} cores, runs: {given.runs}\n")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "new.parquet", Path(folder) / "old.parquet"]
        subprocess.run(
            [sys.executable, "-c", MAKE, str(ADULT), str(given.times), *map(str, files)], check=True
        )
        print(f"Adult x{given.times} in two, {48_842 * given.times:,} rows")
        race(peers, files, lambda p: given.runs, given.limit, versions)


if __name__ == "__main__":
    main()
