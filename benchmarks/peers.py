"""A tool in an environment of its own, run as a whole process and measured."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ADULT = HERE.parent / "src/assay/examples/income/adult.csv.gz"


def told(about: str | None) -> None:
    """Print what a benchmark says of itself and end, where --help asks for that."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        print((about or "").strip())
        raise SystemExit(0)


class Spent(NamedTuple):
    """What one run took: seconds on the wall, seconds of all processors, and megabytes at most."""

    seconds: float
    processor: float
    memory: float


@dataclass(frozen=True)
class Peer:
    """A tool: the script that runs it, its arguments after the files, and the packages its environment needs."""

    name: str
    script: str
    arguments: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    environment: str = ""

    def python(self) -> str:
        """Return its interpreter, its environment made where it is not there yet; SystemExit where pip cannot."""
        if not self.environment:
            return sys.executable
        folder = HERE / ".envs" / self.environment
        python = folder / "bin" / "python"
        ready = folder / "ready"
        wanted = "\n".join(self.packages)  # two benchmarks may ask one environment for different things
        if not ready.exists() or ready.read_text() != wanted:
            print(
                f"making {folder.relative_to(HERE.parent)}: pip install {' '.join(self.packages)}", flush=True
            )
            venv.create(folder, with_pip=True, clear=False)
            command = [python, "-m", "pip", "install", "-q", *self.packages]
            done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
            if done.returncode:
                why = next(
                    (s for s in reversed(done.stderr.splitlines()) if s.startswith("ERROR")), "pip failed"
                )
                raise SystemExit(f"{self.name} cannot be had here, so nothing was compared: {why}")
            ready.write_text(wanted)
        return str(python)

    def version(self) -> str:
        """Return the version of what is measured."""
        package = re.split(r"[\[<>=]", self.packages[0])[0] if self.packages else "assay"
        code = f"from importlib.metadata import version; print(version({package!r}))"
        return subprocess.run([self.python(), "-c", code], capture_output=True, text=True).stdout.strip()


def _with_bytecode() -> dict[str, str]:
    """Return an environment in which what is imported is compiled once, as pip leaves it: ours lies as it was written."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def run(peer: Peer, files: Sequence[Path | str], limit: float) -> Spent | None:
    """Return what one run took, or None where it failed or took longer than ``limit`` seconds."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [peer.python(), "-c", peer.script, *map(str, files), *peer.arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_with_bytecode(),
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
    return Spent(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def race(
    peers: Sequence[Peer],
    files: Sequence[Path | str],
    runs: Callable[[Peer], int],
    limit: float,
    versions: dict[str, str],
) -> None:
    """Run each peer, the runs of all taking turns, and print medians: wall, its ratio to the first's, processor, memory."""
    done: dict[str, list[Spent]] = {p.name: [] for p in peers}
    for turn in range(max(runs(p) for p in peers)):
        for peer in peers:
            if turn < runs(peer):
                spent = run(peer, files, limit)
                done[peer.name] += [spent] if spent else []
    first = None
    for peer in peers:
        spent = done[peer.name]
        if not spent:
            print(f"  {peer.name:28} {versions[peer.name]:9} failed or took over {limit:.0f} s")
            continue
        wall = statistics.median(s.seconds for s in spent)
        processor = statistics.median(s.processor for s in spent)
        first = first or (wall, processor)
        print(
            f"  {peer.name:28} {versions[peer.name]:9} {wall:8.2f} s {wall / first[0]:7.2f} x  "
            f"{processor:7.2f} s of processor {processor / first[1]:7.2f} x  {max(s.memory for s in spent):6.0f} MB",
            flush=True,
        )
