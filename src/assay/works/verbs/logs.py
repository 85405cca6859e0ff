"""Logs of other systems and the office's own: taken in, and asked in SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.search.moments import span, written
from assay.works.home import Home
from assay.works.verbs.shape import Json, listed, plain_record


def log_import(
    home: Home, actor: str, *, places: Sequence[str], kind: str | None = None, time: str | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Json:  # fmt: skip
    """Take log files and folders of them into the home."""
    from assay.works.logs.importing import import_logs

    done = import_logs(home, actor, places, kind=kind, time=time, progress=progress)
    return {"schema": "assay.imports/1", "imports": [i.to_dict() for i in done]}


def log_query(
    home: Home, actor: str, *, sql: str | None = None, saved: str | None = None, save: str | None = None,
    rows: int = 1000, seconds: float = 60, since: str | None = None, until: str | None = None,
) -> Json:  # fmt: skip
    """Answer an SQL query over the logs, or one that was kept."""
    from assay.works.logs import querying

    if (sql is None) == (saved is None):
        raise UsageError("a query is asked in SQL or by its name", remedy='give "SELECT …" or --saved NAME')
    text = sql if sql is not None else querying.named(home, str(saved))
    bounds = {"since": instant(since), "until": instant(until)}
    answer, event = querying.query(home, actor, text, rows=rows, seconds=seconds, saved=saved, **bounds)
    if save is not None:
        querying.keep(home, actor, save, text)
    return {"schema": "assay.answer/1", **plain_record(answer), "event": event}


def log_queries(home: Home, actor: str) -> Json:
    """List the queries that were kept, and those that come with Assay."""
    from assay.office import logbook
    from assay.works.logs import querying

    own = [
        {"name": q.name, "tells": "", "sql": q.sql, "actor": q.actor, "at": q.at}
        for q in logbook.queries(home.office)
    ]
    names = {q["name"] for q in own}
    ours = [
        {"name": n, "tells": tells, "sql": sql, "actor": "assay", "at": None}
        for n, (tells, sql) in querying.shipped().items()
        if n not in names
    ]
    return listed("queries", [*own, *ours])


def log_retain(
    home: Home, actor: str, *, older_than: str, policy: str | None = None, dry_run: bool = False
) -> Json:
    """Prune bodies of events and files of imported logs that are older, and are not held."""
    from assay.works.logs import retaining

    cutoff = str(instant(older_than))
    name = policy or f"older-than-{older_than}".replace(":", ".")
    done = retaining.retain(home, actor, cutoff, policy=name, dry_run=dry_run)
    return {"schema": "assay.retained/1", **plain_record(done)}


def log_hold(
    home: Home, actor: str, *, name: str, why: str, since: str | None = None, until: str | None = None,
    sources: Sequence[str] = (),
) -> Json:  # fmt: skip
    """Hold a period against pruning."""
    from assay.works.logs import retaining

    record, event = retaining.hold(
        home, actor, name, why=why, since=instant(since), until=instant(until), sources=tuple(sources)
    )
    return {"schema": "assay.hold/1", **plain_record(record), "event": event}


def log_release(home: Home, actor: str, *, name: str, why: str) -> Json:
    """Release a hold."""
    from assay.works.logs import retaining

    record, event = retaining.release(home, actor, name, why=why)
    return {"schema": "assay.hold/1", **plain_record(record), "event": event}


def log_holds(home: Home, actor: str) -> Json:
    """List the holds, released ones too."""
    from assay.office import logbook

    return listed("holds", [plain_record(h) for h in logbook.holds(home.office)])


def instant(text: str | None) -> str | None:
    """Return a time as the office writes it: a date, a time, a weekday, or how long ago (``36h``, ``7d``); UsageError for no such."""
    if text is None:
        return None
    found = span(text, datetime.now(UTC))
    if found is None:
        raise UsageError(f"{text!r} is no time", remedy="write 2026-01-31, 2026-01-31T12:00:00Z, or 7d")
    return written(found[0])


VERBS: Mapping[str, Callable[..., Any]] = {
    "log.import": log_import,
    "log.query": log_query,
    "log.queries": log_queries,
    "log.retain": log_retain,
    "log.hold": log_hold,
    "log.release": log_release,
    "log.holds": log_holds,
}
