"""What isolation this machine gives: proved from inside a job that does nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from assay.engines.isolation.grant import Grant, Level, Limits, interpreter
from assay.engines.isolation.sandbox import REMEDY, start
from assay.kernel.errors import AssayError

_HOW = {
    "no internet socket": "socket(AF_INET) and socket(AF_INET6) are refused",
    "no vsock, netlink or packet socket": "socket(AF_VSOCK, AF_NETLINK, AF_PACKET) are refused",
    "no socket of the host": "AF_UNIX reaches nothing outside: a root of its own, or none made",
    "no signal to the host": "kill() of the process that started it is refused",
    "no new namespace": "unshare(CLONE_NEWUSER) is refused",
    "no new privileges": "no_new_privs is set",
    "seccomp": "a filter is in force",
    "no capabilities": "the effective and bounding sets are empty",
    "landlock": "the kernel confines files and TCP a second time",
    "host files unreadable": "/etc/passwd cannot be opened",
    "host settings unwritable": "/proc/sys and /proc/sysrq-trigger cannot be opened to write",
    "own network": "another network namespace, with loopback alone",
    "own processes": "the job's first process is number 1",
    "own root": "a fresh root, read-only",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """A wall: whether it holds, and how that was tried."""

    name: str
    holds: bool
    how: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """The level reached, and each layer."""

    level: Level
    layers: tuple[Layer, ...]
    remedy: str = ""


def prove() -> Proof:
    """Try full isolation, then partial; return what holds."""
    limits = Limits(seconds=10)
    reasons = []
    levels: tuple[Level, ...] = ("full", "partial")
    for level in levels:
        try:
            job = start([str(interpreter()), "-I", "-S", "-c", "pass"], Grant(limits=limits, level=level))
            job.wait()
        except AssayError as error:
            reasons.append(error.what)
            continue
        layers = tuple(Layer(n, holds, _HOW.get(n, "")) for n, holds in job.layers.items())
        return Proof(job.level, layers, "" if job.level == "full" else REMEDY)
    return Proof("none", (), f"{'; '.join(reasons)}; {REMEDY}")
