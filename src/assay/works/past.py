"""From what a person means by a time to the office as it was then."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from assay.kernel.errors import UsageError
from assay.methods.search.moments import span, written

if TYPE_CHECKING:
    from assay.office.asof import Point
    from assay.office.office import Office


_EVENT = re.compile(r"event:(\d{1,15})")
_TICK = timedelta(milliseconds=1)  # the office writes no shorter time


def office_at(office: Office, said: str) -> Office:
    """Return the office as it was: at the end of a day, at a moment, so long ago (``7d``), or after an event (``event:120``).

    UsageError where that is no time, or has not come yet.
    """
    from assay.office.asof import AsOf

    return AsOf(office, _point(office, said.strip()))


def _point(office: Office, said: str) -> Point:
    from assay.office import ledger
    from assay.office.asof import Point

    named = _EVENT.fullmatch(said)
    if named:
        seq = int(named.group(1))
        if ledger.event(office, seq) is None:
            raise UsageError(f"there is no event {seq}", remedy="see `assay log tail`")
        return Point(seq=seq)
    now = datetime.fromisoformat(office.clock())
    found = span(said, now)
    if found is None:
        raise UsageError(
            f"{said!r} is no time", remedy="write 2026-01-31, 2026-01-31T12:00:00Z, 7d, or event:120"
        )
    first, after = found
    if first > now:
        raise UsageError(f"{said} has not come yet", remedy="name a time that has")
    return Point(written(after - _TICK if after > first else first))
