"""Where an alert may be sent: never to a cloud's metadata service, and inside a network only where that is allowed by name.

A name that is allowed may still resolve to any address, and to another one a moment later: it is the address connected to
that is judged. Ranges: IANA's special-purpose registries (RFC 6890), and the fixed addresses at which clouds hand out
credentials.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Literal

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_METADATA = (
    "169.254.0.0/16",  # link-local: Amazon, Azure, Google, Oracle and others at .169.254
    "fe80::/10",
    "fd00:ec2::/32",  # Amazon over IPv6
    "fd20:ce::/32",  # Google over IPv6
    "100.100.100.200/32",  # Alibaba
    "192.0.0.192/32",  # Oracle Classic
    "168.63.129.16/32",  # Azure's host
)
_NEVER = ("0.0.0.0/8", "::/128", "240.0.0.0/4", "224.0.0.0/4", "ff00::/8")
_INSIDE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "127.0.0.0/8", "::1/128",
           "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")  # fmt: skip
Kind = Literal["forbidden", "inside", "public"]


def kind(text: str) -> Kind:
    """Return what an address is: forbidden, inside a network, or public. ValueError where it is no address."""
    address = _plain(ipaddress.ip_address(text.partition("%")[0]))
    if _within(address, (*_METADATA, *_NEVER)):
        return "forbidden"
    return "inside" if _within(address, _INSIDE) else "public"


def allowed(host: str, hosts: Sequence[str]) -> bool:
    """Whether a host is on a list: by its name, or below a ``*.example.com``; whatever its case, or a dot at its end."""
    said = host.rstrip(".").lower()
    for entry in hosts:
        name = entry.rstrip(".").lower()
        if said == name or (name.startswith("*.") and said.endswith(name[1:]) and said != name[2:]):
            return True
    return False


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for (mapped, NAT64, 6to4, Teredo's server aside), or itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    value = int(address)
    if value >> 32 in (
        0x0064FF9B0000000000000000,
        0,
    ):  # 64:ff9b::/96, and the compatible ones that are no more
        inner = ipaddress.IPv4Address(value & 0xFFFFFFFF)
        return address if value in (0, 1) else inner
    return address


def _within(address: Address, ranges: Sequence[str]) -> bool:
    return any(
        address in network
        for network in map(ipaddress.ip_network, ranges)
        if network.version == address.version
    )
