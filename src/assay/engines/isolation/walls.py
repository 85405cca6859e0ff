"""The walls around a job, built by the process that will become it: namespaces, a fresh root, Landlock, seccomp."""

from __future__ import annotations

import contextlib
import os
import resource
from typing import Any

from assay.engines.isolation import filter as seccomp
from assay.engines.isolation import syscalls as sys_

_DEVICES = ("null", "zero", "full", "random", "urandom")
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}


def leave_namespaces() -> None:
    """Leave every namespace of the host's, as the same user; OSError where the machine does not allow it."""
    uid, gid = os.getuid(), os.getgid()
    flags = 0
    for name in ("user", "mount", "pid", "net", "ipc", "uts", "cgroup"):
        flags |= sys_.CLONE[name]
    sys_.unshare(flags)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def _write(path: str, text: str) -> None:
    with open(path, "w") as out:
        out.write(text)


def fresh_root(order: dict[str, Any]) -> None:
    """Stand on a fresh root that holds only what was granted."""
    sys_.mount(None, "/", None, sys_.MS_REC | sys_.MS_PRIVATE)
    new = order["root"]
    sys_.mount("tmpfs", new, "tmpfs", sys_.MS_NOSUID | sys_.MS_NODEV, "size=16m,mode=755")
    for name in ("proc", "dev", "tmp"):
        os.mkdir(f"{new}/{name}")
    sys_.mount(
        "tmpfs", f"{new}/tmp", "tmpfs", sys_.MS_NOSUID | sys_.MS_NODEV, f"size={order['tmp']},mode=1777"
    )
    for path in order["read"]:
        _bind(path, new, read_only=True)
    for path in order["write"]:
        _bind(path, new, read_only=False)
    for name in _DEVICES:
        with open(f"{new}/dev/{name}", "w"):
            pass
        sys_.mount(f"/dev/{name}", f"{new}/dev/{name}", None, sys_.MS_BIND)
    for name, target in _LINKS.items():
        os.symlink(target, f"{new}/dev/{name}")
    os.mkdir(f"{new}/dev/shm")
    sys_.mount(
        "tmpfs", f"{new}/dev/shm", "tmpfs", sys_.MS_NOSUID | sys_.MS_NODEV, f"size={order['tmp']},mode=1777"
    )
    sys_.mount("proc", f"{new}/proc", "proc", sys_.MS_NOSUID | sys_.MS_NODEV | sys_.MS_NOEXEC)
    os.chdir(new)
    sys_.call(sys_.number("pivot_root"), b".", b".")
    sys_.umount(".", sys_.MNT_DETACH)
    os.chdir("/")
    sys_.mount(
        None, "/", None, sys_.MS_REMOUNT | sys_.MS_BIND | sys_.MS_RDONLY | sys_.MS_NOSUID | sys_.MS_NODEV
    )


def _bind(path: str, new: str, *, read_only: bool) -> None:
    target = new + path
    if os.path.islink(path):
        if not os.path.lexists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.symlink(os.readlink(path), target)
        return
    if os.path.exists(target):
        if not read_only:
            raise OSError(22, "a writable folder lies within a readable one", path)
        return
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w"):
            pass
    sys_.mount(path, target, None, sys_.MS_BIND | sys_.MS_REC)
    flags = (
        sys_.MS_REMOUNT | sys_.MS_BIND | sys_.MS_NOSUID | sys_.MS_NODEV | (sys_.MS_RDONLY if read_only else 0)
    )
    try:
        sys_.mount(None, target, None, flags)
    except OSError:
        kept = os.statvfs(target).f_flag  # flags of the mount below are locked in a user namespace
        sys_.mount(
            None,
            target,
            None,
            flags | (kept & (sys_.MS_NOEXEC | sys_.MS_NODEV | sys_.MS_NOSUID)) | (1024 if kept & 1024 else 0),
        )


def confine(order: dict[str, Any]) -> int:
    """Set limits, Landlock and seccomp, give up capabilities and new privileges; return the Landlock ABI, 0 for none."""
    limits = order["limits"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["disk"], limits["disk"]))
    _soft(resource.RLIMIT_NOFILE, 1024)
    if os.getuid() != 0:
        _soft(resource.RLIMIT_NPROC, max(limits["processes"] * 4, 256))
    os.umask(0o077)
    if order["try"] == "none":
        return 0
    proc = ["/proc/self"] if order["try"] == "partial" else ["/proc"]
    devices = [f"/dev/{n}" for n in _DEVICES]
    temporary = ["/tmp", "/dev/shm"] if order["try"] == "full" else [order["private"]]
    abi = sys_.landlock(
        [*order["read"], *proc, "/sys/devices/system/cpu"],
        [*order["write"], *temporary, *devices],
        order["listed"] if order["try"] == "partial" else ["/"],
    )
    sys_.prctl(sys_.PR_SET_NO_NEW_PRIVS, 1)
    with contextlib.suppress(OSError):  # outside a user namespace an ordinary user has none to drop
        sys_.drop_capabilities()
    seccomp.install()
    return abi


def _soft(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (bound, bound))
