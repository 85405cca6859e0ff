"""A schedule as people write it: a cron expression, or a number of requests."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assay.kernel.errors import UsageError
from assay.methods.schedules import cron
from assay.methods.schedules.cron import Cron
from assay.methods.schedules.fields import Unreadable

_VOLUME = re.compile(r"every\s+([0-9][0-9,_]{0,14})\s+(?:requests|rows)", re.IGNORECASE)
_LENGTH = re.compile(r"([0-9]{1,6})\s*(s|m|min|h|d|w)")
_ISO = re.compile(
    r"[-+]?P(?:([0-9]{1,5})W)?(?:([0-9]{1,5})D)?(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,6})S)?)?"
)
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
MOST_REQUESTS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Volume:
    """Due whenever so many requests more have come."""

    requests: int


def read(text: str) -> Cron | Volume:
    """Return what a schedule says; UsageError where it says nothing."""
    volume = _VOLUME.fullmatch(text.strip())
    if volume:
        number = int(re.sub(r"[,_]", "", volume.group(1)))
        if not 1 <= number <= MOST_REQUESTS:
            raise UsageError(
                f"a schedule cannot be every {number:,} requests", remedy="write from 1 to a milliard"
            )
        return Volume(number)
    try:
        return cron.read(text)
    except Unreadable as error:
        raise UsageError(
            f"the schedule {text[:80]!r} cannot be read: {error}",
            remedy="write `0 * * * *`, `cron(0 * ? * * *)` or `every 1000 requests`",
        ) from None


def length(text: str, what: str) -> int:
    """Return the seconds of ``90s``, ``15m``, ``1h``, ``7d``, ``2w`` or ISO 8601's ``PT1H``; UsageError for anything else."""
    said = text.strip()
    plain = _LENGTH.fullmatch(said.lower())
    if plain:
        return int(plain.group(1)) * _SECONDS[plain.group(2)]
    iso = _ISO.fullmatch(said.upper())
    if iso and any(iso.groups()):
        return sum(
            int(n or 0) * s for n, s in zip(iso.groups(), (604_800, 86_400, 3_600, 60, 1), strict=True)
        )
    raise UsageError(f"{what} cannot be {text[:40]!r}", remedy="write 30m, 1h, 7d or PT1H")


def shown(seconds: int) -> str:
    """Return a length as people write it, in the largest unit that it is whole in."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
