"""How long a zip says that its list of members is: readers take it whole before they count it.

APPNOTE.TXT, 4.3.14 to 4.3.16: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

from typing import IO

_END, _END_SIZE = b"PK\x05\x06", 22
_LOCATOR, _LOCATOR_SIZE = b"PK\x06\x07", 20  # of the end's record of 64 bits, which stands before it
_END64, _END64_SIZE = b"PK\x06\x06", 56


def listed(source: IO[bytes]) -> int | None:
    """Return how many bytes the list has, the larger number where there are two; None where it is no zip to its end."""
    size = source.seek(0, 2)
    source.seek(max(0, size - (1 << 16) - _END_SIZE - _LOCATOR_SIZE - _END64_SIZE))
    tail = source.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        return None
    said = int.from_bytes(tail[at + 12 : at + 16], "little")
    return max(0 if said == 0xFFFFFFFF else said, *_listed64(source, tail[:at]))


def _listed64(source: IO[bytes], before: bytes) -> tuple[int, int]:
    """Return what the record of 64 bits says, where it stands by rule and where its locator says; 0 where there is none.

    It counts whatever the plain end says, so that a small number there hides nothing.
    """
    locator = before[-_LOCATOR_SIZE:]
    if not locator.startswith(_LOCATOR):
        return 0, 0
    source.seek(min(int.from_bytes(locator[8:16], "little"), source.seek(0, 2)))
    found = before[-_LOCATOR_SIZE - _END64_SIZE : -_LOCATOR_SIZE], source.read(_END64_SIZE)
    one, other = (int.from_bytes(r[40:48], "little") if r.startswith(_END64) else 0 for r in found)
    return one, other
