"""Time what walls add to a job: a program that does nothing, with and without them, by each builder.

python benchmarks/isolation.py           half a minute
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from assay.engines.isolation import Grant, bubblewrap, prefer, run, start

ROUNDS = 50
PROGRAM = "/bin/true"


def main() -> None:
    """Print medians in milliseconds: of the clock, and of the processor's time with all children."""
    found = bubblewrap.found()
    said: dict[str, object] = {
        "python": platform.python_version(),
        "kernel": platform.release(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "bubblewrap": found[1] if found else None,
    }
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        said["bare"] = timed(lambda: subprocess.run([PROGRAM], check=True))
        for builder in ("bubblewrap", "kernel") if found else ("kernel",):
            prefer(builder)
            said[builder] = timed(lambda: run([PROGRAM], Grant(), log=log))
            said[f"{builder}, until it begins"] = timed(begin, after=end)
    print(json.dumps(said, indent=1))


_jobs: list[object] = []


def begin() -> None:
    """Start a job, up to the word that it may begin: its walls stand, and were tried."""
    _jobs.append(start([PROGRAM], Grant()))


def end() -> None:
    """Wait for it, unmeasured."""
    _jobs.pop().wait()  # type: ignore[attr-defined]


def timed(act: Callable[[], object], after: Callable[[], object] = lambda: None) -> dict[str, float]:
    """Return medians of many rounds, in milliseconds."""
    clock, cpu = [], []
    for _ in range(ROUNDS):
        spent, begun = _spent(), time.perf_counter()
        act()
        clock.append(time.perf_counter() - begun)
        after()
        cpu.append(_spent() - spent)
    return {
        "clock": round(statistics.median(clock) * 1000, 1),
        "clock_best": round(min(clock) * 1000, 1),
        "cpu": round(statistics.median(cpu) * 1000, 1),
    }


def _spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


if __name__ == "__main__":
    main()
