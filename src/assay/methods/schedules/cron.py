"""Cron expressions, in UTC: Unix's five fields (``0 * * * *``) and Amazon's six (``cron(0 * ? * * *)``).

Five fields are minute, hour, day of the month, month, day of the week (0 and 7 are Sunday). Where both kinds of days are
restricted a day of either counts; one that begins with ``*`` restricts nothing by itself (POSIX crontab; Vixie's cron of
``*/2``). Six are minute, hour, day of the month, month, day of the week (1 is Sunday), year: one of the two kinds of days
is ``?``, and ``L`` (last), ``W`` (nearest weekday) and ``#`` (the second Friday: ``6#2``) say more of days.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from assay.methods.schedules.fields import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    WEEKDAY,
    WEEKDAY_FROM_1,
    YEAR,
    Unreadable,
)

LONGEST = 200  # characters
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_AMAZON = re.compile(r"cron\((.*)\)", re.IGNORECASE)
_YEARS = 50  # that are looked through: 29 February on a given weekday comes within 40
_NEAREST = re.compile(r"(\d{1,2})W", re.IGNORECASE)
_NTH = re.compile(r"(\d|[A-Z]{3})#([1-5])", re.IGNORECASE)
_LAST = re.compile(r"(\d|[A-Z]{3})L", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Days:
    """Which days of a month count. weekdays: 0 is Sunday. either: a day of one kind is enough.

    last, nearest: of the month's days the last, and the weekdays nearest to these; 0 stands for the last. nth, last_weekdays:
    of weekdays the so-manieth, and the last.
    """

    days: frozenset[int]
    weekdays: frozenset[int]
    either: bool = False
    last: bool = False
    nearest: frozenset[int] = frozenset()
    nth: frozenset[tuple[int, int]] = frozenset()
    last_weekdays: frozenset[int] = frozenset()

    def of(self, year: int, month: int) -> list[int]:
        """Return the days of a month that count, in order."""
        length = calendar.monthrange(year, month)[1]
        picked = {_nearest(year, month, day, length) for day in self.nearest}
        out = []
        for day in range(1, length + 1):
            weekday = date(year, month, day).isoweekday() % 7
            by_day = day in self.days or day in picked or (self.last and day == length)
            by_week = (
                weekday in self.weekdays
                or (weekday, (day + 6) // 7) in self.nth
                or (weekday in self.last_weekdays and day + 7 > length)
            )
            if by_day or by_week if self.either else by_day and by_week:
                out.append(day)
        return out


@dataclass(frozen=True, slots=True)
class Cron:
    """When something is due, to the minute, in UTC. text: as it was written."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    days: Days
    years: frozenset[int] | None = field(default=None)

    def after(self, moment: datetime) -> datetime | None:
        """Return the first time after a moment; None where there is none within 50 years."""
        moment = moment.astimezone(UTC)
        return next((found for found in self._from(moment.date()) if found > moment), None)

    def latest(self, moment: datetime) -> datetime | None:
        """Return the last time that is no later than a moment; None where there is none within 50 years."""
        moment = moment.astimezone(UTC)
        return next((found for found in self._back(moment.date()) if found <= moment), None)

    def between(self, after: datetime, until: datetime, most: int) -> list[datetime]:
        """Return the times after one moment and no later than another, the latest ``most`` of them, in order."""
        out: list[datetime] = []
        for found in self._back(until.astimezone(UTC).date()):
            if found <= after or len(out) == most:
                break
            if found <= until:
                out.append(found)
        return out[::-1]

    def _from(self, first: date) -> Iterator[datetime]:
        for year in range(first.year, min(first.year + _YEARS, datetime.max.year)):
            for month in self.months if self._in(year) else ():
                if (year, month) >= (first.year, first.month):
                    for day in self.days.of(year, month):
                        yield from self._times(year, month, day) if date(year, month, day) >= first else ()

    def _back(self, last: date) -> Iterator[datetime]:
        for year in range(last.year, max(last.year - _YEARS, 1), -1):
            for month in self.months[::-1] if self._in(year) else ():
                if (year, month) <= (last.year, last.month):
                    for day in self.days.of(year, month)[::-1]:
                        if date(year, month, day) <= last:
                            yield from list(self._times(year, month, day))[::-1]

    def _in(self, year: int) -> bool:
        return self.years is None or year in self.years

    def _times(self, year: int, month: int, day: int) -> Iterator[datetime]:
        for hour in self.hours:
            for minute in self.minutes:
                yield datetime(year, month, day, hour, minute, tzinfo=UTC)


