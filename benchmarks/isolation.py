"""Time what walls add to a job: a program that does nothing, with and without them, by each builder.

python benchmarks/isolation.py           a minute
"""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from assay.engines.isolation import Grant, bubblewrap, prefer, run, start

ROUNDS = 50
PROGRAM = "/bin/true"
SYSTEM, NOBODY = "/usr/bin/python3", 65534


def main() -> None:
    """Print medians in milliseconds, of the clock and of the processor's time with all children: as this user, and as nobody."""
    if "--here" in sys.argv:
        print(json.dumps(measured()))
        return
    found = bubblewrap.found()
    said: dict[str, object] = {
        "python": platform.python_version(),
        "kernel": platform.release(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "bubblewrap": found[1] if found else None,
        f"as user {os.getuid()}": measured(),
    }
    if os.getuid() == 0 and Path(SYSTEM).exists():
        said[f"as user {NOBODY}, with the system's Python"] = as_nobody()
    print(json.dumps(said, indent=1))


def measured() -> dict[str, object]:
    """Return the medians of each builder, and of the program without walls."""
    said: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        said["bare"] = timed(lambda: subprocess.run([PROGRAM], check=True))
        for builder in ("bubblewrap", "kernel") if bubblewrap.found() else ("kernel",):
            prefer(builder)
            said[builder] = timed(lambda: run([PROGRAM], Grant(), log=log))
            said[f"{builder}, until it begins"] = timed(begin, after=end)
    return said


def as_nobody() -> object:
    """Measure as an ordinary user, who reads a copy of Assay."""
    import assay

    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        left = shutil.ignore_patterns("examples", "__pycache__", "*.so")
        shutil.copytree(Path(assay.__file__).parent, f"{folder}/assay", ignore=left)
        shutil.copyfile(__file__, f"{folder}/isolation.py")
        code = f"import sys; sys.path.insert(0, {folder!r}); sys.argv.append('--here'); import isolation; isolation.main()"
        for warm in range(2):  # what it imports is compiled once, as it is where Assay is installed
            user = {} if not warm else {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            done = subprocess.run(
                [SYSTEM, "-c", code if warm else f"import compileall; compileall.compile_dir({folder!r}, quiet=2)"],
                capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}, cwd="/", **user,
            )  # fmt: skip
        return json.loads(done.stdout)


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
    from peers import told

    told(__doc__)
    main()
