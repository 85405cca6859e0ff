"""What a job in the sandbox may read, write and use up, and how it ended."""

from __future__ import annotations

import signal
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assay.engines.isolation.levels import RANK

if TYPE_CHECKING:
    from assay.engines.egress.policy import Egress

__all__ = [
    "RANK",
    "Ended",
    "Grant",
    "Level",
    "Limits",
    "Peers",
    "Root",
    "interpreter",
    "python_paths",
    "source",
    "straight",
]

Level = Literal["full", "partial", "none"]
_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/alternatives")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """memory and disk in bytes, seconds of wall time, processes and threads at once."""

    memory: int = 2 << 30
    seconds: float = 300.0
    processes: int = 256
    disk: int = 2 << 30


@dataclass(frozen=True, slots=True)
class Peers:
    """Where a job stands in a network of its own kind alone: its address there, and the names of all."""

    address: str
    netmask: str
    name: str
    hosts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Root:
    """An unpacked image that a job runs in, read-only. user: the numbers of the user and group that it runs as."""

    path: Path
    user: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """read and write: paths of this machine, at the same place inside. level: the least that is accepted.

    egress: the stores that it may reach, through a proxy; none: no network at all. peers: the workers of the same job.
    root: the image that it runs in, instead of this machine's system and Python.
    """

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    level: Level = "full"
    egress: Egress | None = None
    peers: Peers | None = None
    root: Root | None = None


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


def straight(path: str | Path) -> Path:
    """Return a path without ``..``: the folder that it leads out of need not be there inside.

    The last part may be a link and stays one: a virtual environment is known by the folder its interpreter's link lies in.
    """
    found = Path(path)
    return found.parent.resolve() / found.name if ".." in found.parts else found


def interpreter() -> Path:
    """Return this interpreter, as it is found inside: a shell may have started it as ``../venv/bin/python``."""
    return straight(sys.executable)


def source() -> Path:
    """Return the folder in which an import finds Assay."""
    return straight(Path(__file__).parents[3])


@cache
def python_paths() -> tuple[Path, ...]:
    """Return what this interpreter, its packages and Assay need to be read; never / or a home as a whole."""
    found = [Path(p) for p in _SYSTEM]
    found += [straight(sys.prefix), straight(sys.base_prefix), source() / "assay"]
    found += [straight(sysconfig.get_path(name)) for name in ("purelib", "platlib", "stdlib")]
    found += [interpreter(), Path(sys.executable).resolve()]
    refused = {Path("/"), Path("/root"), Path("/home"), Path.home()}
    return tuple(dict.fromkeys(p for p in found if p.exists() and p not in refused))
