"""The kernel, called directly: mounts, prctl, capabilities, Landlock, seccomp. Linux on x86_64 and aarch64."""

from __future__ import annotations

import ctypes
import os
import struct
import sys

CLONE = {
    "mount": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER = 1, 22, 24, 36
PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 38, 39, 47

_libc = ctypes.CDLL(None, use_errno=True)
_NUMBERS = {
    "x86_64": {"landlock": 444, "capset": 126, "seccomp": 317, "pivot_root": 155},
    "aarch64": {"landlock": 444, "capset": 91, "seccomp": 277, "pivot_root": 41},
}


def machine() -> str:
    """Return the processor's name as the kernel gives it."""
    return os.uname().machine


def supported() -> bool:
    """Whether this kernel and processor are known here."""
    return sys.platform == "linux" and machine() in _NUMBERS


def number(name: str) -> int:
    """Return a system call's number."""
    return _NUMBERS[machine()][name]


def call(*arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make a system call; OSError when it fails."""
    result = _libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return int(result)


def unshare(flags: int) -> None:
    """Leave namespaces; OSError when it is not allowed."""
    if _libc.unshare(flags) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Mount; OSError naming the target when it fails."""
    args = [None if a is None else a.encode() for a in (source, target, kind)]
    if _libc.mount(*args, ctypes.c_ulong(flags), None if data is None else data.encode()) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), target)


def umount(target: str, flags: int) -> None:
    """Unmount."""
    if _libc.umount2(target.encode(), flags) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), target)


def prctl(option: int, value: int = 0, third: int = 0) -> int:
    """Call prctl; OSError when it fails."""
    result = _libc.prctl(
        option, ctypes.c_ulong(value), ctypes.c_ulong(third), ctypes.c_ulong(0), ctypes.c_ulong(0)
    )
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return int(result)


def drop_capabilities() -> None:
    """Give up every capability, for good: bounding set, ambient set, and all that this process has."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break
    try:
        prctl(PR_CAP_AMBIENT, 4)
    except OSError:
        pass  # a kernel without ambient capabilities has none to clear
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
    nothing = ctypes.create_string_buffer(struct.pack("6I", *([0] * 6)))
    call(number("capset"), header, nothing)


_READ_FILE, _READ_DIR, _EXECUTE = 1 << 2, 1 << 3, 1 << 0
_FS_V1 = (1 << 13) - 1


def landlock_version() -> int:
    """Return the kernel's Landlock ABI; 0 when it has none."""
    try:
        return call(number("landlock"), None, 0, 1)
    except OSError:
        return 0


def landlock(read: list[str], write: list[str], listed: list[str], *, tcp: bool = False) -> int:
    """Confine this process and its children to these paths and to no TCP; return the ABI used, 0 when there is none.

    listed: folders whose names may be seen, and nothing more. tcp: it has a network of its own, and may use it.
    """
    abi = landlock_version()
    if abi < 1:
        return 0
    files = (
        _FS_V1 | (1 << 13 if abi >= 2 else 0) | (1 << 14 if abi >= 3 else 0) | (1 << 15 if abi >= 5 else 0)
    )
    network = 3 if abi >= 4 and not tcp else 0
    scoped = 3 if abi >= 6 else 0
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    rules = ctypes.create_string_buffer(struct.pack("QQQ", files, network, scoped)[:size], size)
    handle = call(number("landlock"), rules, size, 0)
    try:
        for path in read:
            _allow(handle, path, (_READ_FILE | _READ_DIR | _EXECUTE) & files)
        for path in listed:
            _allow(handle, path, _READ_DIR & files)
        for path in write:
            _allow(handle, path, files & ~((1 << 6) | (1 << 11)))  # no device files
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        call(number("landlock") + 2, handle, 0)
    finally:
        os.close(handle)
    return abi


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no rule
    try:
        if not os.path.isdir(path):
            access &= (1 << 0) | (1 << 1) | (1 << 2) | (1 << 14) | (1 << 15)
        rule = ctypes.create_string_buffer(struct.pack("=Qi", access, parent), 12)
        call(number("landlock") + 1, ruleset, 1, rule, 0)
    finally:
        os.close(parent)


_OPENAT2, _RESOLVE_NO_MAGIC, _RESOLVE_IN_ROOT = 437, 0x02, 0x10


def open_within(root: int, path: str, flags: int) -> int:
    """Open a path below a folder's descriptor as if that folder were the root: no link or ``..`` leads out of it."""
    how = ctypes.create_string_buffer(
        struct.pack("QQQ", flags | os.O_CLOEXEC, 0, _RESOLVE_NO_MAGIC | _RESOLVE_IN_ROOT), 24
    )
    try:
        return call(_OPENAT2, root, path.encode("utf-8", "surrogateescape"), how, 24)
    except OSError as error:
        error.filename = path
        raise
