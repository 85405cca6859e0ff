"""Somebody else's SQLite file, opened to read only: nothing of its schema is trusted, and views count for nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assay.kernel.errors import BadInput

_LARGEST = 16 << 20  # bytes of one value; SQLite itself would read a thousand million


def holds(path: Path, wanted: set[str], whose: str) -> bool:
    """Whether a file is a SQLite database with these tables. whose: what it is taken for where it cannot be read."""
    with path.open("rb") as content:
        if content.read(16) != b"SQLite format 3\0":
            return False
    with opened(path, whose) as con:
        return wanted <= tables(con)


def tables(con: sqlite3.Connection) -> set[str]:
    """Return the names of its tables."""
    return {r[0] for r in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def columns(con: sqlite3.Connection, table: str) -> set[str]:
    """Return the names of a table's columns."""
    return {r[1] for r in con.execute(f"PRAGMA table_info({table})")}


def moment(milliseconds: Any) -> str | None:
    """Return milliseconds since 1970 as RFC 3339; None for what is no moment."""
    if milliseconds is None:
        return None
    try:
        found = dt.datetime.fromtimestamp(int(milliseconds) / 1000, dt.UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextlib.contextmanager
def opened(path: Path, whose: str) -> Iterator[sqlite3.Connection]:
    """Open it; BadInput for what cannot be read of it."""
    con = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, timeout=30)
    con.text_factory = lambda raw: raw.decode("utf-8", "replace")
    con.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)
    try:
        con.execute("PRAGMA query_only = ON")
        con.execute("PRAGMA trusted_schema = OFF")
        yield con
    except (sqlite3.DatabaseError, TypeError, ValueError, OverflowError) as error:
        raise BadInput(
            f"the store cannot be read: {str(error)[:200]}",
            where=str(path),
            remedy=f"is it {whose} database, whole?",
        ) from None
    finally:
        con.close()
