"""Which addresses a name may stand for: none of this machine, its networks or its cloud's metadata, unless they are named."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Where clouds hand out credentials to whoever asks from the machine: never reached, whatever is named.
METADATA = frozenset(
    ipaddress.ip_address(a)
    for a in (
        "169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "168.63.129.16", "192.0.0.192",
        "169.254.0.23", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fe80::a9fe:a9fe",
    )
)  # fmt: skip
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")


def judge(address: Address, named: Iterable[Network] = ()) -> str:
    """Return why an address is not reached; nothing where it may be. named: ranges that somebody named.

    An IPv4 address that an IPv6 one carries in itself (mapped, 6to4, Teredo, NAT64) is judged too.
    """
    ranges = tuple(named)
    if isinstance(address, ipaddress.IPv6Address):
        address = ipaddress.IPv6Address(
            int(address)
        )  # without a zone (fd00::1%eth0), which makes it no other place
    for one in (address, *_within(address)):
        if one in METADATA:
            return f"{address} is where a cloud hands out credentials"
        if any(one.version == r.version and one in r for r in ranges):
            continue
        if (
            not one.is_global
            or one.is_multicast
            or one.is_private
            or one.is_reserved
            or one.is_loopback
            or one.is_link_local
            or one.is_unspecified
        ) and not (one is address and _within(address)):
            return f"{address} is private, of this machine or of its network"
    return ""


def _within(address: Address) -> list[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Address] = []
    if address.ipv4_mapped is not None:
        found.append(address.ipv4_mapped)
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found += list(address.teredo)
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 0xFFFF):
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return found
