"""What a job in the sandbox may read, write and use up, and how it ended."""

from __future__ import annotations

import signal
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Level = Literal["full", "partial", "none"]
RANK: dict[str, int] = {"none": 0, "partial": 1, "full": 2}
_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/alternatives")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """memory and disk in bytes, seconds of wall time, processes and threads at once."""

    memory: int = 2 << 30
    seconds: float = 300.0
    processes: int = 256
    disk: int = 2 << 30


@dataclass(frozen=True, slots=True)
class Grant:
    """read and write: paths of this machine, at the same place inside. level: the least that is accepted."""

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    level: Level = "full"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended. reason: exit, time, memory, processes, disk, folders or stopped. layers: what held, proved inside."""

    code: int | None
    reason: str
    level: Level
    layers: Mapping[str, bool]
    seconds: float
    peak_memory: int

    @property
    def signal(self) -> str:
        """Return the name of the signal that ended it, or nothing."""
        if self.code is None or self.code >= 0:
            return ""
        try:
            return signal.Signals(-self.code).name
        except ValueError:
            return f"signal {-self.code}"


def python_paths() -> tuple[Path, ...]:
    """Return what this interpreter, its packages and Assay need to be read; never / or a home as a whole."""
    found = [Path(p) for p in _SYSTEM]
    found += [Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[2]]
    found += [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib")]
    found += [Path(sys.executable), Path(sys.executable).resolve()]
    refused = {Path("/"), Path("/root"), Path("/home"), Path.home()}
    return tuple(dict.fromkeys(p for p in found if p.exists() and p not in refused))
