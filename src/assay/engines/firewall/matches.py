"""What the rules said, read from the lines of their log: which rule, its message, and where it matched; never what matched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assay.kernel.printable import printable

_PLACE = re.compile(
    r'\[file "([^"]*)"\] \[line "\d+"\] \[id "(\d+)"\] \[rev "[^"]*"\] \[msg "((?:[^"\\]|\\.)*)"\]'
)
_SEVERITY = re.compile(r'"\] \[severity "(\d)"\]')
_AGAINST = re.compile(r"' against variable `([^']{1,200})' \(Value: ")
_WITHIN = re.compile(r" found within ([A-Z_]{2,40}(?::[^:\"]{1,100})?)")
_NAME = re.compile(r"[A-Z_]{2,40}(?::[\w .-]{1,80})?")
_SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matched. variable: where, such as ``ARGS:note`` or ``REQUEST_HEADERS:Referer``; never the value."""

    rule: int
    message: str
    variable: str = ""
    severity: str = ""

    def __str__(self) -> str:
        where = f" in {self.variable}" if self.variable else ""
        return f"rule {self.rule}{where}: {self.message}"


def read(lines: Iterable[str], ours: int) -> list[Match]:
    """Return what lines of the log tell, in their order, without rule ``ours`` and without repeats.

    A caller may write into a value what looks like a part of a line: the last place that a line names is the rule's
    own, since quotes in what comes after it are escaped.
    """
    found: dict[Match, None] = {}
    for line in lines:
        match = _read(line)
        if match is not None and match.rule != ours:
            found[match] = None
    return list(found)


def _read(line: str) -> Match | None:
    place = None
    for place in _PLACE.finditer(line):  # noqa: B007 - the last one is wanted
        pass
    if place is None:
        return None
    before, after = line[: place.start()], line[place.end() :]
    variable = ""
    against = _AGAINST.search(before) or _WITHIN.search(after)
    if against is not None:
        said = printable(against[1])[:120]
        variable = said if _NAME.fullmatch(said) else said.partition(":")[0]
    severity = _SEVERITY.search(line, place.end() - 2)
    number = int(severity[1]) if severity else 8
    message = printable(place[3].replace("\\x22", '"'))[:200]
    return Match(int(place[2]), message, variable, _SEVERITIES[number] if number < 8 else "")
