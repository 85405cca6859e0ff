"""Run as a process of its own: builds the walls around itself, tries them from inside, then becomes the job.

The order comes through the descriptor that argv names, and the proof goes back the same way, as lines. What is imported
here is on the way of every job: no package's own module is run (see order.py), and what stands in bare.py is read in place of
larger modules.
"""

from __future__ import annotations

import marshal
import os
import sys
from _socket import sethostname, socket

from assay.engines.isolation import bare, ending, links, walls
from assay.engines.isolation import syscalls as sys_
from assay.engines.isolation.levels import RANK
from assay.engines.isolation.trial import level_of, try_walls

TYPE_CHECKING = False  # typing itself is not imported: it would be a fifth of a job's start
if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    """Take the order, enter, prove, and become the job."""
    channel = socket(fileno=int(sys.argv[1]))
    order = marshal.loads(_exactly(channel, int.from_bytes(_exactly(channel, 4), "big")))
    sys_.prctl(sys_.PR_SET_PDEATHSIG, bare.SIGKILL)
    if order["by"] == "kernel" and os.getppid() != order["parent"]:
        os._exit(125)
    opened: list[int] = []
    try:
        _enter(order, channel)
        if order["try"] == "full":
            carried = links.carrier(order) if order["links"] else []
            temporary = walls.fresh_root(order) if order["by"] == "kernel" else walls.opened_temporary()
            opened = [*temporary, *carried, *links.listeners(order)]
            if order["name"]:
                sethostname(order["name"])
        abi = walls.confine(order)
        layers = try_walls(order, abi)
    except OSError as error:
        problem = f"{error.strerror} ({error.filename or 'setting up'})"
        _tell(channel, "", {}, problem)
        os._exit(125)
    level = level_of(layers)
    _tell(channel, level, layers, "", opened)
    if RANK[level] < RANK[order["level"]] or _exactly(channel, 2) != b"go":
        os._exit(125)
    channel.close()
    _become(order)


def _exactly(channel: socket, length: int) -> bytes:
    out = b""
    while len(out) < length:
        part = channel.recv(min(length - len(out), 1 << 16))
        if not part:
            os._exit(125)
        out += part
    return out


def _tell(
    channel: socket,
    level: str,
    layers: dict[str, bool],
    problem: str,
    descriptors: list[int] | None = None,
) -> None:
    lines = [f"level\t{level}", f"problem\t{' '.join(problem.split())}"]
    lines += [f"{'held' if holds else 'broken'}\t{name}" for name, holds in layers.items()]
    text = ("\n".join(lines) + "\n\n").encode()
    if descriptors:
        bare.send_descriptors(channel, text, descriptors)
    else:
        channel.sendall(text)


def _enter(order: dict[str, Any], channel: socket) -> None:
    """Leave the namespaces, or at least the process group; what stays behind stands over the job."""
    parent = order["parent"]
    if order["by"] == "bubblewrap":
        return  # it has left them, and stands over the job itself
    if order["try"] == "full":
        walls.leave_namespaces(order["user"])
        pid = os.fork()  # the first process of the new pid namespace; when it dies, all in it die
        if pid:
            channel.close()
            ending.over_namespace(pid)
        sys_.prctl(sys_.PR_SET_PDEATHSIG, bare.SIGKILL)
        return
    sys_.prctl(sys_.PR_SET_CHILD_SUBREAPER, 1)  # a daemon comes back to us when its parent dies
    waiting, ready = os.pipe()
    pid = os.fork()
    if pid:
        channel.close()
        os.close(waiting)
        ending.over_group(pid, parent, ready)
    sys_.prctl(sys_.PR_SET_PDEATHSIG, bare.SIGKILL)
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
        with bare.Passing(OSError):
            os.setsid()  # no group of ours, and no terminal
    os.closerange(3, 1 << 16)
    try:
        os.execve(order["argv"][0], order["argv"], order["env"])
    except OSError as error:
        os.write(2, f"{order['argv'][0]} cannot be started: {error.strerror}\n".encode())
        os._exit(126)
