"""A delimited file's dialect and column types, told from its first lines. Pure: text in, facts out."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DELIMITERS = ",\t;|"
MOST_COLUMNS = 20_000
LONGEST_NAME = 1_000  # characters of a column's name; of longer ones the beginning stays
_INTEGER = re.compile(r"\s*[+-]?(0|[1-9]\d*)\s*")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf|infinity|nan)\s*", re.I)
_PADDED = re.compile(r"\s*[+-]?0\d+\s*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?")
_ZONED = re.compile(_TIMESTAMP.pattern + r"\s?(Z|[+-]\d{2}(:?\d{2})?)")


@dataclass(frozen=True, slots=True)
class Dialect:
    """delimiter, the names as written, and for each column the types its first values allow, widest last."""

    delimiter: str
    header: tuple[str, ...]
    candidates: tuple[tuple[str, ...], ...]


def sniff(text: str, *, whole: bool, delimiter: str = "") -> Dialect:
    """Tell the dialect of a text; the last line is left out unless ``whole``. ValueError on no header.

    The delimiter is the one that gives most columns in the header while most rows have as many.
    """
    if not whole:
        text = text[: text.rfind("\n") + 1] or text
    best: tuple[float, int, str, list[list[str]]] | None = None
    for candidate in delimiter or DELIMITERS:
        rows = _rows(text, candidate)
        if not rows:
            continue
        width = len(rows[0])
        body = rows[1:200]
        fit = sum(len(r) == width for r in body) / len(body) if body else 1.0
        score = fit if width > 1 else 0.0
        if best is None or (score, width) > best[:2]:
            best = (score, width, candidate, rows)
    if best is None:
        raise ValueError("no header line can be read")
    _, width, chosen, rows = best
    if not _closed(text, chosen):
        raise ValueError("the first line opens a quotation mark and does not close it")
    columns = zip(*(r for r in rows[1:] if len(r) == width), strict=True) if len(rows) > 1 else ()
    candidates = [types(values) for values in columns] or [types(())] * width
    return Dialect(chosen, tuple(rows[0]), tuple(candidates))


def _rows(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(
        io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter, strict=False
    )
    rows = []
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) > 5000:
                break
    except csv.Error:  # a value longer than the reader holds: the rows before it still tell
        pass
    return rows


def _closed(text: str, delimiter: str) -> bool:
    """Whether the names of the columns end before the text does."""
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    try:
        next((row for row in csv.reader(lines, delimiter=delimiter, strict=True) if row), None)
    except csv.Error as error:
        return "unexpected end" not in str(error) and "field larger" not in str(error)
    return True


def types(values: Iterable[str]) -> tuple[str, ...]:
    """Return the DuckDB types that every value allows, narrowest first and VARCHAR last.

    Whole numbers written with leading zeros stay text, since the zeros would be lost.
    """
    seen = {v for v in values if v}
    if not seen:
        return ("BOOLEAN", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "TIMESTAMPTZ", "VARCHAR")
    out = []
    if all(v.strip().lower() in ("true", "false") for v in seen):
        out.append("BOOLEAN")
    elif not any(_PADDED.fullmatch(v) for v in seen):
        if all(_INTEGER.fullmatch(v) for v in seen):
            out += ["BIGINT"]
        if all(_NUMBER.fullmatch(v) for v in seen) and any(c.isdigit() for v in seen for c in v):
            out += ["DOUBLE"]
    if all(_DATE.fullmatch(v) for v in seen):
        out += ["DATE"]
    if all(_TIMESTAMP.fullmatch(v) or _DATE.fullmatch(v) for v in seen):
        out += ["TIMESTAMP"]
    if all(_ZONED.fullmatch(v) for v in seen):
        out += ["TIMESTAMPTZ"]
    return (*out, "VARCHAR")


def tests(column: str, type: str) -> tuple[str, ...]:
    """Return SQL aggregates, cheapest first, any of which is true where every text in ``column`` (quoted) is of
    the type without any loss; null where there is no value.
    """
    given = f"FILTER (WHERE {column} IS NOT NULL)"
    if type == "BOOLEAN":
        return (f"bool_and(lower(trim({column})) IN ('true', 'false'))",)
    if type == "BIGINT":
        # concat: without it the planner turns the comparison round and casts the text outright.
        plain = f"bool_and(concat(TRY_CAST({column} AS BIGINT), '') = {column})"
        whole = f"regexp_full_match({column}, '{_INTEGER.pattern}')"
        return plain, f"bool_and({whole} AND TRY_CAST({column} AS BIGINT) IS NOT NULL) {given}"
    if type == "DOUBLE":
        # A whole number past 2**63 is an identifier: as a DOUBLE its last digits would be lost.
        long = f"regexp_full_match({column}, '\\s*[+-]?(0\\d+|\\d{{19,}})\\s*')"
        loose = f"TRY_CAST({column} AS DOUBLE) IS NOT NULL"
        return (f"bool_and({loose} AND NOT (length({column}) > 1 AND {long})) {given}",)
    shape = {"DATE": _DATE.pattern, "TIMESTAMP": f"({_TIMESTAMP.pattern}|{_DATE.pattern})"}.get(
        type, _ZONED.pattern
    )
    exact = f"regexp_full_match({column}, '{shape}') AND TRY_CAST({column} AS {type}) IS NOT NULL"
    return (f"bool_and({exact}) {given}",)


def named(header: Sequence[str]) -> tuple[list[str], list[tuple[str, str]], int]:
    """Return names that are all different (whatever their case), what was renamed, and how many had none.

    A name that comes again gets ``_1``, ``_2``; an empty one becomes ``column<n>`` counted from 1; of one longer than
    LONGEST_NAME the beginning stays.
    """
    names: list[str] = []
    renamed: list[tuple[str, str]] = []
    taken: set[str] = set()
    counts: Counter[str] = Counter()
    own = {h.strip().lower() for h in header}
    empty = 0
    for place, given in enumerate(header, 1):
        name = given.replace("\0", "").strip()[:LONGEST_NAME]
        if not name:
            empty += 1
            name = f"column{place}"
        fresh = name
        while fresh.lower() in taken or (fresh != name and fresh.lower() in own):
            counts[name.lower()] += 1
            fresh = f"{name}_{counts[name.lower()]}"
        if fresh != name:
            renamed.append((name, fresh))
        taken.add(fresh.lower())
        names.append(fresh)
    return names, renamed, empty
