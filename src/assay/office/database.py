"""The office's database: opened for writing, or for reading alone where its folder cannot be written."""

from __future__ import annotations

import shutil
import sqlite3
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa

from assay.engines.extras import install
from assay.engines.leftovers import outside, removed
from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


def connect(url: str, *, readonly: bool) -> Engine:
    """Return the engine of a database; UsageError for what is no database's URL, or one without its driver.

    readonly: nothing is written, not even the files that SQLite keeps beside a database while it is open.
    """
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    try:
        parsed = sa.make_url(url)
        if readonly and parsed.get_backend_name() == "sqlite" and parsed.database:
            return sa.create_engine(url, creator=_reader(Path(parsed.database)))
        engine = sa.create_engine(url)
    except ModuleNotFoundError:
        raise UsageError("PostgreSQL needs a driver", remedy=install("postgres")) from None
    except sa.exc.ArgumentError:
        raise UsageError(
            f"{url!r} is not a database URL", remedy="write sqlite:///file.db or postgresql://…"
        ) from None
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _sqlite)
    return engine


def _sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own is deferred
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=30000",
        "foreign_keys=ON",
        "wal_autocheckpoint=4000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _reader(path: Path) -> Callable[[], sqlite3.Connection]:
    """Return what opens a SQLite file for reading alone.

    A database with a write-ahead log can be read in place only where SQLite may keep an index of that log beside it.
    Where it may not, and the log holds something, database and log are read in a copy.
    """
    log = path.with_name(path.name + "-wal")
    kept: list[Path] = []  # as long as the engine lives

    def opened() -> sqlite3.Connection:
        if not log.exists() or not log.stat().st_size:
            return _open(path, "mode=ro&immutable=1")
        if not kept:
            folder, lock = outside("read")
            weakref.finalize(opened, removed, folder, lock)
            kept.append(folder)
            for part in (path, log):
                shutil.copy(part, folder)
        return _open(kept[0] / path.name, "mode=rw")

    return opened


def _open(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path.resolve()))}?{how}", uri=True, check_same_thread=False)
