"""Documents of spans that a policy lets go: the rows and their proof stay, and say by which policy it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.office import pruning, traces

if TYPE_CHECKING:
    from assay.office.logbook import Hold
    from assay.office.traces import TraceRecord
    from assay.works.home import Home

SOURCE = "spans"  # as a hold names them
_AT_ONCE = 500


def plan(
    home: Home, cutoff: str, holds: Sequence[Hold], held: dict[str, int]
) -> dict[str, list[TraceRecord]]:
    """Return the documents whose every span is older than a time and not held, with their rows; count what is held."""
    old: dict[str, list[TraceRecord]] = {}
    for record in traces.before(home.office, cutoff):
        keeps = [h.name for h in holds if h.covers(SOURCE, record.started, record.ended)]
        for name in keeps:
            held[name] = held.get(name, 0) + record.spans
        if not keeps:
            old.setdefault(record.document, []).append(record)
    needed = traces.using(home.office, set(old))
    return {document: rows for document, rows in old.items() if len(rows) == needed[document]}


def prune(home: Home, actor: str, found: dict[str, list[TraceRecord]], policy: str, cutoff: str) -> list[int]:
    """Say in the log that documents go, and then remove them; return the events."""
    said = []
    names = sorted(found)
    for at in range(0, len(names), _AT_ONCE):
        part = names[at : at + _AT_ONCE]
        with home.office.transaction() as tx:
            for document in part:
                for record in found[document]:
                    traces.put(tx, replace(record, state="pruned", policy=policy, event=tx.size))
            detail = {
                "policy": policy,
                "older_than": cutoff,
                "documents": part,
                "spans": sum(r.spans for d in part for r in found[d]),
            }
            said.append(tx.record(pruning.ACTION, "traces", actor=actor, detail=detail))
        for document in part:  # struck off first: what a crash leaves here is named by no live row
            home.store.remove(document)
    return said
