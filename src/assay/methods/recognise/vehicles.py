"""Vehicle identification numbers (ISO 3779), with the check digit that North America demands (49 CFR 565)."""

from __future__ import annotations

import re

_SHAPE = re.compile(r"(?=.*\d)(?=.*[A-Z])[A-HJ-NPR-Z0-9]{12}[A-HJ-NPR-Z0-9]\d{4}")
_VALUES = {**{str(d): d for d in range(10)}, **dict(zip("ABCDEFGH", range(1, 9), strict=True))}
_VALUES |= dict(zip("JKLMNPR", (1, 2, 3, 4, 5, 7, 9), strict=True)) | dict(
    zip("STUVWXYZ", range(2, 10), strict=True)
)
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin(text: str) -> bool:
    """Whether seventeen signs have their check digit in the ninth place, mod 11."""
    plain = text.upper()
    if len(plain) != 17 or any(c not in _VALUES for c in plain):
        return False
    rest = sum(_VALUES[c] * w for c, w in zip(plain, _WEIGHTS, strict=True)) % 11
    return plain[8] == ("X" if rest == 10 else str(rest))


def shares(texts: list[str]) -> tuple[float, float]:
    """Return the shares of texts with the shape of a VIN, and with its check digit."""
    shaped = [t for t in texts if _SHAPE.fullmatch(t.upper())]
    total = max(1, len(texts))
    return len(shaped) / total, sum(map(vin, shaped)) / total
