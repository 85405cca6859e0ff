"""The headers of an ``rpmdb.sqlite``: the column ``blob`` of the table Packages.

The file is read from memory with nothing of its schema trusted, and may take only so many steps. One in WAL mode is told to be
plain, since nothing may be written beside it; changes that were not carried over yet lie in the file beside it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import IO

from assay.methods.packages.package import Unreadable

_MOST = 512 << 20
_HEADER = 64 << 20
_STEPS, _TURNS = 1_000_000, 2_000


def blobs(source: IO[bytes], size: int) -> Iterator[bytes]:
    """Give each header; Unreadable where SQLite cannot read the file to its end."""
    if size > _MOST:
        raise Unreadable("it is larger than any such database")
    source.seek(0)
    raw = bytearray(source.read(size))
    raw[18:20] = b"\x01\x01"
    turns = 0

    def turn() -> int:
        nonlocal turns
        turns += 1
        return int(turns > _TURNS)

    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        try:
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST)
            db.deserialize(bytes(raw))
            db.set_progress_handler(turn, _STEPS)
            db.execute("PRAGMA trusted_schema=OFF")
            db.execute("PRAGMA cell_size_check=ON")
            db.execute("PRAGMA query_only=ON")
            kind = db.execute("SELECT type FROM sqlite_master WHERE name = 'Packages'").fetchone()
            if kind is None or kind[0] != "table":
                raise Unreadable("it has no table of packages")
            for (blob,) in db.execute("SELECT blob FROM Packages"):
                if not isinstance(blob, bytes) or len(blob) > _HEADER:
                    raise Unreadable("a header is no bytes, or too long")
                yield blob
        except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
            raise Unreadable(f"SQLite cannot read it: {str(error)[:100]}") from None
