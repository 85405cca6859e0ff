"""The walls around a job, built by the process that will become it: namespaces, a fresh root, Landlock, seccomp."""

from __future__ import annotations

import os
import resource

from assay.engines.isolation import bare, links
from assay.engines.isolation import filter as seccomp
from assay.engines.isolation import syscalls as sys_

TYPE_CHECKING = False  # typing itself is not imported: it would be a fifth of a job's start
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

DEVICES = ("null", "zero", "full", "random", "urandom")
TEMPORARY = ("/tmp", "/dev/shm")
LENGTHS_HELD = 3  # the Landlock ABI from which on a file is not cut short without leave
SIGNALS_SCOPED = 6  # the Landlock ABI from which on signals and abstract sockets stay inside
LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
_RESERVED = 300  # process numbers that the kernel does not hand out again
_SMALL = "mode=755,size=16m,nr_inodes=8192"


def leave_namespaces(user: tuple[int, int] | None = None) -> None:
    """Leave every namespace of the machine; no user exists inside but one.

    user: its numbers inside, of a user and a group, where an image says so; else it keeps its own.
    """
    uid, gid = os.getuid(), os.getgid()
    inner_uid, inner_gid = user or (uid, gid)
    flags = 0
    for name in ("user", "mount", "pid", "net", "ipc", "uts", "cgroup"):
        flags |= sys_.CLONE[name]
    sys_.unshare(flags)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{inner_uid} {uid} 1")
    _write("/proc/self/gid_map", f"{inner_gid} {gid} 1")


def _write(path: str, text: str) -> None:
    with open(path, "w") as out:
        out.write(text)


def fresh_root(order: dict[str, Any]) -> list[int]:
    """Make a fresh root that holds only what was granted; return its temporary folders, opened to be measured."""
    sys_.mount(None, "/", None, sys_.MS_REC | sys_.MS_PRIVATE)
    new = order["root"]
    sys_.mount("tmpfs", new, "tmpfs", sys_.MS_NOSUID | sys_.MS_NODEV, _SMALL)
    for name in ("proc", "dev", "tmp"):
        os.mkdir(f"{new}/{name}")
    _temporary(f"{new}/tmp", order["tmp"])
    if order["image"]:
        _image(order["image"], new, [*order["read"], *order["write"], links.FOLDER], order["files"])
    for path in order["read"]:
        _bind(path, new, read_only=True)
    for path in order["write"]:
        _bind(path, new, read_only=False)
    if order["links"].get("egress"):
        os.makedirs(new + links.FOLDER, exist_ok=True)
        sys_.mount("tmpfs", new + links.FOLDER, "tmpfs", sys_.MS_NOSUID | sys_.MS_NODEV, "mode=755,size=64k")
    for name, text in order["files"].items():  # /etc/hosts and its like, of a job with a network of its own
        _own_file(new, name, text)
    for name in DEVICES:
        with open(f"{new}/dev/{name}", "w"):
            pass
        sys_.mount(f"/dev/{name}", f"{new}/dev/{name}", None, sys_.MS_BIND)
    for name, target in LINKS.items():
        os.symlink(target, f"{new}/dev/{name}")
    os.mkdir(f"{new}/dev/shm")
    _temporary(f"{new}/dev/shm", order["tmp"])
    _proc(f"{new}/proc", order["limits"]["processes"])
    os.chdir(new)
    sys_.call(sys_.number("pivot_root"), b".", b".")
    sys_.umount(".", sys_.MNT_DETACH)
    os.chdir("/")
    flags = sys_.MS_REMOUNT | sys_.MS_BIND | sys_.MS_RDONLY | sys_.MS_NOSUID | sys_.MS_NODEV
    sys_.mount(None, "/", None, flags)
    return opened_temporary()


def opened_temporary() -> list[int]:
    """Return the job's folders in memory, opened so that they can be measured from outside."""
    return [os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC) for path in TEMPORARY]


