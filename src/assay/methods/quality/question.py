"""What a rule becomes: something that SQL can be asked, or that is known already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.handles import ColumnInfo
from assay.methods.nearest import nearest
from assay.methods.quality.bounds import TRUE, Bounds
from assay.methods.quality.rule import Rule
from assay.methods.quality.there.reading import Far
from assay.methods.sqltext import quoted


@dataclass(frozen=True, slots=True)
class Rowwise:
    """Each row obeys, breaks the rule or does not count: SQL that is true, false or null."""

    holds: str


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows judged beside other rows or another table.

    tally: a query of one row, how many count and how many break the rule. rows: one of the numbers of those that break
    it, in order. whole: the quoted column of integers that is to hold no value twice, which a bitmap can tell sooner.
    """

    tally: str
    rows: str
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One value of the whole table, held against bounds: an aggregate, or where ``whole`` a query of one value.

    A truth value has no bounds. where: the rows that count. unit: what the value is counted in. scale: of a figure
    whose last digits depend on the order of adding up, an aggregate of the size of what is added.
    """

    sql: str
    bounds: Bounds = TRUE
    where: str = ""
    whole: bool = False
    unit: str = ""
    scale: str = ""


@dataclass(frozen=True, slots=True)
class Wanting:
    """A query of one row: how many things are amiss, and the first of them as a list of texts."""

    sql: str
    said: str


@dataclass(frozen=True, slots=True)
class Spread:
    """How the values of a column are spread, beside a baseline (a query of the same shape) or stated shares.

    values: a query of one column x, without nulls. edges: where the classes of numbers part; else the baseline's deciles.
    """

    values: str
    test: str
    bounds: Bounds
    numeric: bool
    baseline: str = ""
    shares: Mapping[str, float] = field(default_factory=dict)
    edges: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """Known without asking: the schema, the number of rows, or a column that is not there. said: why it is broken."""

    holds: bool
    said: str = ""
    value: float | int | None = None


@dataclass(frozen=True, slots=True)
class Unable:
    """What cannot be examined here, and is never taken for obeyed."""

    why: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Rules joined by ``all`` or ``any``."""

    word: str
    parts: tuple[tuple[Rule, Question], ...]


Question = Rowwise | Grouped | Measured | Wanting | Spread | Settled | Unable | Joined


@dataclass(frozen=True, slots=True)
class Other:
    """Another table: its columns, its number of rows, and what it can be asked.

    hold: makes its named columns a relation beside the table that is examined, distinct or not, and returns its name;
    its columns are k0, k1, … measure: returns the value of an aggregate. kinds: its columns' where a server is asked.
    """

    columns: Mapping[str, ColumnInfo]
    rows: int
    hold: Callable[[Sequence[str], bool], str]
    measure: Callable[[str], Any]
    kinds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """The table that rules are held against: relation ``plain``, and ``numbered`` with ``row`` (from 1) in front.

    now: RFC 3339. against: the baseline that distribution rules without one of their own mean. far: where questions
    go to a server, what it understands.
    """

    columns: Mapping[str, ColumnInfo]
    rows: int
    now: str
    others: Mapping[str, Other] = field(default_factory=dict)
    against: Other | None = None
    plain: str = "t"
    numbered: str = "n"
    row: str = '"#row"'
    far: Far | None = None

    @property
    def count(self) -> str:
        """A quoted name for counts that no column of the table has."""
        name = "#count"
        while name in self.columns:
            name += "#"
        return quoted(name)


def settled(bounds: Bounds, value: float | int, said: str) -> Settled | Unable:
    """Return whether a number that is known already keeps bounds, which may be no numbers."""
    try:
        return Settled(bounds.hold(value), said, value)
    except TypeError:
        return Unable(f"a number is no match for bounds of {bounds.shown}")


def gone(columns: Sequence[str], context: Context) -> Settled | None:
    """Return that the first column that is not there is not, with the name that was probably meant."""
    for column in columns:
        if column not in context.columns:
            close = nearest(column, context.columns)
            hint = f" (did you mean {close!r}?)" if close else ""
            return Settled(False, f"there is no column {column!r}{hint}")
    return None
