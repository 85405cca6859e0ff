"""The process that answers one query: it takes no more memory than it may, reads the files it is given, and ends.

It is run as a script by an interpreter that loads nothing else, so that it is ready in a twentieth of a second: nothing of
Assay is imported here, and of DuckDB only its engine. Its first line of input says what it may take and what is asked, and is
answered with the tree of the query as DuckDB's parser gives it; the second says over what it is asked, and is answered
with rows. Each line is JSON.
"""

from __future__ import annotations

import datetime
import importlib
import json
import math
import os
import resource
import sys
import threading
import types
from decimal import Decimal

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself takes longer to load than the rest
    from typing import Any

ROOM = 3 << 30  # bytes of addresses that DuckDB sets aside, used or not
MAX_BYTES = 64 << 20  # of an answer
_MEMORY = ("Out of Memory", "bad_alloc", "bad allocation", "failed to allocate", "Allocation failure")
_STEP = 2048


class _Utc(datetime.tzinfo):
    """The one zone there is here, as DuckDB asks pytz for it, which need not be there."""

    def utcoffset(self, _when: datetime.datetime | None) -> datetime.timedelta:
        return datetime.timedelta(0)

    dst = utcoffset

    def tzname(self, _when: datetime.datetime | None) -> str:
        return "UTC"

    def localize(self, when: datetime.datetime) -> datetime.datetime:
        return when.replace(tzinfo=self)


def _engine(folder: str) -> Any:
    """Return DuckDB, found in a folder; its package around the engine takes twice as long to load."""
    sys.path.append(folder)
    zones: Any = types.ModuleType("pytz")
    zones.utc, zones.UnknownTimeZoneError = _Utc(), KeyError
    zones.timezone = lambda _name: zones.utc
    sys.modules["pytz"] = zones
    try:
        return importlib.import_module("_duckdb")
    except ImportError:
        return importlib.import_module("duckdb")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def parsed(duckdb: Any, con: Any, sql: str) -> dict[str, Any]:
    """Return the kinds of the statements in a text, and the tree of a SELECT as DuckDB serialises it."""
    kinds = [s.type.name for s in duckdb.extract_statements(sql)]
    if kinds != ["SELECT"]:
        return {"kinds": kinds}
    # no parameter: to look at one, DuckDB loads numpy and pandas
    found = con.execute(f"SELECT json_serialize_sql({_literal(sql)})").fetchall()
    return {"kinds": kinds, "tree": json.loads(found[0][0])}


def said(error: BaseException) -> str:
    """Return an error of DuckDB's in a line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2])[:300] if lines else type(error).__name__


class Answering:
    """A connection that is shut in, and one query."""

    def __init__(self, duckdb: Any, asked: dict[str, Any]) -> None:
        self.duckdb, self.sql = duckdb, asked["sql"]
        most = 2 * asked["memory"] + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        self.con = duckdb.connect(
            config={
                "memory_limit": f"{asked['memory']}B",
                "threads": str(asked["cores"]),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
            }
        )
        self.con.execute("SET TimeZone = 'UTC'")

    def tree(self) -> dict[str, Any]:
        """Return the tree of the query, or why it cannot be read."""
        try:
            return parsed(self.duckdb, self.con, self.sql)
        except MemoryError:
            return {"hungry": True}
        except (self.duckdb.Error, RecursionError, UnicodeError) as error:
            return {"failed": said(error)}

    def answer(self, job: dict[str, Any]) -> dict[str, Any]:
        """Answer the query over views of files."""
        con, late = self.con, threading.Event()

        def stop() -> None:
            late.set()
            con.interrupt()

        timer = threading.Timer(job["seconds"], stop)
        timer.daemon = True
        timer.start()
        try:
            self._shut_in(job)
            found = con.execute(self.sql)
            columns, types_ = ([str(d[i]) for d in found.description or ()] for i in (0, 1))
            rows, truncated = _some(found, job["rows"])
        except MemoryError:
            return {"hungry": True}
        except Exception as error:  # noqa: BLE001 - told, lest it be taken for the end of the process
            if late.is_set():
                return {"late": True}
            if isinstance(error, self.duckdb.OutOfMemoryException) or any(w in str(error) for w in _MEMORY):
                return {"hungry": True}
            return {"failed": said(error)}
        finally:
            timer.cancel()
        return {"columns": columns, "types": types_, "rows": rows, "truncated": truncated}

    def _shut_in(self, job: dict[str, Any]) -> None:
        allowed = ", ".join(map(_literal, job["files"]))
        scratch = job["scratch"]
        for said_ in (
            f"SET temp_directory = {_literal(scratch)}",
            "SET max_temp_directory_size = '20GB'",
            f"SET allowed_paths = [{allowed}]",
            f"SET allowed_directories = [{_literal(scratch + '/')}]",
            "SET enable_external_access = false",
            "SET python_enable_replacements = false",
            *(f"CREATE VIEW {name} AS {sql}" for name, sql in job["views"].items()),
            "SET lock_configuration = true",
        ):
            self.con.execute(said_)


def _some(found: Any, most: int) -> tuple[list[tuple[Any, ...]], str | None]:
    """Return the first rows of a result."""
    kept: list[tuple[Any, ...]] = []
    size = 0
    while batch := found.fetchmany(_STEP):
        for row in batch:
            if len(kept) == most:
                return kept, f"the first {most} rows"
            plain = tuple(map(_plain, row))
            size += sum(len(v) if isinstance(v, str) else 8 for v in plain)
            if size > MAX_BYTES:
                return kept, f"the first {MAX_BYTES >> 20} MB"
            kept.append(plain)
    return kept, None


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; times are UTC, RFC 3339."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return str(value)


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main(folder: str) -> None:
    """Tell the tree of a query, and answer it where it is then said over what."""
    answering = Answering(_engine(folder), json.loads(sys.stdin.readline()))
    _tell(answering.tree())
    line = sys.stdin.readline()
    if line:
        _tell(answering.answer(json.loads(line)))
    os._exit(0)  # nothing here is worth being taken apart


if __name__ == "__main__":
    main(sys.argv[1])
