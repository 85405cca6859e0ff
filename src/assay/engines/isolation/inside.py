"""Run as a process of its own: builds the walls around itself, tries them from inside, then becomes the job.

``main`` takes the number of a socket as its only argument. The order comes through it as one line of JSON, the proof
goes back the same way, and the job begins when the answer is ``go``.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from typing import Any

from assay.engines.isolation import syscalls as sys_
from assay.engines.isolation import watch
from assay.engines.isolation.grant import RANK
from assay.engines.isolation.trial import level_of, try_walls
from assay.engines.isolation.walls import confine, fresh_root, leave_namespaces


def main() -> None:
    """Take the order, enter, prove, and become the job."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    order = json.loads(_line(channel))
    sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != order["parent"]:
        os._exit(125)
    host_net = os.readlink("/proc/self/ns/net")
    problem = ""
    if order["try"] == "full":
        try:
            leave_namespaces()
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
            fresh_root(order)
        abi = confine(order)
        layers = try_walls(order, host_net, abi)
    except OSError as error:
        _tell(
            channel,
            {"level": "", "layers": {}, "problem": f"{error.strerror} ({error.filename or 'setting up'})"},
        )
        os._exit(125)
    level = level_of(layers)
    _tell(channel, {"level": level, "layers": layers, "problem": problem})
    if RANK[level] < RANK[order["level"]]:
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
