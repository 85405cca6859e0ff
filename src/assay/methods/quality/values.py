"""Values of rules as SQL, fitted to the type of the column they are compared with."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from assay.kernel.handles import ColumnInfo
from assay.methods.quality.bounds import Bounds
from assay.methods.sqltext import literal, quoted

NUMBERS = ("integer", "number", "boolean")
TIMES = ("date", "timestamp")
_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_DURATION = re.compile(r"\s*(\d{1,9}(?:\.\d{1,6})?)\s*(second|minute|hour|day|week)s?\s*", re.I)
_RELATIVE = re.compile(r"\s*(now|today)(?:\(\))?\s*(?:([+-])\s*(.+))?", re.I)


def duration(text: str) -> timedelta | None:
    """Return ``3 days`` or ``1.5 hours`` as a length of time; None where it is none."""
    found = _DURATION.fullmatch(text)
    return timedelta(seconds=float(found[1]) * _UNITS[found[2].lower()]) if found else None


def moment(value: Any, now: str) -> datetime | None:
    """Return a date, a time or ``now - 3 days`` as a time in UTC without a zone; None where it is none."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if not isinstance(value, str):
        return None
    found = _RELATIVE.fullmatch(value)
    try:
        if not found:
            return moment(datetime.fromisoformat(value.strip()), now)
        start = datetime.fromisoformat(now).replace(tzinfo=None)
        if found[1].lower() == "today":
            start = start.replace(hour=0, minute=0, second=0, microsecond=0)
        shift = duration(found[3]) if found[3] else timedelta()
        if shift is None:
            return None
        return start - shift if found[2] == "-" else start + shift
    except (ValueError, OverflowError):
        return None


def number(value: Any) -> int | float | None:
    """Return a number, or a text that writes one, as a number; None where it is none or not finite."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        try:
            value = int(value) if re.fullmatch(r"\s*[+-]?\d{1,30}\s*", value) else float(value)
        except ValueError:
            return None
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, int):
        if abs(value) < 10**37:
            return value
        value = float(value) if abs(value) < 10**308 else math.inf
    return value if isinstance(value, float) and math.isfinite(value) else None


def sql_number(value: int | float) -> str:
    """Return a finite number as SQL."""
    return str(value) if isinstance(value, int) else f"CAST('{value!r}' AS DOUBLE)"


def sql_moment(value: datetime) -> str:
    """Return a time without a zone as SQL."""
    return f"TIMESTAMP {literal(value.isoformat(' '))}"


def as_number(column: ColumnInfo) -> str | None:
    """Return a column as a number in SQL, null where a text is none; None where it can be none."""
    name = quoted(column.name)
    if column.type in ("integer", "number"):
        return name
    if column.type == "boolean":
        return f"CAST({name} AS INTEGER)"
    return f"TRY_CAST({name} AS DOUBLE)" if column.type == "text" else None


def as_moment(column: ColumnInfo) -> str | None:
    """Return a column as a time without a zone in SQL, null where a text is none; None where it can be none."""
    name = quoted(column.name)
    if column.type in TIMES:
        return f"CAST({name} AS TIMESTAMP)"
    return f"TRY_CAST({name} AS TIMESTAMP)" if column.type == "text" else None


def as_text(column: ColumnInfo) -> str:
    """Return a column as text in SQL."""
    name = quoted(column.name)
    return name if column.type == "text" else f"CAST({name} AS VARCHAR)"


def member(column: ColumnInfo, value: Any, written: str, now: str) -> str | None:
    """Return one value of a list as SQL of the column's own type; None where no such column can hold it."""
    if column.type == "text":
        return literal(written)
    if column.type in ("integer", "number"):
        found = number(written if isinstance(value, str) else value)
        return None if found is None or isinstance(value, bool) else sql_number(found)
    if column.type == "boolean":
        words = {"true": "TRUE", "false": "FALSE", "1": "TRUE", "0": "FALSE"}
        return words.get(str(written).strip().lower())
    if column.type in TIMES:
        time = moment(value, now)
        return None if time is None else sql_moment(time)
    return literal(written)


def comparable(column: ColumnInfo) -> str:
    """Return a column as what ``member`` gives its values as."""
    name = quoted(column.name)
    if column.type in TIMES:
        return f"CAST({name} AS TIMESTAMP)"
    if column.type in ("text", "integer", "number", "boolean"):
        return name
    return f"CAST({name} AS VARCHAR)"


def within(expression: str, bounds: Bounds) -> str:
    """Return SQL that is true where an expression keeps bounds whose ends are SQL already."""
    if bounds.among:
        word = "NOT IN" if bounds.negated else "IN"
        return f"{expression} {word} ({', '.join(bounds.among)})"
    parts = []
    if bounds.low is not None:
        parts.append(f"{expression} {'>' if bounds.low_open else '>='} {bounds.low}")
    if bounds.high is not None:
        parts.append(f"{expression} {'<' if bounds.high_open else '<='} {bounds.high}")
    joined = " AND ".join(parts) or "TRUE"
    return f"NOT ({joined})" if bounds.negated else joined
