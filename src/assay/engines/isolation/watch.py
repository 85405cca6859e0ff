"""The watcher: ends a job that uses up more memory, processes, disk or time than it was given."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from assay.engines.isolation.grant import Limits

_EVERY = 0.05
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def family(root: int) -> list[int]:
    """Return a process and all its descendants, as /proc has them now."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                stat = Path("/proc", entry, "stat").read_text()
                children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
    out, todo = [], [root]
    while todo:
        pid = todo.pop()
        out.append(pid)
        todo += children.get(pid, [])
    return out


def kill(root: int) -> None:
    """End a process and its descendants."""
    kill_descendants(root)
    with contextlib.suppress(OSError):
        os.kill(root, signal.SIGKILL)


def kill_descendants(root: int) -> None:
    """End what a process started, and what that started, again until none is left to be found."""
    for _ in range(100):
        found = family(root)[1:]
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGSTOP)  # none forks while the others are being ended
        for pid in family(root)[1:]:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not _alive(found):
            return
        time.sleep(0.01)


def _alive(pids: list[int]) -> bool:
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                return True
    return False


class Watcher:
    """Looks at a job from outside; ``exceeded`` names the limit that it passed."""

    def __init__(self, root: int, limits: Limits, writable: tuple[Path, ...]) -> None:
        self.root, self.limits, self.writable = root, limits, writable
        self.started = time.monotonic()
        self.peak = 0
        self._last_disk = 0.0

    def exceeded(self) -> str:
        """Return time, memory, processes or disk; nothing while the job keeps within its limits."""
        if time.monotonic() - self.started > self.limits.seconds:
            return "time"
        pids = family(self.root)[1:]
        threads, memory = 0, 0
        for pid in pids:
            count, used = _use(pid)
            threads, memory = threads + count, memory + used
        self.peak = max(self.peak, memory)
        if memory > self.limits.memory:
            return "memory"
        if threads > self.limits.processes:
            return "processes"
        now = time.monotonic()
        if now - self._last_disk > 0.2:
            self._last_disk = now
            if sum(_size(p) for p in self.writable) > self.limits.disk:
                return "disk"
        return ""

    def pause(self) -> None:
        """Wait until it is time to look again."""
        time.sleep(_EVERY)


def _use(pid: int) -> tuple[int, int]:
    """Return a process's threads and resident bytes; shared pages of forks count in each, which errs to caution."""
    try:
        stat = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
        statm = Path("/proc", str(pid), "statm").read_text().split()
    except (OSError, ValueError):
        return 0, 0
    return int(stat[17]), (int(statm[1]) - int(statm[2])) * _PAGE


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512
    return total
