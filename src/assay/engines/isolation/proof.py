"""What isolation this machine gives: proved from inside a job that does nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from assay.engines.isolation.grant import Grant, Level, Limits, interpreter
from assay.engines.isolation.sandbox import REMEDY, start
from assay.kernel.errors import AssayError

_HOW = {
    "no internet socket": "socket(AF_INET) and socket(AF_INET6) are refused",
    "no vsock, netlink or packet socket": "socket(AF_VSOCK, AF_NETLINK, AF_PACKET) are refused",
    "no socket of the host": "a socket that waits outside, by name, was not reached",
    "no host loopback": "a port that listens on 127.0.0.1 outside was not reached",
    "no metadata address": "169.254.169.254 and 169.254.170.2 were not reached",
    "no signal to the host": "kill() of the process that started it is refused",
    "no new namespace": "unshare(CLONE_NEWUSER) is refused",
    "no new privileges": "no_new_privs is set",
    "seccomp": "a filter is in force",
    "no tracing": "ptrace, process_vm_*, perf_event_open and pidfd_getfd are refused",
    "no keyring": "add_key, request_key and keyctl are refused",
    "no io_uring, bpf, userfaultfd": "the three are refused",
    "no mount, no device": "mount, umount2, open_tree, fsopen, move_mount, mknod are refused",
    "no capabilities": "the effective and bounding sets are empty",
    "limits that cannot be raised": "no core is written, and a hard limit stays",
    "landlock": "the kernel confines files and TCP a second time",
    "host files unreadable": "/etc/passwd and a file laid for it cannot be opened",
    "host settings unwritable": "/proc/sys and /proc/sysrq-trigger cannot be opened to write",
    "own user": "a user namespace where nobody else exists to become",
    "own network": "another network namespace, with loopback alone",
    "own processes": "the job's first process is number 1",
    "own root": "a mount namespace with a fresh root, read-only",
    "own ipc and host name": "two more namespaces, and sethostname() is refused",
    "own cgroup view": "a cgroup namespace that shows no path of the host",
    "cgroup limits": "the kernel bounds memory and processes too",
}
_CGROUPS = (
    "run Assay where it may make control groups, as a service with Delegate=yes; until then only the "
    "watcher bounds memory"
)


@dataclass(frozen=True, slots=True)
class Layer:
    """A wall: whether it holds, and how that was tried. needed: whether the level rests on it."""

    name: str
    holds: bool
    how: str
    remedy: str = ""
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Proof:
    """The level reached, and each layer. builder: bubblewrap or kernel, whoever built them."""

    level: Level
    layers: tuple[Layer, ...]
    remedy: str = ""
    builder: str = ""


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
        layers = tuple(_layer(name, holds) for name, holds in job.layers.items())
        return Proof(job.level, layers, "" if job.level == "full" else REMEDY, job.builder)
    return Proof("none", (), f"{'; '.join(reasons)}; {REMEDY}")


def _layer(name: str, holds: bool) -> Layer:
    if name == "cgroup limits":
        return Layer(name, holds, _HOW[name], "" if holds else _CGROUPS, needed=False)
    return Layer(name, holds, _HOW.get(name, ""))
