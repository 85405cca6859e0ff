"""Time data.anonymity beside pycanon on Adult, one after another, and hold their numbers against one another.

Four quasi-identifiers (age, education, occupation, sex) and two sensitive columns; the whole table of 48,842 rows. Each
figure is of a whole process, start and imports included. pycanon computes k, alpha, distinct and entropy l, t, basic beta and
delta, of which data.anonymity computes all and the risks besides. It runs in an environment of its own under
benchmarks/.envs, made with pip on first use.

    python benchmarks/anonymity.py
"""

from __future__ import annotations

import argparse
import json
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
params = {"quasi": ["age", "education", "occupation", "sex"], "sensitive": ["income", "hours_per_week"]}
report = carry_out("check", "data.anonymity", sys.argv[1], params, home=None).report
assert not report.error, report.error
out = {"k": report.metric("k").value}
for name in ("l_distinct", "l_entropy", "alpha", "t_closeness", "beta_likeness", "delta_disclosure"):
    found = [m.value for m in report.metrics if m.name == name]
    out[name] = min(found) if name.startswith("l_") else max(found)
print(json.dumps(out))
"""
PYCANON = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from pycanon import anonymity as a
data = pd.read_parquet(sys.argv[1])
given = data, ["age", "education", "occupation", "sex"], ["income", "hours_per_week"]
print(json.dumps({
    "k": int(a.k_anonymity(*given[:2])), "l_distinct": int(a.l_diversity(*given)),
    "l_entropy": float(a.entropy_l_diversity(*given)), "alpha": float(a.alpha_k_anonymity(*given)[0]),
    "t_closeness": float(a.t_closeness(*given)), "beta_likeness": float(a.basic_beta_likeness(*given)),
    "delta_disclosure": float(a.delta_disclosure(*given)),
}))
"""
MAKE = """
import sys, duckdb
adult, out = sys.argv[1:]
query = f"SELECT * REPLACE (coalesce(occupation, '?') AS occupation) FROM read_csv('{adult}')"
duckdb.connect().execute(f"COPY ({query}) TO '{out}'")
"""


def said(peer: Peer, file: Path) -> dict[str, float]:
    """Return the numbers that a tool prints."""
    command = [peer.python(), "-c", peer.script, str(file)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Measure, compare and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="of Assay; pycanon runs once")
    parser.add_argument("--limit", type=float, default=1800, help="seconds that one run may take")
    given = parser.parse_args()
    peers = [
        Peer("assay data.anonymity", ASSAY),
        Peer("pycanon", PYCANON, (), ("pycanon==1.3.*", "pyarrow"), "pycanon"),
    ]
    versions = {p.name: p.version() for p in peers}
    cores = len(os.sched_getaffinity(0))
    print(f"{platform.platform()}, Python {platform.python_version()}, {cores} cores, runs: {given.runs}\n")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "adult.parquet"
        subprocess.run([sys.executable, "-c", MAKE, str(ADULT), str(file)], check=True)
        print("Adult, 48,842 rows")
        race(peers, [file], lambda p: given.runs if "assay" in p.name else 1, given.limit, versions)
        ours, theirs = (said(p, file) for p in peers)
    for name, value in theirs.items():
        print(f"  {name:18} {ours[name]:10.6g} {value:10.6g}")


if __name__ == "__main__":
    main()
