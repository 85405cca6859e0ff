"""DuckDB asked over views of logs: it reads the files it was given and no other, writes nothing, and stops in time."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assay.engines.logs import answering
from assay.kernel.errors import AssayError, Broken, Refused, UsageError
from assay.methods.logs.guard import MAX_SQL, refusal

_BEGIN = 30.0  # seconds: to begin and to read a query in, beside whatever else the machine does
_GRACE = 5.0  # seconds: to be told to stop in


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of a query. truncated: why there are more than were given."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What a query is asked over. views: name → SQL, as they build on one another; files: those that they read.

    scratch: a folder to spill into; rows: the most that are given; seconds: the most it may take.
    """

    views: Mapping[str, str]
    files: Sequence[str]
    scratch: str
    rows: int
    seconds: float


def judged(sql: str, views: Sequence[str]) -> set[str]:
    """Return the views that a query reads; Refused where it may not be asked, UsageError where it is no SQL."""
    import duckdb

    _bounded(sql)
    with duckdb.connect() as con:
        try:
            found = answering.parsed(duckdb, con, sql)
        except (duckdb.Error, RecursionError) as error:
            found = {"failed": answering.said(error)}
    return _read(found, views)


def _bounded(sql: str) -> None:
    if len(sql) > MAX_SQL or "\0" in sql:
        raise UsageError(f"the query has more than {MAX_SQL} characters, or one that is none")


def _read(found: Mapping[str, Any], views: Sequence[str]) -> set[str]:
    """Return the views that a query reads, of which DuckDB's parser told the tree."""
    if "failed" in found:
        raise UsageError(f"the query cannot be read: {found['failed']}")
    if found["kinds"] != ["SELECT"]:
        what = ", ".join(found["kinds"]) or "nothing"
        raise Refused(f"only one SELECT may be asked of the logs, and this is {what}")
    reason, read = refusal(found["tree"], views)
    if reason is not None:
        raise Refused(f"the query may not be asked: {reason}", remedy=f"the views are {', '.join(views)}")
    return read


class Asked:
    """A query under way in a process of its own, which is ended when its time is up and cannot take more memory than it may."""

    def __init__(self, process: subprocess.Popen[bytes], sql: str, memory: int, cores: int) -> None:
        self._process, self._first = process, {"sql": sql, "memory": memory, "cores": cores}

    def judged(self, views: Sequence[str]) -> set[str]:
        """Return the views that it reads; Refused where it may not be asked, UsageError where it is no SQL."""
        return _read(self._said(self._first, _BEGIN, _BEGIN), views)

    def answer(self, job: Job) -> Answer:
        """Answer it. UsageError where it cannot be answered, Refused where it takes too long or too much."""
        found = self._said(asdict(job), job.seconds + _GRACE, job.seconds)
        if "failed" in found:
            raise UsageError(f"the query cannot be answered: {found['failed']}")
        rows = tuple(tuple(r) for r in found["rows"])
        return Answer(tuple(found["columns"]), tuple(found["types"]), rows, found["truncated"])

    def _said(self, told: Mapping[str, Any], most: float, seconds: float) -> dict[str, Any]:
        """Tell the process something and return what it says; it is ended after ``most`` seconds."""
        put, get = self._process.stdin, self._process.stdout
        assert put is not None and get is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(most, end)
        timer.daemon = True
        timer.start()
        try:
            with contextlib.suppress(BrokenPipeError):  # it has ended, and what it said tells why
                put.write(json.dumps(told).encode() + b"\n")
                put.flush()
            line = get.readline()
        finally:
            timer.cancel()
        try:
            said: dict[str, Any] = json.loads(line)
        except ValueError:  # it was ended, by us or by the machine
            raise _late(seconds) if late.is_set() else _hungry() from None
        if "late" in said:
            raise _late(seconds)
        if "hungry" in said:
            raise _hungry()
        return said


@contextlib.contextmanager
def asking(sql: str, memory: int, cores: int) -> Iterator[Asked]:
    """Begin a process that will answer a query; it is gone when the context is.

    memory: bytes that DuckDB may use before it spills; the process gets as much again and ``answering.ROOM``.
    """
    _bounded(sql)
    engine = find_spec("_duckdb") or find_spec("duckdb")
    if engine is None or engine.origin is None:
        raise Broken("DuckDB is not installed", remedy="install Assay again")
    folder = Path(engine.origin).parent
    folder = folder if engine.name == "_duckdb" else folder.parent
    command = [sys.executable, "-I", "-S", answering.__file__, str(folder)]
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.DEVNULL,
    }
    with subprocess.Popen(command, **pipes) as process:
        try:
            yield Asked(process, sql, memory, cores)
        finally:
            process.kill()
            with contextlib.suppress(OSError):  # what it was not told before it ended
                process.stdin.close()  # type: ignore[union-attr]


def _late(seconds: float) -> AssayError:
    return Refused(
        f"the query took more than {seconds:g} s", remedy="narrow it by time, or give it more: --seconds"
    )


def _hungry() -> AssayError:
    return Refused(
        "the query needs more memory than it may have", remedy="narrow it, or raise `memory` in config.yaml"
    )