def read(text: str) -> Cron:
    """Return what an expression says; Unreadable, which says why, where it is none, or never comes."""
    said = text.strip()
    if len(said) > LONGEST:
        raise Unreadable("it is longer than any schedule is")
    amazon = _AMAZON.fullmatch(said)
    parts = (amazon.group(1) if amazon else _MACROS.get(said.lower(), said)).split()
    if amazon and len(parts) != 6:
        raise Unreadable(
            f"cron(…) takes six fields, minute hour day month weekday year, and has {len(parts)}"
        )
    if not amazon and len(parts) != 5:
        raise Unreadable(f"it takes five fields, minute hour day month weekday, and has {len(parts)}")
    days = _amazon_days(parts[2], parts[4]) if amazon else _unix_days(parts[2], parts[4])
    found = Cron(
        said,
        tuple(sorted(MINUTE.read(parts[0]))),
        tuple(sorted(HOUR.read(parts[1]))),
        tuple(sorted(MONTH.read(parts[3]))),
        days,
        YEAR.read(parts[5]) if amazon and parts[5] != "*" else None,
    )
    start = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(minutes=1)
    if found.years is not None:
        start = datetime(min(found.years), 1, 1, tzinfo=UTC) - timedelta(minutes=1)
    if found.after(start) is None:
        raise Unreadable("it names a day that never comes")
    return found


def _unix_days(day: str, weekday: str) -> Days:
    stars = day.startswith("*"), weekday.startswith("*")
    weekdays = frozenset(n % 7 for n in WEEKDAY.read(weekday))
    return Days(DAY.read(day), weekdays, either=not any(stars))


def _amazon_days(day: str, weekday: str) -> Days:
    if (day == "?") == (weekday == "?"):
        raise Unreadable(
            "one of the days is `?`, that of the month or that of the week, and the other says which"
        )
    everything = frozenset(range(1, 32)), frozenset(range(7))
    if weekday == "?":
        plain, last, nearest = [], False, set()
        for part in day.upper().split(","):
            near = _NEAREST.fullmatch(part)
            if part == "L":
                last = True
            elif part in ("LW", "WL"):
                nearest.add(0)
            elif near:
                nearest |= DAY.read(near.group(1))
            else:
                plain.append(part)
        days = DAY.read(",".join(plain)) if plain else frozenset()
        return Days(days, everything[1], last=last, nearest=frozenset(nearest))
    plain, nth, lasts = [], set(), set()
    for part in weekday.upper().split(","):
        which, end = _NTH.fullmatch(part), _LAST.fullmatch(part)
        if which:
            nth |= {(n - 1, int(which.group(2))) for n in WEEKDAY_FROM_1.read(which.group(1))}
        elif end:
            lasts |= {n - 1 for n in WEEKDAY_FROM_1.read(end.group(1))}
        else:
            plain.append("SAT" if part == "L" else part)
    found = frozenset(n - 1 for n in WEEKDAY_FROM_1.read(",".join(plain))) if plain else frozenset()
    return Days(everything[0], found, nth=frozenset(nth), last_weekdays=frozenset(lasts))


def _nearest(year: int, month: int, day: int, length: int) -> int:
    """Return the Monday to Friday of the month that is nearest to a day (0: to its last); 0 where it has no such day."""
    day = day or length
    if day > length:
        return 0
    weekday = date(year, month, day).isoweekday()
    if weekday == 6:
        return day - 1 if day > 1 else day + 2
    if weekday == 7:
        return day + 1 if day < length else day - 2
    return day
