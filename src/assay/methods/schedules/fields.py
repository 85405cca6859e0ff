"""The fields of a cron expression: lists, ranges and steps of numbers and names, as sets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MONTHS = {
    name: at
    for at, name in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1
    )
}
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_PART = re.compile(
    r"(?P<first>\*|[0-9]{1,4}|[A-Z]{3})(?:-(?P<last>[0-9]{1,4}|[A-Z]{3}))?(?:/(?P<step>[0-9]{1,4}))?"
)


class Unreadable(ValueError):
    """What is no cron expression; its text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Field:
    """What may stand in a field. names: words that stand for numbers, in capitals."""

    title: str
    low: int
    high: int
    names: Mapping[str, int] = field(default_factory=dict)

    def read(self, text: str) -> frozenset[int]:
        """Return the numbers that ``text`` stands for; Unreadable, which says why, where it is no such field."""
        found: set[int] = set()
        for part in text.split(","):
            said = _PART.fullmatch(part.upper())
            if said is None:
                raise Unreadable(f"{part[:20]!r} cannot stand for {self.title}")
            step = int(said["step"] or 1)
            if step < 1:
                raise Unreadable(f"{part!r} steps by nothing")
            if said["first"] == "*":
                if said["last"]:
                    raise Unreadable(f"{part!r} is no range of {self.title}")
                first, last = self.low, self.high
            else:
                first = self._number(said["first"])
                last = self._number(said["last"]) if said["last"] else self.high if said["step"] else first
            if last < first:
                raise Unreadable(
                    f"{part!r} runs backwards; write {self.title} from the lower on, or as two ranges"
                )
            found.update(range(first, last + 1, step))
        return frozenset(found)

    def _number(self, word: str) -> int:
        if word in self.names:
            return self.names[word]
        if not word.isdecimal() or not self.low <= int(word) <= self.high:
            raise Unreadable(f"{word!r} is no {self.title}: those are {self.low} to {self.high}")
        return int(word)


MINUTE = Field("minute", 0, 59)
HOUR = Field("hour", 0, 23)
MONTH = Field("month", 1, 12, MONTHS)
DAY = Field("day of the month", 1, 31)
YEAR = Field("year", 1970, 2199)
WEEKDAY = Field("day of the week", 0, 7, {name: at for at, name in enumerate(WEEKDAYS)})  # 0 and 7 are Sunday
WEEKDAY_FROM_1 = Field(
    "day of the week", 1, 7, {name: at for at, name in enumerate(WEEKDAYS, 1)}
)  # 1 is Sunday
