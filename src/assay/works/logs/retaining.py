"""Retention: what is older than the policy says goes, unless somebody holds it; what went and why is told in the log."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from assay.kernel.errors import Missing, Refused, UsageError
from assay.methods.nearest import did_you_mean
from assay.office import logbook, pruning, verification
from assay.office.logbook import Hold, LogFile
from assay.works.home import Home
from assay.works.logs.importing import working
from assay.works.logs.views import NAMES
from assay.works.traces import pruning as spans
from assay.works.work import utc_now

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FILES = 500  # files struck off in one transaction
_SOURCES = frozenset(NAMES) - {"logs", "findings", "runs"}


@dataclass(frozen=True, slots=True)
class Retained:
    """What a policy took: bodies of events, files of imported logs with their rows and bytes, documents of spans; what was held."""

    policy: str
    older_than: str
    events: int
    files: int
    rows: int
    bytes: int
    held: dict[str, int]
    said: list[int]
    dry_run: bool
    documents: int = 0
    spans: int = 0


def retain(home: Home, actor: str, cutoff: str, *, policy: str, dry_run: bool) -> Retained:
    """Prune what is older than ``cutoff`` (RFC 3339, UTC). Refused where the log does not verify: it would cover that up."""
    if not _NAME.fullmatch(policy):
        raise UsageError(f"{policy!r} is no name of a policy", remedy="use letters, digits, . - and _")
    if cutoff > max(utc_now(), home.office.clock()):
        raise UsageError(
            f"{cutoff} is still to come, and everything is older", remedy="name a time that has passed"
        )
    with working(home) as folder:
        found = verification.verify(home.office)
        if not found.ok:
            raise Refused(
                f"the log does not verify ({found.problems[0].message}), so nothing of it is pruned",
                remedy="see `assay log verify`",
            )
        holds = logbook.holds(home.office)
        plan = pruning.plan(home.office, cutoff, holds)
        files, held = _files(home, cutoff, holds, plan.held)
        traces = spans.plan(home, cutoff, holds, held)
        said: list[int] = []
        if not dry_run:
            said += pruning.prune(home.office, plan, actor=actor, policy=policy, cutoff=cutoff)
            for start in range(0, len(files), _FILES):
                said.append(_strike(home, actor, files[start : start + _FILES], policy, cutoff))
            for record in files:  # struck off first: what is left of a crash here is swept by the next import
                (folder / record.file).unlink(missing_ok=True)
            said += spans.prune(home, actor, traces, policy, cutoff)
        rows, size = sum(f.rows for f in files), sum(f.bytes for f in files)
        size += sum(rows_[0].bytes for rows_ in traces.values())
        count = sum(r.spans for rows_ in traces.values() for r in rows_)
        return Retained(
            policy, cutoff, len(plan.places), len(files), rows, size, held, said, dry_run, len(traces), count
        )


def _files(
    home: Home, cutoff: str, holds: list[Hold], held: dict[str, int]
) -> tuple[list[LogFile], dict[str, int]]:
    out = []
    for record in logbook.files(home.office):
        if record.state != "live" or record.last >= cutoff:
            continue
        keeps = [h.name for h in holds if h.covers(record.source, record.first, record.last)]
        for name in keeps:
            held[name] = held.get(name, 0) + record.rows
        if not keeps:
            out.append(record)
    return out, held


def _strike(home: Home, actor: str, files: list[LogFile], policy: str, cutoff: str) -> int:
    with home.office.transaction() as tx:
        for record in files:
            logbook.put(tx, replace(record, state="pruned", policy=policy, event=tx.size))
        detail: dict[str, Any] = {
            "policy": policy,
            "older_than": cutoff,
            "files": {f.file: f.digest for f in files},
            "rows": sum(f.rows for f in files),
        }
        return tx.record(pruning.ACTION, "logs", actor=actor, detail=detail)


def hold(
    home: Home,
    actor: str,
    name: str,
    *,
    why: str,
    since: str | None,
    until: str | None,
    sources: tuple[str, ...],
) -> tuple[Hold, int]:
    """Hold a period and sources (none: all) against pruning; Refused where the name is in use."""
    if not _NAME.fullmatch(name) or not why.strip():
        raise UsageError(
            "a hold has a name of letters, digits, . - and _, and a reason", remedy='add --why "…"'
        )
    for source in sources:
        if source not in _SOURCES:
            raise UsageError(f"there is no log {source!r}", remedy=did_you_mean(source, _SOURCES))
    if since and until and since >= until:
        raise UsageError("the hold ends before it begins", remedy="see --since and --until")
    with working(home), home.office.transaction() as tx:
        if tx.get("logs", f"hold/{name}") is not None:
            raise Refused(
                f"there is a hold {name!r} already, and one is never rewritten", remedy="give it another name"
            )
        record = Hold(name, why, actor, since, until, sources, tx.now)
        logbook.put(tx, record)
        detail = {"why": why, "since": since, "until": until, "sources": list(sources)}
        return record, tx.record("log.hold", name, actor=actor, detail=detail)


def release(home: Home, actor: str, name: str, *, why: str) -> tuple[Hold, int]:
    """Release a hold; Missing where there is none, Refused where it was released."""
    with working(home), home.office.transaction() as tx:
        known = {h.name: h for h in logbook.holds(home.office)}
        if name not in known:
            raise Missing(f"there is no hold {name!r}", remedy=did_you_mean(name, known))
        if known[name].state != "held":
            raise Refused(f"the hold {name!r} was released before")
        if not why.strip():
            raise UsageError("a hold is released for a reason", remedy='add --why "…"')
        record = replace(known[name], state="released", released_by=actor, released=tx.now)
        logbook.put(tx, record)
        return record, tx.record("log.release", name, actor=actor, detail={"why": why})
