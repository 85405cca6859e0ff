"""A ruleset that a table obeys, and that tomorrow's of the same kind should obey too: bounds are wide and round,
and what might be chance is left out.
"""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from assay.kernel.handles import ColumnInfo
from assay.methods.quality.question import Context
from assay.methods.quality.rowwise import FORMS
from assay.methods.quality.spread import Ask
from assay.methods.quality.values import TIMES
from assay.methods.sqltext import literal, quoted

LEAST = 30  # values that a bound is drawn from
SURE = 100  # rows in which no value comes twice, before a column is called a key
FEW = 30  # different values that a set may have
OFTEN = 5  # times that each of them has to occur, or others are still to come
AT_ONCE = 100  # columns asked in one query
MOST = 400  # columns: of each come up to four rules, and a ruleset holds 2,000

Stated = dict[str, Any]
_SPECIAL = frozenset(r"\.+*?()|[]{}^$")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a column: cells that are not empty, different ones, extremes, and of texts their lengths and shapes."""

    column: ColumnInfo
    rows: int
    count: int
    distinct: int
    low: Any = None
    high: Any = None
    shortest: int | None = None
    longest: int | None = None
    shape: str | None = None
    forms: Mapping[str, int] | None = None


def suggest(context: Context, ask: Ask) -> list[Stated]:
    """Return rules as a ruleset states them, the whole table's first and then column by column."""
    columns = list(context.columns.values())[:MOST]
    seen = [
        s for at in range(0, len(columns), AT_ONCE) for s in _seen(columns[at : at + AT_ONCE], context, ask)
    ]
    out: list[Stated] = []
    if context.rows >= 10:
        out.append({"row_count": None, "min": _below(context.rows / 2)})
    schema = {s.column.name: s.column.type for s in seen if s.column.type != "other"}
    if schema:
        out.append({"schema": schema})
    whole = [s.column.name for s in seen if s.count == s.rows and s.rows]
    if whole:
        out.append({"complete": whole})
    for one in seen:
        out += _about(one, context, ask)
    return out


def _seen(columns: Sequence[ColumnInfo], context: Context, ask: Ask) -> Iterator[Seen]:
    wanted: list[str] = []
    for column in columns:
        wanted += _aggregates(column)
    (answer,) = ask(f"SELECT {', '.join(wanted)} FROM {context.plain}")
    place = 0
    for column in columns:
        size = len(_aggregates(column))
        values = answer[place : place + size]
        place += size
        count, distinct, low, high, *texts = values
        seen = Seen(column, context.rows, count, distinct, low, high)
        if texts:
            shortest, longest, first, last, *forms = texts
            shape = str(first) if first is not None and first == last else None
            counted = dict(zip(FORMS, forms, strict=True))
            seen = replace(seen, shortest=shortest, longest=longest, shape=shape, forms=counted)
        yield seen


def _aggregates(column: ColumnInfo) -> list[str]:
    x = quoted(column.name)
    out = [f"count({x})"]
    if column.type in ("other", "binary"):
        return [*out, "0", "NULL", "NULL"]
    value = f"CAST({x} AS TIMESTAMP)" if column.type in TIMES else x
    out += [f"count(DISTINCT {x})", f"min({value})", f"max({value})"]
    if column.type == "text":
        shape = f"regexp_replace(regexp_replace(regexp_replace({x}, '[0-9]', '9', 'g'), '[A-Z]', 'A', 'g'), '[a-z]', 'a', 'g')"
        out += [f"min(length({x}))", f"max(length({x}))", f"min({shape})", f"max({shape})"]
        out += [f"count(*) FILTER (WHERE regexp_full_match({x}, {literal(f)}))" for f in FORMS.values()]
    return out


def _about(seen: Seen, context: Context, ask: Ask) -> Iterator[Stated]:
    name, kind = seen.column.name, seen.column.type
    empty = seen.rows - seen.count
    if 0 < empty <= 0.05 * seen.rows and seen.count >= LEAST:
        yield {"complete": name, "mostly": math.floor(100 * (1 - 2 * empty / seen.rows)) / 100}
    key = seen.distinct == seen.count == seen.rows and seen.rows >= SURE and kind in ("integer", "text")
    if key:
        yield {"unique": name}
    if seen.count < LEAST:
        return
    if kind in ("integer", "number"):
        yield from _numbers(seen, key)
    elif kind in TIMES:
        yield from _times(seen, context)
    elif kind == "text":
        yield from _texts(seen, context, ask)


_LARGEST = 1e300  # a bound beyond it could not be written


