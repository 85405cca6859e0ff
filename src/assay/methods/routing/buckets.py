"""How often a caller may ask: a token bucket each, in memory that several processes may share.

A bucket is one number, the time at which it would be full of what was asked (the generic cell rate algorithm of ATM Forum's
Traffic Management 4.0: the virtual scheduling form). Two processes that look at the same moment may both let a request
pass; none is counted twice.
"""

from __future__ import annotations

import hashlib
import struct

SLOTS = 1 << 16
_SLOT = struct.Struct("<Qd")  # which caller, and when its bucket is level
SIZE = SLOTS * _SLOT.size
_PROBES = 16


class Buckets:
    """Buckets in a buffer, all zero at first, 16 bytes each: a table by the caller's hash, whose stale places are reused."""

    def __init__(self, buffer: bytearray | memoryview) -> None:
        self._buffer, self._slots = buffer, len(buffer) // _SLOT.size

    def take(self, caller: str, rate: float, burst: float, now: float) -> float:
        """Return 0 where a caller may ask now, else in how many seconds it may.

        rate: requests a second that refill its bucket; burst: what it holds. now: seconds of a clock that all processes share.
        """
        key = int.from_bytes(hashlib.blake2b(caller.encode(), digest_size=8).digest(), "little") or 1
        at, level = self._find(key, now)
        step = 1.0 / rate
        level = max(level, now)
        wait = level + step - now - max(burst, 1.0) * step
        if wait > 1e-9:
            return wait
        _SLOT.pack_into(self._buffer, at, key, level + step)
        return 0.0

    def _find(self, key: int, now: float) -> tuple[int, float]:
        """Return the place of a caller's bucket and its level; where it has none, a free place, or else the one level first."""
        free, soonest = -1, (float("inf"), 0)
        for probe in range(_PROBES):
            at = (key + probe) % self._slots * _SLOT.size
            held, level = _SLOT.unpack_from(self._buffer, at)
            if held == key:
                return at, level
            if free < 0 and level < now:  # empty, or of a caller whose bucket is full again
                free = at
            soonest = min(soonest, (level, at))
        return (free if free >= 0 else soonest[1]), 0.0
