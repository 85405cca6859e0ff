"""The order that the process of a job takes: what it may read, write and reach, as plain values."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assay.engines.isolation import links
from assay.engines.isolation.grant import Grant, interpreter, python_paths, source

SPACES = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
HERE = (
    "!"  # said once there is a process to be brought into control groups; what it imports then takes as long
)
CANARY = Path("/etc/passwd")
_TEMPORARY = 1 << 30  # bytes of /tmp, at most
_NAMES = "127.0.0.1 localhost\n::1 localhost\n"
# The package's own modules are not run: what they import for whoever starts jobs would be half of a job's start.
_LAUNCH = """
import posix, sys
posix.write(int(sys.argv[1]), b"{first}")
for name in {packages!r}:
    made = type(sys)(name)
    made.__path__ = [{ours!r} + "/" + name.replace(".", "/")]
    sys.modules[name] = made
from {module} import main
main()
"""


@cache
def launch(module: str = "assay.engines.isolation.inside", *packages: str, first: str = HERE) -> str:
    """Return the program that the process of a job begins with, or another of ours.

    packages: more that are not run. first: what it says before anything else, through the descriptor that argv names.
    """
    skipped = ("assay", "assay.engines", "assay.engines.isolation", *packages)
    return _LAUNCH.format(ours=str(source()), packages=skipped, module=module, first=first)


@dataclass
class Traps:
    """What a job must not reach: a file of a place that is nowhere granted, a socket by name, a port of this machine."""

    file: Path
    abstract: socket.socket
    loopback: socket.socket | None

    @classmethod
    def laid(cls, private: Path) -> Traps:
        """Lay them; a machine without loopback has none there."""
        file = private / "canary"
        file.write_text("out of reach")
        abstract = socket.socket(socket.AF_UNIX)
        abstract.bind("")  # a name that the kernel gives, of the whole network namespace
        abstract.listen(1)
        loopback: socket.socket | None = socket.socket(socket.AF_INET)
        assert loopback is not None
        try:
            loopback.bind(("127.0.0.1", 0))
            loopback.listen(1)
        except OSError:
            loopback.close()
            loopback = None
        return cls(file, abstract, loopback)

    def __enter__(self) -> Traps:
        return self

    def __exit__(self, *_: object) -> None:
        self.abstract.close()
        if self.loopback is not None:
            self.loopback.close()

    @property
    def port(self) -> int:
        """Return the port on this machine's loopback, or one where nobody listens."""
        return self.loopback.getsockname()[1] if self.loopback is not None else 1


def made(
    argv: list[str], grant: Grant, attempt: str, by: str, private: Path, cwd: Path | None, traps: Traps
) -> dict[str, Any]:
    """Return the order. attempt: full, partial or none. by: bubblewrap or kernel. private: the job's folder."""
    tmp = private / "tmp"
    inner_tmp = "/tmp" if attempt == "full" else str(tmp)
    reads = grant.read if grant.root is not None else (*python_paths(), *grant.read)
    return {
        "try": attempt,
        "by": by,
        "level": grant.level,
        "parent": os.getpid(),
        "argv": argv,
        # The way out comes last: an image that was built behind a proxy says that proxy still.
        "env": {**_environment(grant, inner_tmp), **grant.env, **_way_out(grant)},
        "cwd": str(cwd) if cwd else inner_tmp,
        "read": [str(p) for p in dict.fromkeys(reads)],
        "write": [str(p) for p in grant.write],
        "listed": [str(source())],  # an import looks for a package's name in the folder it lies in
        "image": str(grant.root.path) if grant.root is not None else "",
        "user": grant.root.user if grant.root is not None else None,
        "name": grant.peers.name if grant.peers is not None else "",
        "links": _links(grant),
        "files": _files(grant),
        "root": str(private / "root"),
        "private": str(tmp),
        "tmp": min(grant.limits.disk, grant.limits.memory, _TEMPORARY),
        "canaries": [str(traps.file), *([] if grant.root is not None else [str(CANARY)])] if attempt != "none" else [],
        "abstract": traps.abstract.getsockname(),
        "loopback": traps.port,
        "namespaces": {name: os.readlink(f"/proc/self/ns/{name}") for name in SPACES},
        "limits": {"disk": grant.limits.disk, "processes": grant.limits.processes},
    }  # fmt: skip


def _environment(grant: Grant, tmp: str) -> Mapping[str, str]:
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    if grant.root is None:
        path = f"{interpreter().parent}:/usr/local/bin:/usr/bin:/bin"
    return {
        "PATH": path,
        "HOME": tmp,
        "TMPDIR": tmp,
        "LANG": "C.UTF-8",
        # Threads of OpenMP that wait for one another sleep, and do not spin: on a machine with other work a training
        # that takes a second took forty.
        "OMP_WAIT_POLICY": "PASSIVE",
    }


def _way_out(grant: Grant) -> Mapping[str, str]:
    if grant.egress is None:
        return {}
    return grant.egress.environment(tuple(grant.peers.hosts) if grant.peers is not None else ())


def _links(grant: Grant) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if grant.peers is not None:
        peers = grant.peers
        out["peers"] = {"address": peers.address, "netmask": peers.netmask, "interface": links.INTERFACE}
    if grant.egress is not None:
        out["egress"] = True
    return out


def _files(grant: Grant) -> dict[str, str]:
    """Return the files by which names are found, for a job that has a network: its peers', and no others."""
    if grant.peers is None and grant.egress is None:
        return {}
    hosts = grant.peers.hosts if grant.peers is not None else {}
    told = "".join(f"{address} {name}\n" for name, address in hosts.items())
    return {"/etc/hosts": _NAMES + told, "/etc/nsswitch.conf": "hosts: files\n"}
