"""The links of a job that has a network of its own: loopback, an address among its peers, a door to the egress proxy.

Made by the job's first process while it still may, in its own network namespace; what listens or carries packets is
handed outside as a descriptor, so that nothing of this machine's network is ever let in.
"""

from __future__ import annotations

import fcntl
import os
import struct
from _socket import AF_INET, AF_UNIX, SO_REUSEADDR, SOCK_DGRAM, SOL_SOCKET, inet_aton

from assay.engines.isolation import bare

TYPE_CHECKING = False  # typing itself is not imported: it would be a fifth of a job's start
if TYPE_CHECKING:
    from typing import Any

FOLDER = "/run/assay"
DOOR = f"{FOLDER}/egress.sock"
PORT = 3128  # of the proxy, on the job's own loopback
INTERFACE = "eth0"
MTU = 65_000

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _SIOCSIFADDR, _SIOCSIFNETMASK, _SIOCSIFMTU = (
    0x8913,
    0x8914,
    0x8916,
    0x891C,
    0x8922,
)
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI, _IFF_UP = 0x400454CA, 0x0001, 0x1000, 0x1


def carrier(order: dict[str, Any]) -> list[int]:
    """Make the interface to the job's peers before the root is changed; return its descriptor, or nothing.

    What is written into the descriptor arrives at the interface, and the other way round: whole IP packets.
    """
    peers = order["links"].get("peers")
    if not peers:
        return []
    handle = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(handle, _TUNSETIFF, struct.pack("16sH22x", INTERFACE.encode(), _IFF_TUN | _IFF_NO_PI))
    with bare.Socket(AF_INET, SOCK_DGRAM) as control:
        _address(control, _SIOCSIFADDR, peers["address"])
        _address(control, _SIOCSIFNETMASK, peers["netmask"])
        fcntl.ioctl(control, _SIOCSIFMTU, struct.pack("16si20x", INTERFACE.encode(), MTU))
    up(INTERFACE)
    return [handle]


def listeners(order: dict[str, Any]) -> list[int]:
    """Open, in the fresh root and the new network, what the egress proxy listens at: loopback and a Unix socket."""
    if not order["links"]:
        return []
    up("lo")
    if not order["links"].get("egress"):
        return []
    loopback = bare.Socket(AF_INET)
    loopback.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    loopback.bind(("127.0.0.1", PORT))
    loopback.listen(64)
    door = bare.Socket(AF_UNIX)
    door.bind(DOOR)
    os.chmod(DOOR, 0o600)
    door.listen(64)
    return [loopback.detach(), door.detach()]


def _address(control: bare.Socket, what: int, address: str) -> None:
    given = struct.pack("16sHH4s16x", INTERFACE.encode(), AF_INET, 0, inet_aton(address))
    fcntl.ioctl(control, what, given[:40])


def up(name: str) -> None:
    """Bring an interface of this namespace up."""
    with bare.Socket(AF_INET, SOCK_DGRAM) as control:
        said = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sH22x", name.encode(), 0))
        flags = struct.unpack("16sH22x", said)[1] | _IFF_UP
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), flags))
