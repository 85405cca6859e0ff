"""Two JSON documents of one kind held against one another, leaving aside when each was made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
TIMED = ("started", "seconds", "peak_memory")  # of a report, and of the metrics of a job


@dataclass
class Walk:
    """Two documents, walked together. fixed: digests of things that were made, which stand for their bytes.

    Other digests name reports, whose bytes hold times: they may be others, where each stands for one other throughout.
    """

    tolerance: float
    fixed: frozenset[str] = frozenset()
    gap: float = 0.0
    times: bool = False
    _names: dict[str, str] = field(default_factory=dict)

    def parts(self, one: Any, other: Any, at: str = "") -> Iterator[tuple[str, Any, Any]]:
        """Give each place where they part by more than the tolerance, and what stands there."""
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            for key in dict.fromkeys((*one, *other)):
                if key in TIMED:
                    self.times |= one.get(key) != other.get(key)
                else:
                    yield from self.parts(one.get(key), other.get(key), f"{at}.{key}" if at else str(key))
        elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
            for place, (a, b) in enumerate(zip(one, other, strict=True)):
                yield from self.parts(a, b, f"{at}[{place}]")
        elif one != other and not self._alike(one, other):
            yield at, one, other

    def _alike(self, one: Any, other: Any) -> bool:
        numbers = [isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other)]
        if all(numbers):
            if one != one and other != other:  # NaN, which is unlike itself
                return True
            try:
                gap = abs(one - other) / max(1.0, abs(one), abs(other))
            except OverflowError:  # JSON's whole numbers have no end
                return False
            self.gap = max(self.gap, gap)
            return bool(gap <= self.tolerance)
        if not (isinstance(one, str) and isinstance(other, str)):
            return False
        if _TIME.fullmatch(one) and _TIME.fullmatch(other):
            self.times = True
            return True
        if _DIGEST.fullmatch(one) and _DIGEST.fullmatch(other) and one not in self.fixed:
            self.times = True
            return self._names.setdefault(one, other) == other
        return False
