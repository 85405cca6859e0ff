"""A rule about a table, however it was written down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from assay.methods.quality.bounds import ALL, UNBOUNDED, Bounds

Nulls = Literal["ignore", "fail", "pass"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """How many of the rows that count have to obey: bounds on their share, or on their number where ``rows``.

    broken: the bounds are of the rows that break the rule instead.
    """

    bounds: Bounds = ALL
    rows: bool = False
    broken: bool = False

    def hold(self, support: int, broken: int) -> bool:
        """Return whether so many broken rows of so many that count are let through; where none counts, they are."""
        count = broken if self.broken else support - broken
        if self.rows:
            return self.bounds.hold(count)
        return self.bounds.hold(count / support) if support else True

    @property
    def shown(self) -> str:
        """Return it in words."""
        rows = "rows" if self.rows else "of the rows"
        return f"{self.bounds.shown} {rows} {'may break' if self.broken else 'have to keep'} it"

    @property
    def all_rows(self) -> bool:
        """Whether one broken row is one too many."""
        return self == EVERY


EVERY = Threshold()


@dataclass(frozen=True, slots=True)
class Rule:
    """What should hold.

    kind: a word of the vocabulary. columns: those it is about. given: the kind's own words. bounds: of each value, or
    of what is measured. nulls: whether a row without a value does not count, breaks the rule or keeps it.
    when: SQL that says which rows count. place: the file and line (or number) it was read from.
    parts: the rules that ``all`` and ``any`` join.
    """

    kind: str
    name: str
    columns: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    bounds: Bounds = UNBOUNDED
    threshold: Threshold = EVERY
    nulls: Nulls = "ignore"
    when: str = ""
    severity: str = "high"
    message: str = ""
    place: str = ""
    parts: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Something in a ruleset that is not understood or not to be had here, and is never taken for obeyed."""

    what: str
    why: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules, what was refused of the file, and the other tables it names (name → path as written).

    source: assay, great_expectations, databrew or dqdl.
    """

    rules: tuple[Rule, ...]
    refused: tuple[Refused, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    source: str = "assay"


def distinct(rules: Iterable[Rule]) -> list[Rule]:
    """Give rules of one name numbers, so that each is told apart."""
    seen: dict[str, int] = {}
    out = []
    for rule in rules:
        seen[rule.name] = seen.get(rule.name, 0) + 1
        number = seen[rule.name]
        out.append(rule if number == 1 else replace(rule, name=f"{rule.name} #{number}"))
    return out