def _numbers(seen: Seen, key: bool) -> Iterator[Stated]:
    name = seen.column.name
    low, high = float(seen.low), float(seen.high)
    if not max(abs(low), abs(high)) < _LARGEST:  # nor infinite
        return
    if (seen.column.type, seen.distinct, low, high) == ("integer", 2, 0.0, 1.0):
        yield {"set": name, "values": [0, 1]}
        return
    if key:  # a running number has no bounds
        if low >= 0:
            yield {"range": name, "min": 0}
        return
    span = (high - low) or abs(high) or 1.0
    if low >= 0 and high <= 1 and seen.column.type == "number":
        yield {"range": name, "min": 0, "max": 1}
    elif low >= 0:
        yield {"range": name, "min": 0, "max": _above(high + span / 2)}
    elif high <= 0:
        yield {"range": name, "min": -_above(-low + span / 2), "max": 0}
    else:
        yield {"range": name, "min": -_above(-low + span / 2), "max": _above(high + span / 2)}


def _times(seen: Seen, context: Context) -> Iterator[Stated]:
    now = datetime.fromisoformat(context.now).replace(tzinfo=None)
    rule: Stated = {"range": seen.column.name, "min": f"{seen.low.year:04}-01-01"}
    if seen.high <= now:
        rule["max"] = "now + 1 day"
    yield rule


def _texts(seen: Seen, context: Context, ask: Ask) -> Iterator[Stated]:
    name = seen.column.name
    if 2 <= seen.distinct <= FEW and seen.distinct <= math.sqrt(seen.count):
        values = _values(seen, context, ask)
        if values:
            rare = sum(count < OFTEN for _, count in values)
            rule: Stated = {"set": name, "values": [v for v, _ in values]}
            yield rule | ({"mostly": 0.99} if rare else {})
            return
    whole = next((f for f, n in (seen.forms or {}).items() if n == seen.count), None)
    if whole:
        yield {"format": name, "is": whole}
    elif seen.shape and seen.distinct > FEW and any(c in seen.shape for c in "9A"):
        yield {"pattern": name, "matches": _pattern(seen.shape)}
    elif seen.shortest == seen.longest and seen.distinct > FEW and seen.longest:
        yield {"length": name, "equals": seen.longest}
    elif seen.shortest:
        yield {"length": name, "min": 1}


def _values(seen: Seen, context: Context, ask: Ask) -> list[tuple[Any, int]]:
    x = quoted(seen.column.name)
    query = f"SELECT {x}, count(*) FROM {context.plain} WHERE {x} IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT {FEW + 1}"
    rows = [(r[0], int(r[1])) for r in ask(query)]
    return rows if len(rows) <= FEW else []


def _pattern(shape: str) -> str:
    """Return a regular expression of a shape in which 9, A and a stand for any digit and letter."""
    classes = {"9": r"\d", "A": "[A-Z]", "a": "[a-z]"}
    out, at = "", 0
    while at < len(shape):
        run = 1
        while at + run < len(shape) and shape[at + run] == shape[at]:
            run += 1
        one = classes.get(shape[at]) or ("\\" + shape[at] if shape[at] in _SPECIAL else shape[at])
        out += one + (f"{{{run}}}" if run > 1 else "")
        at += run
    return out


def _above(value: float) -> int | float:
    """Return the least of 1, 2 and 5 times a power of ten that is no less than ``value``, which is positive."""
    power = 10.0 ** math.floor(math.log10(value))
    found = next(m * power for m in (1, 2, 5, 10) if m * power >= value * (1 - 1e-12))
    return int(found) if found >= 1 else float(f"{found:.3g}")


def _below(value: float) -> int:
    """Return a number of one digit and zeros that is no more than ``value``, which is at least 1."""
    power = 10 ** int(math.log10(value))
    return int(value // power * power)


def written(rules: Sequence[Stated], title: str) -> str:
    """Return rules as a ruleset in YAML, a line a rule."""
    import yaml

    lines = [f"# {title}", "rules:"]
    for rule in rules:
        # What YAML takes for the end of a line, or for nothing, is escaped: so is all beyond ASCII beside it.
        plain = all(t.isprintable() for t in _texts_of(rule))
        text = yaml.safe_dump(
            rule, default_flow_style=True, sort_keys=False, allow_unicode=plain, width=10**9
        )
        lines.append("  - " + text.strip())
    return "\n".join(lines) + "\n"


def _texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts_of([*value, *value.values()])
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts_of(inner)
