"""Each wall tried from inside, before the job begins: what could be broken does not count as a wall."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from assay.engines.isolation import syscalls as sys_

_OWN = ("own network", "own processes", "own root")
_SETTINGS = ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger")
_ALWAYS = (
    "no internet socket",
    "no vsock, netlink or packet socket",
    "no socket of the host",
    "no signal to the host",
    "host settings unwritable",
    "no new namespace",
    "no new privileges",
    "seccomp",
    "host files unreadable",
    "no capabilities",
)


def try_walls(order: dict[str, Any], host_net: str, abi: int) -> dict[str, bool]:
    """Try to break each wall; True: it held."""
    if order["try"] == "none":
        return dict.fromkeys((*_ALWAYS, "landlock", *_OWN), False)
    alone = order["try"] == "full"
    layers = {
        "no internet socket": all(_denied(family) for family in (socket.AF_INET, socket.AF_INET6)),
        "no vsock, netlink or packet socket": all(_denied(family) for family in (40, 16, 17)),
        "no socket of the host": alone or _denied(socket.AF_UNIX),
        "no signal to the host": alone or _fails(lambda: os.kill(order["parent"], 0)),
        "no new namespace": _fails(lambda: sys_.unshare(sys_.CLONE["user"])),
        "no new privileges": sys_.prctl(sys_.PR_GET_NO_NEW_PRIVS) == 1,
        "seccomp": _status("Seccomp") == "2",
        "no capabilities": _status("CapEff").strip("0") == "" and _status("CapBnd").strip("0") == ""
        if os.getuid() == 0 or alone
        else _status("CapEff").strip("0") == "",
        "landlock": abi > 0,
        "host files unreadable": not any(_readable(path) for path in order["canaries"]),
        "host settings unwritable": not any(_writable(path) for path in _SETTINGS),
        **dict.fromkeys(_OWN, False),
    }
    if alone:
        layers["own network"] = os.readlink("/proc/self/ns/net") != host_net and _only_loopback()
        layers["own processes"] = os.getpid() == 1
        layers["own root"] = not os.path.exists("/etc/passwd") and _fails(lambda: os.mkdir("/here"))
    return layers


def level_of(layers: dict[str, bool]) -> str:
    """Return full, partial or none: a root of one's own makes up for a kernel without Landlock."""
    if not all(layers[name] for name in _ALWAYS):
        return "none"
    if all(layers[name] for name in _OWN):
        return "full"
    return "partial" if layers["landlock"] else "none"


def _denied(family: int) -> bool:
    try:
        socket.socket(family, socket.SOCK_RAW if family in (16, 17) else socket.SOCK_STREAM).close()
    except OSError as error:
        return error.errno == 1
    return False


def _fails(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError:
        return True
    return False


def _readable(path: str) -> bool:
    return not _fails(lambda: os.close(os.open(path, os.O_RDONLY)))


def _writable(path: str) -> bool:
    return not _fails(lambda: os.close(os.open(path, os.O_WRONLY)))


def _status(name: str) -> str:
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(name + ":"):
                return line.split(":", 1)[1].strip()
    return ""


def _only_loopback() -> bool:
    with open("/proc/net/dev") as devices:
        names = [line.split(":")[0].strip() for line in devices.readlines()[2:]]
    return names in ([], ["lo"])
