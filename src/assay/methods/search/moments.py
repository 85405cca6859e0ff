"""Times as people say them: a day, a weekday, so long ago."""

from __future__ import annotations

import datetime as dt
import re

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AGO = re.compile(r"(\d{1,6})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}([T ]\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?")


def span(said: str, now: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """Return the first moment of what was said and the first one after it; None where it is no time.

    A weekday is the latest one that has begun, ``3d`` (m, h, d, w) the moment so long before now. now: with its zone;
    days are those of UTC.
    """
    word = said.strip().lower()
    midnight = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = dt.timedelta(days=1)
    if word in ("today", "yesterday"):
        start = midnight - day * (word == "yesterday")
        return start, start + day
    if word in _DAYS:
        start = midnight - day * ((midnight.weekday() - _DAYS.index(word)) % 7)
        return start, start + day
    ago = _AGO.fullmatch(word)
    try:
        if ago:
            start = now.astimezone(dt.UTC) - dt.timedelta(**{_UNITS[ago.group(2)]: int(ago.group(1))})
            return start, start
        return _dated(said.strip()) if _DATE.fullmatch(said.strip()) else None
    except (ValueError, OverflowError):
        return None


def _dated(said: str) -> tuple[dt.datetime, dt.datetime]:
    """A year, a month, a day, or a moment; without a zone it is of UTC."""
    if len(said) == 4:
        start = dt.datetime(int(said), 1, 1, tzinfo=dt.UTC)
        return start, start.replace(year=start.year + 1)
    if len(said) == 7:
        year, month = int(said[:4]), int(said[5:])
        start = dt.datetime(year, month, 1, tzinfo=dt.UTC)
        return start, dt.datetime(year + month // 12, month % 12 + 1, 1, tzinfo=dt.UTC)
    moment = dt.datetime.fromisoformat(said)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    moment = moment.astimezone(dt.UTC)
    return (moment, moment + dt.timedelta(days=1)) if len(said) == 10 else (moment, moment)


def written(moment: dt.datetime) -> str:
    """Return a moment as the office writes it, so that texts sort as moments do."""
    said = moment.astimezone(dt.UTC).isoformat(timespec="microseconds")  # strftime writes the year 1 as 1
    return said[:23] + "Z"
