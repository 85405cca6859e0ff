"""The functions of the language of rules: what each takes, and what it makes of a column.

Besides abs, round, length, lower and upper: ``floor(x)``; ``left(text, n)``; ``join(text, ' ', text)`` puts texts
together; ``number(text, mark)`` reads a number that is written with thousands marks, a decimal comma or a currency;
``date(text, format)`` reads a date; ``days(date)`` counts the days since 1970, with fractions; ``year``, ``quarter``,
``month``, ``day``; ``years(from, to)`` counts whole years, as an age. What cannot be read is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

# name: the least and the most values it takes
TAKES = {
    "abs": (1, 1),
    "round": (1, 2),
    "floor": (1, 1),
    "length": (1, 1),
    "lower": (1, 1),
    "upper": (1, 1),
    "left": (2, 2),
    "join": (2, 8),
    "number": (1, 2),
    "date": (2, 2),
    "days": (1, 1),
    "year": (1, 1),
    "quarter": (1, 1),
    "month": (1, 1),
    "day": (1, 1),
    "years": (2, 2),
}
# the functions whose second value is written out in the rule, and of which type
WRITTEN = {"round": int, "left": int, "number": str, "date": str}
LONGEST_FORMAT = 40
READABLE = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"


def call(name: str, values: list[Any]) -> Any:
    """Return the value of a function; abs and round are the evaluator's own."""
    return _BY_NAME[name](*values)


def number(text: Any, mark: Any = ".") -> Any:
    """Read numbers from text: ``1.234,50 €`` with the mark ``,``; null where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    point = mark if isinstance(mark, str) else mark.as_py()
    if not (pa.types.is_string(text.type) or pa.types.is_large_string(text.type)):
        return pc.cast(text, pa.float64(), safe=False)
    other = "." if point == "," else ","
    bare = pc.replace_substring_regex(text, rf"[\s\x{{00A0}}'’€$£%{other}]", "")
    if point == ",":
        bare = pc.replace_substring(bare, ",", ".")
    good = pc.match_substring_regex(bare, READABLE)
    bare = pc.if_else(good, bare, pa.scalar(None, bare.type))
    return pc.cast(bare, pa.float64())


def date(text: Any, form: Any) -> Any:
    """Read dates from text in a format of strptime; null where there is none. What is a date already stays."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_temporal(text.type):
        return text
    stamps = pc.strptime(text, format=form.as_py(), unit="us", error_is_null=True)
    stamps = _existing(text, form.as_py(), stamps)
    clock = any(part in form.as_py() for part in ("%H", "%M", "%S"))
    return stamps if clock else pc.cast(stamps, pa.date32(), safe=False)


_PARTS = {"%d": "(?P<d>[0-9]{1,2})", "%b": "[A-Za-z]+", "%B": "[A-Za-z]+"}


def _existing(text: Any, form: str, stamps: Any) -> Any:
    """Make null of the 30th of February, which strptime takes for the first of March."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if form.count("%d") != 1 or not pc.any(pc.less_equal(pc.day(stamps), pa.scalar(3))).as_py():
        return stamps
    pieces = re.split(r"(%[A-Za-z])", form)
    pattern = "".join(_PARTS.get(p, "[0-9]+") if p.startswith("%") else re.escape(p) for p in pieces)
    written = pc.struct_field(pc.extract_regex(text, f"^{pattern}"), "d")
    if isinstance(written, pa.ChunkedArray):
        written = written.combine_chunks()
    wrong = pc.not_equal(pc.cast(pc.if_else(pc.is_valid(stamps), written, None), pa.int64()), pc.day(stamps))
    return pc.if_else(pc.fill_null(wrong, False), pa.scalar(None, stamps.type), stamps)


def days(when: Any) -> Any:
    """Return days since 1970 as floats: a date's are whole."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_date32(when.type):
        return pc.cast(pc.cast(when, pa.int32()), pa.float64())
    stamp = pc.cast(when, pa.timestamp("us", getattr(when.type, "tz", None)), safe=False)
    return pc.divide(pc.cast(pc.cast(stamp, pa.int64()), pa.float64(), safe=False), pa.scalar(86_400e6))


def years(start: Any, end: Any) -> Any:
    """Return the whole years from one date to another: how old somebody is, born on the first, on the second."""
    import pyarrow as pa
    import pyarrow.compute as pc

    start, end = (_date(v) for v in (start, end))

    def part(value: Any) -> Any:
        return pc.add(pc.multiply(pc.month(value), pa.scalar(100)), pc.day(value))

    before = pc.cast(pc.less(part(end), part(start)), pa.int64())
    return pc.subtract(pc.subtract(pc.year(end), pc.year(start)), before)


def _date(value: Any) -> Any:
    import pyarrow as pa

    return value.cast(pa.date32()) if pa.types.is_string(value.type) else value


def _left(text: Any, count: Any) -> Any:
    import pyarrow.compute as pc

    return pc.utf8_slice_codeunits(_text(text), 0, count.as_py())


def join(*texts: Any) -> Any:
    """Return texts put together; null where one of them is null."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*map(_text, texts), "")


def _text(value: Any) -> Any:
    import pyarrow as pa

    return (
        value
        if pa.types.is_string(value.type) or pa.types.is_large_string(value.type)
        else value.cast("string")
    )


def _kernel(name: str) -> Callable[[Any], Any]:
    def run(value: Any) -> Any:
        import pyarrow.compute as pc

        return getattr(pc, name)(value)

    return run


_BY_NAME: dict[str, Callable[..., Any]] = {
    "floor": _kernel("floor"),
    "length": _kernel("utf8_length"),
    "lower": _kernel("utf8_lower"),
    "upper": _kernel("utf8_upper"),
    "left": _left,
    "join": join,
    "number": number,
    "date": date,
    "days": days,
    "year": _kernel("year"),
    "quarter": _kernel("quarter"),
    "month": _kernel("month"),
    "day": _kernel("day"),
    "years": years,
}
