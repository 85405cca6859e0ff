"""Run as a process of its own: the job's network namespace, and in it a port for each worker, which carries its packets.

A port takes whole IP packets from its worker's interface and hands each to the port of the worker it is for; it takes from
that port what comes from that worker and is for its own. What is addressed to anybody else, or comes under another's
address, is dropped: there is no way out, and no worker speaks as another.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import selectors
import signal
import socket
import sys
from pathlib import Path

from assay.engines.authority import Papers
from assay.engines.isolation import links
from assay.engines.isolation import syscalls as sys_
from assay.engines.peers.lines import FULL, Line, sealed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FIRST = 40_000  # port numbers of the shared link
_PATIENCE = 20.0
_PACKET_MOST = 64  # taken from an interface in one turn
_READ = 1 << 16


def main() -> None:
    """Take the order, make the namespace, start the ports, and say when all are joined."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    order = marshal.loads(_exactly(channel, int.from_bytes(_exactly(channel, 4), "big")))  # noqa: S302  # from whoever started us
    sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != order["parent"]:
        os._exit(125)
    try:
        _leave()
    except OSError as error:
        channel.sendall(f"no network of its own: {error.strerror}\n".encode())
        os._exit(125)
    captured = [_capture()] if order["watched"] else []
    sys_.prctl(sys_.PR_SET_NO_NEW_PRIVS, 1)
    sys_.drop_capabilities()
    listeners = [_listener(rank) for rank in range(len(order["interfaces"]))]
    said, tell = os.pipe()
    for rank in range(len(listeners)):
        if os.fork() == 0:
            sys_.prctl(sys_.PR_SET_PDEATHSIG, signal.SIGKILL)
            os.close(said)
            channel.close()
            _port(rank, order, listeners, tell)
    os.close(tell)
    joined = 0
    while joined < len(listeners) and (part := os.read(said, 64)):
        joined += len(part)
    text = b"joined\n" if joined == len(listeners) else b"the workers' ports could not be joined\n"
    if captured:
        socket.send_fds(channel, [text], captured)
    else:
        channel.sendall(text)
    while channel.recv(64):  # until whoever started us lets go
        pass
    os.killpg(0, signal.SIGKILL)


def _leave() -> None:
    uid, gid = os.getuid(), os.getgid()
    sys_.unshare(sys_.CLONE["user"] | sys_.CLONE["net"] | sys_.CLONE["ipc"] | sys_.CLONE["uts"])
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path("/proc/self", name).write_text(text)
    links.up("lo")


def _capture() -> int:
    """Return a socket that sees every packet of the shared link."""
    seen = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    seen.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
    seen.bind(("lo", 0))
    return seen.detach()


def _listener(rank: int) -> socket.socket:
    made = socket.socket(socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", _FIRST + rank))
    made.listen(256)
    return made


def _port(rank: int, order: dict[str, Any], listeners: list[socket.socket], tell: int) -> None:
    """Join the other ports, then carry packets until the job is over."""
    try:
        lines = _joined(rank, order, listeners[rank])
        for one in listeners:
            one.close()
        os.write(tell, b".")
        os.close(tell)
        _carry(rank, order, lines)
    except OSError:
        os._exit(1)
    os._exit(0)


def _joined(rank: int, order: dict[str, Any], listener: socket.socket) -> list[Line]:
    names, papers = order["names"], [Papers(*p) for p in order["papers"]]
    listener.settimeout(_PATIENCE)
    lines = []
    for peer in range(rank):  # whoever comes later calls
        held = socket.create_connection(("127.0.0.1", _FIRST + peer), _PATIENCE)
        held.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        held.sendall(rank.to_bytes(4, "big"))
        lines.append(Line(sealed(held, papers[rank], names[peer], server=False) if papers else held, peer))
    for _ in range(rank + 1, len(names)):
        held, _ = listener.accept()
        held.settimeout(_PATIENCE)
        held.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = int.from_bytes(_exactly(held, 4), "big")
        if not rank < peer < len(names) or peer in [line.peer for line in lines]:
            raise OSError(13, "a worker that is none, or is joined already")
        lines.append(Line(sealed(held, papers[rank], names[peer], server=True) if papers else held, peer))
    return lines


def _carry(rank: int, order: dict[str, Any], lines: list[Line]) -> None:
    interface = order["interfaces"][rank]
    os.set_blocking(interface, False)
    addresses = [socket.inet_aton(a) for a in order["addresses"]]
    own = addresses[rank]
    by_address = {addresses[line.peer]: line for line in lines}
    with selectors.DefaultSelector() as waiting:
        watched: dict[Line, int] = {}
        taking = False
        while any(not line.ended for line in lines):
            room = all(len(line.out) < FULL for line in lines)
            if room != taking:
                _ = (
                    waiting.register(interface, selectors.EVENT_READ)
                    if room
                    else waiting.unregister(interface)
                )
                taking = room
            for line in lines:
                _watch(waiting, watched, line)
            for key, _ in waiting.select():
                if key.fileobj == interface:
                    _outward(interface, own, by_address)
                else:
                    _inward(interface, own, addresses[key.data.peer], key.data)
            for line in lines:
                line.flush()


def _watch(waiting: selectors.BaseSelector, watched: dict[Line, int], line: Line) -> None:
    wanted = 0 if line.ended else selectors.EVENT_READ | (selectors.EVENT_WRITE if line.out else 0)
    had = watched.get(line, 0)
    if wanted == had:
        return
    if not wanted:
        waiting.unregister(line.held)
    elif had:
        waiting.modify(line.held, wanted, line)
    else:
        waiting.register(line.held, wanted, line)
    watched[line] = wanted


def _outward(interface: int, own: bytes, by_address: dict[bytes, Line]) -> None:
    """Take packets from the worker, each for the peer that it is addressed to."""
    for _ in range(_PACKET_MOST):
        try:
            packet = os.read(interface, _READ)
        except BlockingIOError:
            return
        if len(packet) < 20 or packet[0] >> 4 != 4 or packet[12:16] != own:
            continue
        line = by_address.get(packet[16:20])
        if line is not None and not line.ended:
            line.put(packet)


def _inward(interface: int, own: bytes, peer: bytes, line: Line) -> None:
    """Hand the worker what comes from a peer under that peer's own address."""
    for packet in line.packets():
        if len(packet) >= 20 and packet[0] >> 4 == 4 and packet[12:16] == peer and packet[16:20] == own:
            with contextlib.suppress(OSError):  # one that its interface does not take is lost, as packets are
                os.write(interface, packet)


def _exactly(channel: socket.socket, length: int) -> bytes:
    out = b""
    while len(out) < length:
        part = channel.recv(length - len(out))
        if not part:
            raise OSError(104, "it ended early")
        out += part
    return out
