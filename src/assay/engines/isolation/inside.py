"""Run as a process of its own: builds the walls around itself, proves them from inside, then becomes the job.

python -I -S inside.py FD     the order comes as JSON on stdin's first line through descriptor FD,
                              and the proof goes back the same way.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import sys
from typing import Any

from assay.engines.isolation import filter as seccomp
from assay.engines.isolation import syscalls as sys_
from assay.engines.isolation import watch

_DEVICES = ("null", "zero", "full", "random", "urandom")
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}


def main() -> None:
    """Take the order, enter, prove, and become the job."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    order = json.loads(_line(channel))
    sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != order["parent"]:
        os._exit(125)
    wanted = order["level"]
    facts: dict[str, Any] = {"host_net": os.readlink("/proc/self/ns/net")}
    problem = ""
    if order["try"] == "full":
        try:
            _namespaces(order)
        except OSError as error:
            problem = f"{error.strerror} ({error.filename or 'namespaces'})"
            _tell(channel, {"level": "", "layers": {}, "problem": problem})
            os._exit(125)
        pid = os.fork()  # the first process of the new pid namespace; when it dies, all in it die
        if pid:
            _wait(pid, channel)
    else:
        sys_.prctl(sys_.PR_SET_CHILD_SUBREAPER, 1)  # a daemon comes back to us when its parent dies
        pid = os.fork()
        if pid:
            _guard(pid, channel)
        sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        if order["try"] == "full":
            sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGKILL)
            _root(order)
        abi = _confine(order)
        layers = _prove(order, facts, abi)
    except OSError as error:
        _tell(
            channel,
            {"level": "", "layers": {}, "problem": f"{error.strerror} ({error.filename or 'setting up'})"},
        )
        os._exit(125)
    level = _level(layers)
    _tell(channel, {"level": level, "layers": layers, "problem": problem})
    if {"none": 0, "partial": 1, "full": 2}[level] < {"none": 0, "partial": 1, "full": 2}[wanted]:
        os._exit(125)
    if _line(channel) != "go":
        os._exit(125)
    _become(order, channel)


def _line(channel: socket.socket) -> str:
    out = b""
    while not out.endswith(b"\n"):
        part = channel.recv(1 << 16)
        if not part:
            os._exit(125)
        out += part
    return out.decode().rstrip("\n")


def _tell(channel: socket.socket, value: dict[str, Any]) -> None:
    channel.sendall(json.dumps(value).encode() + b"\n")


def _namespaces(order: dict[str, Any]) -> None:
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


def _wait(pid: int, channel: socket.socket) -> None:
    """Outside the pid namespace: end as the job ends."""
    channel.close()
    _close_all()
    while True:
        done, status = os.waitpid(pid, 0)
        if done == pid:
            code = os.waitstatus_to_exitcode(status)
            if code < 0:
                signal.signal(-code, signal.SIG_DFL) if -code not in (
                    signal.SIGKILL,
                    signal.SIGSTOP,
                ) else None
                with contextlib.suppress(OSError):
                    os.kill(os.getpid(), -code)
            os._exit(code if code >= 0 else 128 - code)


def _guard(pid: int, channel: socket.socket) -> None:
    """Where there is no pid namespace: outlive the job, and leave nothing of it, even when our own parent is killed."""
    channel.close()
    _close_all()

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGTERM)
    code = 125
    try:
        while True:
            done, status = os.wait()
            if done == pid:
                code = os.waitstatus_to_exitcode(status)
                break
    except (KeyboardInterrupt, ChildProcessError):
        pass
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    watch.kill_descendants(os.getpid())
    os._exit(code if code >= 0 else 128 - code)


def _close_all() -> None:
    for descriptor in (0, 1, 2):
        with contextlib.suppress(OSError):
            os.close(descriptor)


def _root(order: dict[str, Any]) -> None:
    """A fresh root that holds only what was granted."""
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


def _confine(order: dict[str, Any]) -> int:
    """rlimits, Landlock, no capabilities, no new privileges, seccomp."""
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


def _prove(order: dict[str, Any], facts: dict[str, Any], abi: int) -> dict[str, bool]:
    """Try to break each wall; True: it held."""
    layers = {
        "no internet socket": all(_denied(family) for family in (socket.AF_INET, socket.AF_INET6)),
        "no vsock, netlink or packet socket": all(_denied(family) for family in (40, 16, 17)),
        "no new namespace": _fails(lambda: sys_.unshare(sys_.CLONE["user"])),
        "no new privileges": sys_.prctl(sys_.PR_GET_NO_NEW_PRIVS) == 1,
        "seccomp": _status("Seccomp") == "2",
        "no capabilities": _status("CapEff").strip("0") == "" and _status("CapBnd").strip("0") == ""
        if os.getuid() == 0 or order["try"] == "full"
        else _status("CapEff").strip("0") == "",
        "landlock": abi > 0,
        "host files unreadable": all(
            _fails(lambda p=p: os.close(os.open(p, os.O_RDONLY))) for p in order["canaries"]
        ),
        "own network": False,
        "own processes": False,
        "own root": False,
    }
    if order["try"] == "full":
        layers["own network"] = os.readlink("/proc/self/ns/net") != facts["host_net"] and _only_loopback()
        layers["own processes"] = os.getpid() == 1
        layers["own root"] = not os.path.exists("/etc/passwd") and _fails(lambda: os.mkdir("/here"))
    return layers


def _level(layers: dict[str, bool]) -> str:
    partial = ("no internet socket", "no vsock, netlink or packet socket", "no new namespace", "no new privileges", "seccomp", "host files unreadable", "no capabilities")  # fmt: skip
    if not all(layers[name] for name in (*partial, "landlock")):
        full_without_landlock = all(layers[n] for n in (*partial, "own network", "own processes", "own root"))
        return "full" if full_without_landlock else "none"
    full = ("own network", "own processes", "own root")
    return "full" if all(layers[name] for name in full) else "partial"


def _denied(family: int) -> bool:
    try:
        socket.socket(family, socket.SOCK_RAW if family in (16, 17) else socket.SOCK_STREAM).close()
    except OSError as error:
        return error.errno == 1
    return False


def _fails(act: Any) -> bool:
    try:
        act()
    except OSError:
        return True
    return False


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


def _become(order: dict[str, Any], channel: socket.socket) -> None:
    """Close everything and execute the job; under a pid namespace stay as its first process and reap."""
    channel.close()
    os.chdir(order["cwd"])
    if order["try"] == "full":
        child = os.fork()
        if child:
            _reap(child)
    os.closerange(3, 1 << 16)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    ctypes.CDLL(None)
    try:
        os.execve(order["argv"][0], order["argv"], order["env"])
    except OSError as error:
        os.write(2, f"{order['argv'][0]} cannot be started: {error.strerror}\n".encode())
        os._exit(126)


def _reap(child: int) -> None:
    _close_all()
    while True:
        try:
            done, status = os.wait()
        except ChildProcessError:
            os._exit(1)
        if done == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
