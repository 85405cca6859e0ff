"""DuckDB asked over views of logs: it reads the files it was given and no other, writes nothing, and stops in time."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from assay.kernel.errors import Refused, UsageError
from assay.methods.logs.guard import MAX_SQL, refusal
from assay.methods.sqltext import literal

MAX_BYTES = 64 << 20  # of an answer
_GRACE = 5.0  # seconds: to begin in, and to be told to stop in
_ROOM = 3 << 30  # bytes of addresses that DuckDB and Arrow set aside, used or not
_MEMORY = ("Out of Memory", "bad_alloc", "bad allocation", "failed to allocate", "Allocation failure")
_STEP = 2048


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of a query. truncated: why there are more than were given."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: str | None = None


def judged(sql: str, views: Sequence[str]) -> set[str]:
    """Return the views that a query reads; Refused where it may not be asked, UsageError where it is no SQL."""
    import duckdb

    if len(sql) > MAX_SQL or "\0" in sql:
        raise UsageError(f"the query has more than {MAX_SQL} characters, or one that is none")
    with duckdb.connect() as con:
        try:
            kinds = [s.type.name for s in duckdb.extract_statements(sql)]
            if kinds != ["SELECT"]:
                what = ", ".join(kinds) or "nothing"
                raise Refused(f"only one SELECT may be asked of the logs, and this is {what}")
            tree = json.loads(con.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()[0][0])
        except (duckdb.Error, RecursionError) as error:
            raise UsageError(f"the query cannot be read: {_said(error)}") from None
    reason, read = refusal(tree, views)
    if reason is not None:
        raise Refused(f"the query may not be asked: {reason}", remedy=f"the views are {', '.join(views)}")
    return read


@dataclass(frozen=True, slots=True)
class Job:
    """A query and what it is asked over. tables: name → file of Arrow IPC; views: name → SQL, as they build on one another.

    memory: bytes that DuckDB may use before it spills; the process that answers gets as much again and ``_ROOM``.
    """

    sql: str
    tables: Mapping[str, str]
    views: Mapping[str, str]
    files: Sequence[str]
    memory: int
    cores: int
    scratch: str
    rows: int
    seconds: float


def ask(job: Job) -> Answer:
    """Answer a query in a process of its own, which is ended when its time is up and cannot take more memory than it may.

    UsageError where it cannot be answered, Refused where it takes too long or too much.
    """
    command = [sys.executable, "-m", "assay.engines.logs.asking"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            said, _ = process.communicate(json.dumps(asdict(job)).encode(), timeout=job.seconds + _GRACE)
        except subprocess.TimeoutExpired:
            raise _late(job.seconds) from None
        finally:
            process.kill()
    try:
        answer = json.loads(said)
    except ValueError:  # it was ended by the machine
        raise _hungry() from None
    if "late" in answer:
        raise _late(job.seconds)
    if "hungry" in answer:
        raise _hungry()
    if "failed" in answer:
        raise UsageError(f"the query cannot be answered: {answer['failed']}")
    rows = tuple(tuple(r) for r in answer["rows"])
    return Answer(tuple(answer["columns"]), tuple(answer["types"]), rows, answer["truncated"])


def _late(seconds: float) -> Refused:
    return Refused(
        f"the query took more than {seconds:g} s", remedy="narrow it by time, or give it more: --seconds"
    )


def _hungry() -> Refused:
    return Refused(
        "the query needs more memory than it may have", remedy="narrow it, or raise `memory` in config.yaml"
    )


def _answered(job: Job) -> dict[str, Any]:
    """Answer a job in this process."""
    import resource

    import duckdb
    import pyarrow as pa

    most = 2 * job.memory + _ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    con = duckdb.connect(
        config={
            "memory_limit": f"{job.memory}B",
            "threads": str(job.cores),
            "temp_directory": job.scratch,
            "max_temp_directory_size": "20GB",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        }
    )
    con.execute("SET TimeZone = 'UTC'")
    for name, file in job.tables.items():
        with pa.memory_map(file) as source:
            con.register(name, pa.ipc.open_file(source).read_all())
    allowed = ", ".join(literal(f) for f in job.files)
    con.execute(f"SET allowed_paths = [{allowed}]")
    con.execute(f"SET allowed_directories = [{literal(job.scratch + '/')}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET python_enable_replacements = false")
    for name, sql in job.views.items():
        con.execute(f"CREATE VIEW {name} AS {sql}")
    con.execute("SET lock_configuration = true")
    late = threading.Event()
    try:
        with _limited(con, job.seconds, late):
            found = con.execute(job.sql)
            columns, types = ([str(d[i]) for d in found.description or ()] for i in (0, 1))
            rows, truncated = _some(found, job.rows)
    except MemoryError:
        return {"hungry": True}
    except (duckdb.Error, OSError, RuntimeError) as error:  # Arrow's reader tells DuckDB's errors as its own
        if late.is_set():
            return {"late": True}
        if isinstance(error, duckdb.OutOfMemoryException) or any(w in str(error) for w in _MEMORY):
            return {"hungry": True}
        return {"failed": _said(error)}
    return {"columns": columns, "types": types, "rows": rows, "truncated": truncated}


@contextlib.contextmanager
def _limited(con: Any, seconds: float, late: threading.Event) -> Iterator[None]:
    def stop() -> None:
        late.set()
        con.interrupt()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _some(found: Any, most: int) -> tuple[list[tuple[Any, ...]], str | None]:
    """Return the first rows of a result; it comes as Arrow, since DuckDB's own rows need pytz for their times."""
    kept: list[tuple[Any, ...]] = []
    size = 0
    for batch in found.to_arrow_reader(_STEP):
        for row in zip(*(c.to_pylist() for c in batch.columns), strict=True):
            if len(kept) == most:
                return kept, f"the first {most} rows"
            plain = tuple(_plain(v) for v in row)
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
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
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


def _said(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2])[:300] if lines else type(error).__name__


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_answered(Job(**json.loads(sys.stdin.buffer.read())))))
