"""Dates and numbers that a column of text holds: found by how its values are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from assay.methods.expressions import parse, quoted
from assay.methods.integrity.column import Sampled

MOST_LOOKED_AT = 400  # distinct values of a column
LEAST_READ = 0.98  # of them must be readable
_D, _M, _Y, _SHORT = r"\d{1,2}", r"\d{1,2}", r"[12]\d{3}", r"\d{2}"
_CLOCK = (
    ("", ""),
    (" %H:%M", r" \d{1,2}:\d{2}"),
    (" %H:%M:%S", r" \d{1,2}:\d{2}:\d{2}"),
    ("T%H:%M:%S", r"T\d\d:\d\d:\d\d"),
)
FORMATS = tuple(
    (form + clock, re.compile(pattern + end + r"\Z"))
    for form, pattern in (
        ("%Y-%m-%d", f"{_Y}-{_M}-{_D}"),
        ("%d.%m.%Y", rf"{_D}\.{_M}\.{_Y}"),
        ("%d/%m/%Y", f"{_D}/{_M}/{_Y}"),
        ("%m/%d/%Y", f"{_M}/{_D}/{_Y}"),
        ("%d-%m-%Y", f"{_D}-{_M}-{_Y}"),
        ("%Y/%m/%d", f"{_Y}/{_M}/{_D}"),
        ("%Y%m%d", r"(?:19|20)\d{6}"),
        ("%d.%m.%y", rf"{_D}\.{_M}\.{_SHORT}"),
        ("%d-%m-%y", f"{_D}-{_M}-{_SHORT}"),
        ("%m/%d/%y", f"{_M}/{_D}/{_SHORT}"),
        ("%d %b %Y", rf"{_D} [A-Za-z]{{3}} {_Y}"),
    )
    for clock, end in _CLOCK
)


def dates(columns: Sequence[Sampled]) -> Iterator[Sampled]:
    """Give each column of text that holds dates, read as dates."""
    for column in columns:
        form = _format(column)
        if form:
            kind = "timestamp" if "%H" in form else "date"
            yield _seen(column, kind, f"date({quoted(column.name)}, '{form}')")


def numbers(columns: Sequence[Sampled]) -> Iterator[Sampled]:
    """Give each column of text that holds numbers, read as numbers: with a decimal comma, thousands marks, a currency."""
    for column in columns:
        if column.type != "text" or column.distinct < 5:
            continue
        some = _some(column)
        for mark, pattern in (",", _COMMA), (".", _POINT):
            if some and sum(bool(pattern.match(v)) for v in some) >= LEAST_READ * len(some):
                plain = quoted(column.name)
                yield _seen(column, "number", f"number({plain}, ',')" if mark == "," else f"number({plain})")
                break


_MONEY = r"[€$£]?\s?[+-]?"
_AFTER = r"\s?[€$£%]?\Z"
_COMMA = re.compile(_MONEY + r"(?:\d{1,3}(?:[.\s'’]\d{3})*|\d+)(?:,\d+)?" + _AFTER)
_POINT = re.compile(_MONEY + r"(?:\d{1,3}(?:[,\s'’]\d{3})*|\d+)(?:\.\d+)?" + _AFTER)


def _some(column: Sampled) -> list[str]:
    step = max(1, column.distinct // MOST_LOOKED_AT)
    return [v for v in column.values[::step] if isinstance(v, str) and v][: MOST_LOOKED_AT + 1]


def _format(column: Sampled) -> str:
    """Return the one format in which nearly all of a column's values are dates, or nothing."""
    if column.type != "text" or column.distinct < 5:
        return ""
    some = [v for v in _some(column) if len(v) <= 40]
    if len(some) < 5 or not re.match(r"\d", some[0]):
        return ""
    good: dict[str, int] = {}
    for form, pattern in FORMATS:
        fits = sum(bool(pattern.match(v)) for v in some)
        if fits >= LEAST_READ * len(some):
            read = parse(f"date(x, '{form}')").evaluate(pa.record_batch({"x": pa.array(some, pa.string())}))
            if len(read) - read.null_count >= LEAST_READ * len(some):
                good[form] = len(read) - read.null_count
    best = [f for f, n in good.items() if n == max(good.values())]
    return best[0] if len(best) == 1 else ""


def _seen(column: Sampled, kind: str, written: str) -> Sampled:
    array: Any = parse(written).evaluate(pa.record_batch({column.name: column.array}))
    return Sampled(column.name, kind, array, written)
