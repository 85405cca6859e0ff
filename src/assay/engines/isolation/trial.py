"""Each wall tried from inside, before the job begins: what could be broken does not count as a wall."""

from __future__ import annotations

import os
import resource
from _socket import AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM, sethostname

from assay.engines.isolation import bare
from assay.engines.isolation import filter as seccomp
from assay.engines.isolation import syscalls as sys_

TYPE_CHECKING = False  # typing itself is not imported: it would be a fifth of a job's start
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_OWN = ("own user", "own network", "own processes", "own root", "own ipc and host name", "own cgroup view")
_SETTINGS = ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger")
_METADATA = ("169.254.169.254", "169.254.170.2")
_ALWAYS = (
    "no internet socket",
    "no vsock, netlink or packet socket",
    "no socket of the host",
    "no host loopback",
    "no metadata address",
    "no signal to the host",
    "host settings unwritable",
    "no new namespace",
    "no new privileges",
    "seccomp",
    "no tracing",
    "no keyring",
    "no io_uring, bpf, userfaultfd",
    "no mount, no device",
    "host files unreadable",
    "no capabilities",
    "limits that cannot be raised",
)


def try_walls(order: dict[str, Any], abi: int) -> dict[str, bool]:
    """Try to break each wall; True: it held."""
    if order["try"] == "none":
        return dict.fromkeys((*_ALWAYS, "landlock", *_OWN), False)
    alone, network = order["try"] == "full", bool(order["links"])
    layers = {
        "no internet socket": _nowhere() if network else all(map(_denied, (AF_INET, AF_INET6))),
        "no vsock, netlink or packet socket": all(map(_denied, (40, 17) if network else (40, 16, 17))),
        "no socket of the host": _denied(AF_UNIX) if not alone else _unreached(AF_UNIX, order["abstract"]),
        "no host loopback": _unreached(AF_INET, ("127.0.0.1", order["loopback"])),
        "no metadata address": all(_unreached(AF_INET, (address, 80)) for address in _METADATA),
        "no signal to the host": (alone and order["parent"] < 3) or _fails(lambda: os.kill(order["parent"], 0)),
        "host settings unwritable": not any(_writable(path) for path in _SETTINGS),
        "no new namespace": _fails(lambda: sys_.unshare(sys_.CLONE["user"])),
        "no new privileges": sys_.prctl(sys_.PR_GET_NO_NEW_PRIVS) == 1,
        "seccomp": _status("Seccomp") == "2",
        "no tracing": _calls_refused("ptrace", "process_vm_readv", "process_vm_writev", "perf_event_open", "pidfd_getfd"),
        "no keyring": _calls_refused("add_key", "request_key", "keyctl"),
        "no io_uring, bpf, userfaultfd": _calls_refused("io_uring_setup", "bpf", "userfaultfd"),
        "no mount, no device": _calls_refused("mount", "umount2", "open_tree", "fsopen", "move_mount", "mknodat", "pivot_root"),
        "host files unreadable": not any(_readable(path) for path in order["canaries"]),
        "no capabilities": _status("CapEff").strip("0") == "" and (not (alone or os.getuid() == 0) or _status("CapBnd").strip("0") == ""),
        "limits that cannot be raised": _limited(),
        "landlock": abi > 0,
        **dict.fromkeys(_OWN, False),
    }  # fmt: skip
    if alone:
        layers |= _own(order)
    return layers


def _own(order: dict[str, Any]) -> dict[str, bool]:
    """Try what the namespaces are for; each must also be another than that of whoever started the job."""
    other = {n: os.readlink(f"/proc/self/ns/{n}") != found for n, found in order["namespaces"].items()}
    wanted = {"lo", *([order["links"]["peers"]["interface"]] if order["links"].get("peers") else [])}
    return {
        "own user": other["user"] and _fails(lambda: os.setuid(os.getuid() + 1)),
        "own network": other["net"] and _interfaces() <= wanted,
        "own processes": other["pid"] and os.getpid() == 1,
        "own root": other["mnt"] and _fails(lambda: os.mkdir("/here")),
        "own ipc and host name": other["ipc"] and other["uts"] and _fails(lambda: sethostname("x")),
        "own cgroup view": other["cgroup"] and _fails(lambda: os.mkdir("/sys/fs/cgroup/here")),
    }


def level_of(layers: dict[str, bool]) -> str:
    """Return full, partial or none: a root of one's own makes up for a kernel without Landlock."""
    if not all(layers[name] for name in _ALWAYS):
        return "none"
    if all(layers[name] for name in _OWN):
        return "full"
    return "partial" if layers["landlock"] else "none"


def _denied(family: int) -> bool:
    try:
        bare.Socket(family, SOCK_RAW if family in (16, 17) else SOCK_STREAM).close()
    except OSError as error:
        return error.errno == 1
    return False


def _unreached(family: int, address: Any) -> bool:
    """Whether nothing answers at an address; what takes longer than an instant is no answer of ours either."""
    try:
        with bare.Socket(family) as tried:
            tried.settimeout(0.2)
            tried.connect(address)
    except TimeoutError:
        return False  # it went somewhere
    except OSError:
        return True
    return False


def _nowhere() -> bool:
    """Whether no address outside can be reached, by TCP or by UDP."""
    if not _unreached(AF_INET, ("8.8.8.8", 53)) or not _unreached(AF_INET6, ("2001:4860:4860::8888", 53)):
        return False
    with bare.Socket(AF_INET, SOCK_DGRAM) as tried:
        return _fails(lambda: tried.sendto(b"x", ("8.8.8.8", 53)))


def _calls_refused(*names: str) -> bool:
    """Whether each call fails as the filter lets it fail, before the kernel looks at its arguments."""
    for name in names:
        number = seccomp.number(name)
        if number is None:
            continue
        try:
            sys_.call(number, 0, 0, 0, 0, 0, 0)
        except OSError as error:
            if error.errno in (1, 38):
                continue
        return False
    return True


def _limited() -> bool:
    """Whether no core is written, and no limit of what may be opened or written can be raised again."""
    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):
        return False
    for which in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE):
        _, hard = resource.getrlimit(which)
        try:
            resource.setrlimit(which, (hard, hard + 1))
        except (OSError, ValueError):
            continue
        return False
    return True


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


def _interfaces() -> set[str]:
    with open("/proc/net/dev") as devices:
        return {line.split(":")[0].strip() for line in devices.readlines()[2:]}
