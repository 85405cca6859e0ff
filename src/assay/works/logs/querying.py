"""SQL over every log: the views that the query reads are laid over their files, it is answered, and that it was asked is recorded."""

# ruff: noqa: S608 - SQL is made here of quoted names
from __future__ import annotations

import hashlib
import re
import time as clock
from collections.abc import Mapping
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from assay.engines.isolation.limits import read_size
from assay.engines.logs.asking import Answer, Asked, Job, asking, judged
from assay.kernel.errors import AssayError, Missing, Refused, UsageError
from assay.methods.logs.sniff import SOURCES
from assay.methods.nearest import did_you_mean
from assay.office import logbook, schema
from assay.works.home import Home
from assay.works.logs import views
from assay.works.traces import querying as spans

MAX_ROWS, MAX_SECONDS = 1_000_000, 3600
_KEPT = 10_000  # characters of a query that the event keeps; of a longer one the digest too
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def query(
    home: Home, actor: str, sql: str, *, rows: int, seconds: float, since: str | None, until: str | None,
    saved: str | None = None,
) -> tuple[Answer, int | None]:  # fmt: skip
    """Answer a query; return the answer and the event that says so (None in a home that is read only).

    since and until: RFC 3339; what lies outside is not read. Refused, and recorded as denied, where it may not be asked.
    """
    if not (1 <= rows <= MAX_ROWS and 0 < seconds <= MAX_SECONDS):
        raise UsageError(f"a query gives 1 to {MAX_ROWS} rows, in at most {MAX_SECONDS} s")
    began = clock.monotonic()
    asked: dict[str, Any] = {"sql": sql[:_KEPT]} | ({"saved": saved} if saved else {})
    if len(sql) > _KEPT:
        asked["digest"] = "sha256:" + hashlib.sha256(sql.encode()).hexdigest()
    bounds = {k: v for k, v in (("since", since), ("until", until)) if v}
    try:
        with asking(sql, read_size(home.settings.memory), home.settings.cores) as asked_:
            read = asked_.judged(views.NAMES)
            answer = _answer(home, asked_, read, rows, seconds, bounds)
    except AssayError as error:
        outcome = "denied" if isinstance(error, Refused) else "failed"
        _record(home, actor, outcome, asked | bounds | {"reason": error.for_the_log()[:500]})
        error.recorded = True
        raise
    told = {"rows": len(answer.rows), "truncated": answer.truncated, "views": sorted(read)}
    spent = {"milliseconds": round((clock.monotonic() - began) * 1000)}
    return answer, _record(home, actor, "done", asked | bounds | told | spent)


def _record(home: Home, actor: str, outcome: str, detail: Mapping[str, Any]) -> int | None:
    if home.office.outside.readonly:
        return None
    with home.office.transaction() as tx:
        return tx.record("log.query", "logs", actor=actor, outcome=outcome, detail=detail)


def _answer(
    home: Home, asked: Asked, read: set[str], rows: int, seconds: float, bounds: Mapping[str, str]
) -> Answer:
    wanted = set(views.NAMES) - {"findings", "runs", "spans"} if views.ALL in read else set(read)
    made: dict[str, str] = {}
    allowed: list[str] = []
    base = (home.root / "logs").resolve()
    with home.scratch() as scratch:
        for name in views.NAMES:
            if name in SOURCES:
                paths = [str(p) for p in _files(home, base, name, bounds)] if name in wanted else []
                allowed += paths
                made[name] = _bounded(views.of_source(SOURCES[name], paths), bounds)
            elif name == views.ALL:
                made[name] = views.of_all()
            else:
                path = _own(home, name, bounds, scratch) if name in wanted else None
                allowed += [path] if path else []
                made[name] = _bounded(views.of_own(name, path), bounds)
        return asked.answer(Job(made, allowed, str(scratch.resolve()), rows, seconds))


def _bounded(sql: str, bounds: Mapping[str, str]) -> str:
    from assay.methods.sqltext import literal

    parts = [f"time {'>=' if k == 'since' else '<'} TIMESTAMPTZ {literal(v)}" for k, v in bounds.items()]
    return f"SELECT * FROM ({sql}) WHERE {' AND '.join(parts)}" if parts else sql


def _files(home: Home, base: Path, source: str, bounds: Mapping[str, str]) -> list[Path]:
    """Return the files of a source that may hold rows within bounds; Missing where one is gone."""
    out = []
    for record in logbook.files(home.office, source=source):
        outside = (bounds.get("since") or "") > record.last or record.first >= (bounds.get("until") or "9")
        if record.state != "live" or outside:
            continue
        path = base / record.file
        if not path.is_file():
            raise Missing(
                f"the file {record.file} of the imported logs is gone", remedy="see `assay log verify`"
            )
        out.append(path)
    return out


def _own(home: Home, name: str, bounds: Mapping[str, str], scratch: Path) -> str:
    """Write the rows of one of the office's own tables as Parquet, and return where."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = (scratch / f"{name}.parquet").resolve()
    if name == "spans":
        spans.lay(home, path, bounds)
        return str(path)
    kinds = pa.schema([("seq", pa.int64()), ("raw", pa.large_string())])
    if name == "events":
        query = sa.select(schema.events.c.seq, schema.events.c.leaf).order_by(schema.events.c.seq)
    else:
        query = sa.select(sa.null(), schema.PROTECTED[name].c.value)
    with pq.ParquetWriter(path, kinds, compression="none", use_dictionary=False) as out:
        for rows in home.office.batches(query):
            seqs, raw = zip(*rows, strict=True)
            out.write_batch(
                pa.record_batch([pa.array(seqs, pa.int64()), pa.array(raw, pa.large_string())], schema=kinds)
            )
    return str(path)


def shipped() -> dict[str, tuple[str, str]]:
    """Return the queries that come with Assay: name → (what it tells, SQL)."""
    out = {}
    for path in sorted(resources("assay.works.logs").joinpath("saved").iterdir(), key=lambda p: p.name):
        first, _, sql = path.read_text(encoding="utf-8").partition("\n")
        out[path.name.removesuffix(".sql")] = (first.removeprefix("-- "), sql)
    return out


def named(home: Home, name: str) -> str:
    """Return the SQL of a query that was kept, or that comes with Assay; Missing where there is none."""
    own = {q.name: q.sql for q in logbook.queries(home.office)}
    known = {n: sql for n, (_, sql) in shipped().items()} | own
    if name not in known:
        raise Missing(f"there is no query {name!r}", remedy=did_you_mean(name, known))
    return known[name]


def keep(home: Home, actor: str, name: str, sql: str) -> int:
    """Keep a query under a name, in place of one of the same name; UsageError where the name cannot be one."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a query", remedy="use small letters, digits, - and _")
    judged(sql, views.NAMES)
    with home.office.transaction() as tx:
        logbook.put(tx, logbook.Query(name, sql, actor, tx.now))
        return tx.record("log.save", name, actor=actor, detail={"sql": sql[:_KEPT]})
