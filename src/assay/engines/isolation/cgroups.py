"""Control groups around a job, where this process may make them: memory, swap and processes that the kernel bounds.

The watcher sees what a job uses every 50 ms; between two looks the kernel stands. Version 2, and version 1 as some
containers still have it. https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assay.engines.isolation.grant import Limits

_SLACK = 96 << 20  # for what stands over a job, and for pages that the watcher has not yet told apart
_MORE = 24  # processes, likewise
_NEEDED = ("memory", "pids")
_PREFIX = "assay-job-"


@dataclass
class Cgroup:
    """The groups of one job, by controller."""

    folders: dict[str, Path]
    version: int

    @classmethod
    def make(cls, limits: Limits) -> Cgroup | None:
        """Make groups with these limits; None where that is not permitted."""
        name = f"{_PREFIX}{os.getpid()}-{uuid.uuid4().hex[:12]}"
        for version, bases in _places():
            made: dict[str, Path] = {}
            for base in dict.fromkeys(bases.values()):
                _sweep(base)
            try:
                for controller, base in bases.items():
                    folder = base / name
                    folder.mkdir(exist_ok=True)
                    made[controller] = folder
                if made:
                    _bound(made, version, limits)
                    return cls(made, version)
            except OSError:
                for folder in made.values():
                    with contextlib.suppress(OSError):
                        folder.rmdir()
        return None

    def add(self, pid: int) -> bool:
        """Bring a process in, with all that it will start."""
        try:
            for folder in dict.fromkeys(self.folders.values()):
                (folder / "cgroup.procs").write_text(str(pid))
        except OSError:
            return False
        return True

    def reason(self, *, failed: bool) -> str:
        """Return memory where the kernel ended a process of the job for it, processes where it refused one to a job that failed."""
        if self._counted(
            "memory", "memory.events" if self.version == 2 else "memory.oom_control", "oom_kill"
        ):
            return "memory"
        return "processes" if failed and self._counted("pids", "pids.events", "max") else ""

    def _counted(self, controller: str, name: str, event: str) -> int:
        """Return how often the kernel says that something happened; 0 where it does not say."""
        with contextlib.suppress(OSError, ValueError):
            for line in (self.folders[controller] / name).read_text().splitlines():
                key, _, value = line.partition(" ")
                if key == event:
                    return int(value)
        return 0

    def close(self) -> None:
        """Take the groups away; what has ended leaves them within an instant."""
        for folder in dict.fromkeys(self.folders.values()):
            for _ in range(200):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.005)


def _bound(made: dict[str, Path], version: int, limits: Limits) -> None:
    memory, pids = made["memory"], made["pids"]
    bytes_ = str(limits.memory + _SLACK)
    (pids / "pids.max").write_text(str(limits.processes + _MORE))
    if version == 2:
        (memory / "memory.max").write_text(bytes_)
        with contextlib.suppress(OSError):  # a kernel without swap accounting
            (memory / "memory.swap.max").write_text("0")
        return
    (memory / "memory.limit_in_bytes").write_text(bytes_)
    with contextlib.suppress(OSError):
        (memory / "memory.memsw.limit_in_bytes").write_text(bytes_)


def _sweep(base: Path) -> None:
    """Remove the empty groups of processes that are gone: one that was killed could not take its own away."""
    with contextlib.suppress(OSError):
        for name in os.listdir(base):
            maker = name[len(_PREFIX) :].partition("-")[0]
            if name.startswith(_PREFIX) and maker.isdigit() and not os.path.exists(f"/proc/{maker}"):
                with contextlib.suppress(OSError):  # a process of it still ends, or somebody else was quicker
                    os.rmdir(base / name)


@cache
def _places() -> tuple[tuple[int, dict[str, Path]], ...]:
    """Return where groups may be made, by version; this process stays in its own group, so that is looked up once."""
    return (2, _second()), (1, _first())


def _own() -> dict[str, str]:
    """Return controller → path of this process's group; the one of version 2 has no name."""
    out: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            out |= dict.fromkeys(controllers.split(","), path)
    return out


def _mounts(kind: str) -> list[tuple[Path, str, list[str]]]:
    """Return where control groups are mounted: the place, the group that is at its top, its options."""
    out = []
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            left, _, right = line.partition(" - ")
            fields, about = left.split(), right.split()
            if about[0] == kind and " " not in fields[4]:
                out.append((Path(fields[4]), fields[3], about[2].split(",")))
    return out


def _second() -> dict[str, Path]:
    """Return where a group of version 2 may be made: below our own, or beside it, where both controllers are passed down."""
    own = _own().get("")
    if own is None:
        return {}
    for mount, top, _ in _mounts("cgroup2"):
        below = os.path.relpath(own, top) if top != "/" else own.lstrip("/")
        here = mount / below
        for base in (here, here.parent):
            with contextlib.suppress(OSError):
                given = (base / "cgroup.subtree_control").read_text().split()
                if set(_NEEDED) <= set(given) and base.is_relative_to(mount) and os.access(base, os.W_OK):
                    return dict.fromkeys(_NEEDED, base)
    return {}


def _first() -> dict[str, Path]:
    """Return where groups of version 1 may be made, below our own."""
    own, out = _own(), {}
    for mount, top, options in _mounts("cgroup"):
        for controller in set(_NEEDED) & set(options) & set(own):
            path = own[controller]
            base = mount / (os.path.relpath(path, top) if top != "/" else path.lstrip("/"))
            if os.access(base, os.W_OK):
                out[controller] = base
    return out if len(out) == len(_NEEDED) else {}
