"""Run as a process of its own: builds the walls around itself, tries them from inside, then becomes the job.

The order comes as one line of JSON through the descriptor that argv names, and the proof goes back the same way.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from typing import Any

from assay.engines.isolation import ending, walls
from assay.engines.isolation import syscalls as sys_
from assay.engines.isolation.grant import RANK
from assay.engines.isolation.trial import level_of, try_walls


def main() -> None:
    """Take the order, enter, prove, and become the job."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    order = json.loads(_line(channel))
    sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != order["parent"]:
        os._exit(125)
    host_net = os.readlink("/proc/self/ns/net")
    opened: list[int] = []
    try:
        _enter(order, channel)
        if order["try"] == "full":
            opened = walls.fresh_root(order)
        abi = walls.confine(order)
        layers = try_walls(order, host_net, abi)
    except OSError as error:
        problem = f"{error.strerror} ({error.filename or 'setting up'})"
        _tell(channel, {"level": "", "layers": {}, "problem": problem})
        os._exit(125)
    level = level_of(layers)
    _tell(channel, {"level": level, "layers": layers, "problem": ""}, opened)
    if RANK[level] < RANK[order["level"]] or _line(channel) != "go":
        os._exit(125)
    channel.close()
    _become(order)


def _line(channel: socket.socket) -> str:
    out = b""
    while not out.endswith(b"\n"):
        part = channel.recv(1 << 16)
        if not part:
            os._exit(125)
        out += part
    return out.decode().rstrip("\n")


def _tell(channel: socket.socket, value: dict[str, Any], descriptors: list[int] | None = None) -> None:
    line = json.dumps(value).encode() + b"\n"
    if descriptors:
        socket.send_fds(channel, [line], descriptors)
    else:
        channel.sendall(line)


def _enter(order: dict[str, Any], channel: socket.socket) -> None:
    """Leave the namespaces, or at least the process group; what stays behind stands over the job."""
    parent = order["parent"]
    if order["try"] == "full":
        walls.leave_namespaces()
        pid = os.fork()  # the first process of the new pid namespace; when it dies, all in it die
        if pid:
            channel.close()
            ending.over_namespace(pid)
        sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGKILL)
        return
    sys_.prctl(sys_.PR_SET_CHILD_SUBREAPER, 1)  # a daemon comes back to us when its parent dies
    waiting, ready = os.pipe()
    pid = os.fork()
    if pid:
        channel.close()
        os.close(waiting)
        ending.over_group(pid, parent, ready)
    sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgid(0, 0)
    os.close(ready)
    os.read(waiting, 1)
    os.close(waiting)


def _become(order: dict[str, Any]) -> None:
    """Close everything and execute the job; under a pid namespace stay as its first process and reap."""
    os.chdir(order["cwd"])
    if order["try"] == "full":
        child = os.fork()
        if child:
            ending.first_process(child)
        with contextlib.suppress(OSError):
            os.setsid()  # no group of ours, and no terminal
    os.closerange(3, 1 << 16)
    try:
        os.execve(order["argv"][0], order["argv"], order["env"])
    except OSError as error:
        os.write(2, f"{order['argv'][0]} cannot be started: {error.strerror}\n".encode())
        os._exit(126)
