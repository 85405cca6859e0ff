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
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ADULT = HERE.parent / "src/assay/examples/income/adult.csv.gz"

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


@dataclass(frozen=True)
class Peer:
    """A tool: the script that runs it, its arguments after the file, and the packages its environment needs."""

    name: str
    script: str
    arguments: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    environment: str = ""

    def python(self) -> str:
        """Return its interpreter, its environment made where it is not there yet."""
        if not self.environment:
            return sys.executable
        folder = HERE / ".envs" / self.environment
        python = folder / "bin" / "python"
        ready = folder / "ready"
        if not ready.exists():
            print(
                f"making {folder.relative_to(HERE.parent)}: pip install {' '.join(self.packages)}", flush=True
            )
            venv.create(folder, with_pip=True, clear=False)
            subprocess.run([python, "-m", "pip", "install", "-q", *self.packages], check=True)
            ready.touch()
        return str(python)

    def version(self) -> str:
        """Return the version of what is measured."""
        package = self.packages[0].split("=")[0].split("<")[0] if self.packages else "assay"
        code = f"from importlib.metadata import version; print(version({package!r}))"
        return subprocess.run([self.python(), "-c", code], capture_output=True, text=True).stdout.strip()


def run(peer: Peer, file: Path, limit: float) -> tuple[float, float] | None:
    """Return the seconds and the megabytes of one run, or None where it failed or took longer than ``limit``."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [peer.python(), "-c", peer.script, str(file), *peer.arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.perf_counter() - began > limit:
            process.kill()
            os.wait4(process.pid, 0)
            return None
        time.sleep(0.005)
    seconds = time.perf_counter() - began
    if status:
        print(process.stderr.read().decode()[-800:], file=sys.stderr)
        return None
    return seconds, usage.ru_maxrss / 1024


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
                ours = None
                for peer in peers:
                    if times == 100 and "full" in peer.name:
                        continue
                    runs = given.runs if "full" not in peer.name else 1
                    done = [r for r in (run(peer, file, given.limit) for _ in range(runs)) if r]
                    if not done:
                        print(
                            f"  {peer.name:24} {versions[peer.name]:9} failed or took over {given.limit:.0f} s"
                        )
                        continue
                    seconds = statistics.median(s for s, _ in done)
                    ours = ours or seconds
                    memory = max(m for _, m in done)
                    print(
                        f"  {peer.name:24} {versions[peer.name]:9} {seconds:8.2f} s  {seconds / ours:7.2f} x  {memory:7.0f} MB",
                        flush=True,
                    )
                print()


if __name__ == "__main__":
    main()