def _image(root: str, new: str, granted: list[str], own: Iterable[str]) -> None:
    """Bring in an image's file system, read-only. A folder that something granted lies in is made, and filled by entry.

    own: files of ours, which the image's are left out for: many images have none, and none is made in what is read-only.
    """
    granted, ours = [*granted, *own], set(own)
    todo = [""]
    while todo:
        folder = todo.pop()
        for entry in os.scandir(root + (folder or "/")):
            path = f"{folder}/{entry.name}"
            if path in ("/proc", "/dev", "/tmp", "/sys") or path in ours:
                continue
            inner = [g for g in granted if g == path or g.startswith(path + "/")]
            if entry.is_symlink() and inner:
                raise OSError(40, "the image has a link where something is granted", path)
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), new + path)
            elif path in granted:
                continue
            elif inner:
                os.makedirs(new + path, exist_ok=True)
                todo.append(path)
            else:
                _bind_to(entry.path, new + path, read_only=True)


def _own_file(new: str, path: str, text: str) -> None:
    """Make a file of ours, in place of what was granted there."""
    target = new + path
    if os.path.lexists(target):
        os.makedirs(f"{new}/dev/.own", exist_ok=True)
        made = f"{new}/dev/.own/{os.path.basename(path)}"
        _write(made, text)
        _bind_to(made, target, read_only=True)
        return
    if os.path.islink(os.path.dirname(target)):
        raise OSError(40, "the image has a link where a folder is needed", os.path.dirname(path))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    _write(target, text)


def _temporary(path: str, size: int) -> None:
    data = f"mode=1777,size={size},nr_inodes={max(size >> 14, 1024)}"
    sys_.mount("tmpfs", path, "tmpfs", sys_.MS_NOSUID | sys_.MS_NODEV, data)


def _proc(path: str, processes: int) -> None:
    """Its own /proc, read-only: a root user's number is enough to write settings of the machine there."""
    flags = sys_.MS_NOSUID | sys_.MS_NODEV | sys_.MS_NOEXEC
    sys_.mount("proc", path, "proc", flags)
    with bare.Passing(OSError):  # since Linux 6.14 a namespace has a ceiling of its own
        _write(f"{path}/sys/kernel/pid_max", str(processes + _RESERVED + 50))
    sys_.mount(None, path, None, flags | sys_.MS_REMOUNT | sys_.MS_BIND | sys_.MS_RDONLY)


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
    os.makedirs(os.path.dirname(target), exist_ok=True)
    _bind_to(path, target, read_only=read_only)


def _bind_to(path: str, target: str, *, read_only: bool) -> None:
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
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
    """Limits, Landlock, no capabilities, no new privileges, seccomp; return the Landlock ABI in force."""
    limits = order["limits"]
    for which, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits["disk"]),
        (resource.RLIMIT_NOFILE, 1024),
        (getattr(resource, "RLIMIT_MSGQUEUE", None), 0),
        (getattr(resource, "RLIMIT_RTPRIO", None), 0),
    ):
        if which is not None:
            _lower(which, value)
    # The number that it has inside says nothing: an image's root is an ordinary user here. The machine's root is not bounded so.
    _lower(resource.RLIMIT_NPROC, max(limits["processes"] * 4, 256))
    os.umask(0o077)
    for number in (bare.SIGINT, bare.SIGPIPE, bare.SIGTERM):
        bare.on_signal(number, bare.DEFAULT)
    if order["try"] == "none":
        return 0
    alone, network = order["try"] == "full", bool(order["links"])
    proc = ["/proc"] if alone else ["/proc/self"]
    devices = [f"/dev/{n}" for n in DEVICES]
    temporary = list(TEMPORARY) if alone else [order["private"]]
    abi = sys_.landlock(
        [*order["read"], *_of_image(order["image"]), *order["files"], *proc, "/sys/devices/system/cpu"],
        [*order["write"], *temporary, *devices, *([links.FOLDER] if network else [])],
        ["/"] if alone else order["listed"],
        tcp=network,
    )
    sys_.prctl(sys_.PR_SET_NO_NEW_PRIVS, 1)
    with bare.Passing(OSError):  # outside a user namespace an ordinary user has none to drop
        sys_.drop_capabilities()
    seccomp.install(
        alone=alone,
        signals=alone or abi >= SIGNALS_SCOPED,
        network=network,
        lengths=alone or abi >= LENGTHS_HELD,
    )
    return abi


def _of_image(image: str) -> list[str]:
    """Return what lies at the top of an image's root, as it is found inside."""
    own = ("proc", "dev", "tmp", "sys")
    return [f"/{e}" for e in os.listdir("/") if e not in own] if image else []


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (bound, bound))
