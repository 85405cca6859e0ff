"""What every kind of log has: a name, typed columns with what each means, and a reader of one record.

A reader gets the bytes of one record and returns its columns in order. Whatever is wrong with a record is one ValueError
with a sentence, so that the record can be kept aside with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MAX_RECORD = 4 << 20  # bytes: CloudTrail's are at most 256 KB, CloudWatch's and Kubernetes' about 1 MB
MAX_DEPTH = 100  # brackets within brackets
_FIRST, _LAST = 1990, 2100
EARLIEST, LATEST = datetime(_FIRST, 1, 1, tzinfo=UTC), datetime(_LAST, 1, 1, tzinfo=UTC)

Values = tuple[Any, ...]
Context = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its type in DuckDB's words, what it means, and whether few values repeat in it."""

    name: str
    type: str
    doc: str
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of log. name: of its view and folder. title: for people.

    columns: those of a record after ``time`` and ``id``, which every kind has, and before ``raw``.
    read: a record's bytes and what its file says of all → time, id, and the columns. opened: the bytes of a document →
    the records in it, each with what the document says of it. text: a file is lines of text and not JSON.
    unique: ``id`` names a record for good, so that one met again is the same.
    computed: columns of the view that are read out of ``raw`` when asked for: name, SQL, type, what it means.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    read: Callable[[bytes, Context], Values]
    opened: Callable[[bytes], Iterable[tuple[bytes, Context]]]
    text: bool = False
    unique: bool = False
    continues: Callable[[bytes], bool] | None = None
    computed: tuple[tuple[str, str, str, str], ...] = field(default=())

    def all_columns(self) -> tuple[Column, ...]:
        """Return every stored column in order, with those that all kinds have."""
        return (
            Column("time", "TIMESTAMP WITH TIME ZONE", "when it happened"),
            Column("id", "VARCHAR", "the record's own name, where it has one"),
            *self.columns,
            Column("raw", "VARCHAR", "the record as it was read, byte for byte"),
        )


def moment(value: Any) -> datetime:
    """Return a time of a record, UTC where it names no zone; ValueError where it is none, or of no time in use."""
    if type(value) is datetime and value.tzinfo is UTC and _FIRST <= value.year < _LAST:  # nearly all
        return value
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value[:40]!r} is no time") from None
    if isinstance(value, bool) or not isinstance(value, (datetime, int, float)):
        raise ValueError("it has no time")
    if isinstance(value, (int, float)):
        return _epoch(value)
    when: datetime = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    if not EARLIEST <= when < LATEST:
        raise ValueError(f"its time is {when.year}, and no log was written then")
    return when


def _epoch(value: float) -> datetime:
    """Read seconds, milli-, micro- or nanoseconds since 1970: which of them is told by the size."""
    size = abs(value)
    for scale in (1, 1_000, 1_000_000, 1_000_000_000):
        if 631_152_000 * scale <= size < 4_102_444_800 * scale:  # 1990 to 2100
            micros = (
                value * 1_000_000 // scale if isinstance(value, int) else round(value * 1_000_000 / scale)
            )
            return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(
                microsecond=int(micros % 1_000_000)
            )
    raise ValueError(f"{value} is no time in use")


def bounded(raw: bytes) -> None:
    """ValueError where a record is larger or nested deeper than any is."""
    if len(raw) > MAX_RECORD:
        raise ValueError(f"it has {len(raw)} bytes, and {MAX_RECORD} are the most")
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _depth(raw) > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} deep")


def _depth(raw: bytes) -> int:
    """Return an upper bound of the nesting: brackets inside texts are left out."""
    import re

    depth = most = 0
    for found in re.finditer(rb'"(?:[^"\\]|\\.)*"|[{\[]|[}\]]', raw, re.S):
        part = raw[found.start()]
        if part in b"{[":
            depth += 1
            most = max(most, depth)
        elif part in b"}]":
            depth -= 1
    return most


def refused(error: Exception) -> ValueError:
    """Return what msgspec says of a record as a sentence of ours."""
    if isinstance(error, RecursionError):
        return ValueError("it is nested deeper than can be read")
    said = str(error)
    return ValueError(f"it is not what it should be: {said[:1].lower()}{said[1:200]}")


def columns(*given: Sequence[str]) -> tuple[Column, ...]:
    """Return columns written as ``(name, type, doc)``; a name with ``*`` behind it repeats few values."""
    return tuple(Column(n.rstrip("*"), t, d, n.endswith("*")) for n, t, d in given)
