"""The watcher: ends a job that uses up more memory, processes, disk or time than it was given."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from pathlib import Path

from assay.engines.folders import size
from assay.engines.isolation.grant import Limits
from assay.engines.isolation.usage import Use, family, measured, unlinked
from assay.kernel.errors import BadInput

_EVERY = 0.05
_DISK_EVERY = 0.2
_NEARLY_FULL = 1 << 30  # bytes left on the machine's disk


def kill(root: int, patience: float = 10.0, *, over: str = "kernel") -> None:
    """End a job: whoever stands over it ends all of it and then itself; what does not is killed one by one.

    over: who stands over it. Bubblewrap would not wait for what it ends, so the job's first process is ended instead.
    """
    ended = family(root)[1:2] if over == "bubblewrap" else []
    with contextlib.suppress(OSError):
        os.kill(*((ended[0], signal.SIGKILL) if ended else (root, signal.SIGTERM)))
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if not _alive([root]):
            return
        time.sleep(0.005)
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
    """Looks at a job from outside; ``exceeded`` names the limit that it passed.

    counted: files and folders whose bytes it pays for. temporary: descriptors of its folders in memory.
    """

    def __init__(
        self, root: int, limits: Limits, counted: tuple[Path, ...], temporary: tuple[int, ...] = ()
    ) -> None:
        self.root, self.limits, self.counted, self.temporary = root, limits, counted, temporary
        self.started = time.monotonic()
        self.peak = 0
        self._last_disk = self._last_exact = 0.0
        self._exact = 0
        self._free = _free(counted)
        self._end: int | None = None
        with contextlib.suppress(OSError, AttributeError):  # a kernel before 5.3 has no such descriptor
            self._end = os.pidfd_open(root)

    def exceeded(self) -> str:
        """Return time, memory, processes, disk or folders; nothing while the job keeps within its limits."""
        if time.monotonic() - self.started > self.limits.seconds:
            return "time"
        pids = family(self.root)[1:]
        use = measured(pids)
        if use.threads > self.limits.processes:
            return "processes"
        used = self._memory(use, pids)
        self.peak = max(self.peak, used)
        if used > self.limits.memory:
            return "memory"
        now = time.monotonic()
        if now - self._last_disk > _DISK_EVERY:
            self._last_disk = now
            return self.disk(pids)
        return ""

    def _memory(self, use: Use, pids: list[int]) -> int:
        """Return the bytes in use. What forks share counts in each at first; past the limit it is told apart."""
        temporary = sum(_in_use(descriptor) for descriptor in self.temporary)
        rough = use.memory + temporary
        if rough <= self.limits.memory or rough > 4 * self.limits.memory:
            return rough
        now = time.monotonic()
        if now - self._last_exact > 10 * _EVERY:
            self._exact, self._last_exact = measured(pids, exactly=True).memory + temporary, now
        return self._exact

    def disk(self, pids: list[int] | None = None) -> str:
        """Return disk when the job has written more than it may, folders when some of it cannot be measured."""
        limit = self.limits.disk
        used = 0
        try:
            for path in self.counted:
                used += size(path, limit - used)
                if used > limit:
                    return "disk"
        except BadInput:
            return "folders"
        if not pids:
            return ""
        if used + unlinked(pids, self.counted) > limit:
            return "disk"
        free = _free(self.counted)
        return "disk" if free < _NEARLY_FULL and self._free - free > limit else ""

    def pause(self) -> None:
        """Wait until it is time to look again, or the job has ended."""
        if self._end is None:
            time.sleep(_EVERY)
            return
        waiting = select.poll()
        waiting.register(self._end, select.POLLIN)
        waiting.poll(_EVERY * 1000)

    def close(self) -> None:
        """Let go of its temporary folders, and of the descriptor that tells of its end."""
        for descriptor in (*self.temporary, *([self._end] if self._end is not None else [])):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self.temporary, self._end = (), None


def _in_use(descriptor: int) -> int:
    try:
        known = os.fstatvfs(descriptor)
    except OSError:
        return 0
    return (known.f_blocks - known.f_bfree) * known.f_frsize


def _free(counted: tuple[Path, ...]) -> int:
    """Return the bytes left where the job writes."""
    for path in counted:
        with contextlib.suppress(OSError):
            known = os.statvfs(path)
            return known.f_bavail * known.f_frsize
    return 0
