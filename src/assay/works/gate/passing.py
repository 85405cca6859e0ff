"""A load carried out: the source sorted by the rules, the clean rows in the store and the others in the quarantine, at once."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tables.source import DATABASES
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, UsageError
from assay.works.gate import apart, keptout
from assay.works.gate.order import Order, held_at, located
from assay.works.work import utc_now

if TYPE_CHECKING:
    from assay.engines.gate import Rulebook, Sink
    from assay.engines.tables.handle import DuckTable

SCHEMA = "assay.load/1"


def carried_out(order: Order, source: Asset, scratch: Path) -> dict[str, Any]:
    """Sort and load, and return what became of the rows, ``assay.load/1``."""
    from assay.engines.gate import Entry, Rulebook, open_sink, sort

    apart.not_its_own_source(order.source, order.into)
    with (
        _opened(order, scratch) as table,
        open_sink(order.into, quarantine=order.quarantine, scratch=scratch / "sink") as sink,
    ):
        digest = source.digest
        if not digest or source.format in DATABASES:  # a file of several tables changes with any of them
            digest = _content(table)
        apart.apart(order, sink)
        apart.there(order, sink)
        apart.taken(table, sink, order.into)
        run = _run(order, sink, digest)
        rules = with_keys(Rulebook.read(order.rules, [c.name for c in table.columns]), sink)
        lost = apart.whole(table)
        now = utc_now()
        found = sort(
            table,
            rules,
            columns=sink.columns,
            required=sink.required,
            keeps_nan=sink.keeps_nan,
            existing=sink.existing if sink.exists else None,
            tables={**{n: str(p) for n, p in rules.tables.items()}, **order.tables},
            scratch=scratch / "sort",
            now=now,
        )
        kept_out = len(found.reasons)
        name = order.into.partition("::")[2] or sink.name
        entry = Entry(run, sink.name, order.source, digest, now, found.rows, found.rows - kept_out, kept_out)
        held = keptout.write(table, found, entry, scratch) if kept_out else None
        made_of = {} if sink.exists or found.clean is not None else dict(found.columns)
        sink.append(found.clean, held, found.columns, entry)
        left = sink.left_behind()
        sink.commit()
        where = sink.quarantine
    told = summary(entry.to_dict() | {"table": name}, order, where, keptout.by_rule(found))
    told |= {
        "held": [{"rule": r, "why": w} for r, w in found.held],
        "rows_told": keptout.first(found),
        "unread": lost,
    }
    if left:
        told["left_behind"] = left
    if made_of:  # the store is not there yet: of which types it is to be is known from here alone
        told["columns"] = made_of
    return told | digests(told)


@contextlib.contextmanager
def _opened(order: Order, scratch: Path) -> Iterator[DuckTable]:
    """Open the source; one that lies in a server, or in the very file that is loaded into, is copied here first."""
    from assay.engines.tables import open_table, write_parquet

    path, _, _ = located(order.source).partition("::")
    own = path == located(order.into).partition("::")[0]
    copy = scratch / "source.parquet"
    with open_table(order.source, scratch=scratch / "source") as table:
        if table.engine == "duckdb" and not own:
            yield table
            return
        write_parquet(table, copy)
    with open_table(str(copy), scratch=scratch / "copied") as table:
        yield table


def _content(table: DuckTable) -> str:
    """Return the digest of what a source holds, where its bytes cannot be pinned."""
    from assay.engines.inplace.place import content_digest
    from assay.engines.inplace.rows import row_hashes
    from assay.engines.tables.handle import DATA

    columns = [c.name for c in table.columns]
    return content_digest(columns, row_hashes(table.connection, DATA, columns)[1])


def _run(order: Order, sink: Sink, digest: str) -> str:
    """Return the name of this load: made of the source and the store, so that one that was cut short is the same again."""
    before = [e for e in sink.loads() if e.digest == digest]
    if before and not order.again:
        last = before[-1]
        raise UsageError(
            f"these very rows went through the gate at {last.at} ({last.run}: {last.loaded:,} loaded, "
            f"{last.quarantined:,} quarantined)",
            where=order.source,
            remedy="--again loads them once more",
        )
    name = hashlib.sha256(f"{digest}/{located(order.into)}".encode()).hexdigest()[:10]
    return f"load-{name}-{len(before) + 1}"


def with_keys(rules: Rulebook, sink: Sink) -> Rulebook:
    """Add that what the store itself holds unique stays so."""
    from assay.methods.quality.rule import Rule

    stated = {r.columns for r in rules.quality if r.kind == "unique"}
    more = [
        Rule("unique", f"key {', '.join(k)}", k, given={"whole": True})
        for k in sink.keys
        if tuple(k) not in stated
    ]
    return replace(rules, quality=(*rules.quality, *more)) if more else rules


def summary(
    entry: Mapping[str, Any], order: Order, quarantine: str, rules: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what a load tells. quarantine: as the sink names it."""
    return {
        "schema": SCHEMA,
        "id": entry["run"],
        "source": order.source,
        "digest": entry["digest"],
        "store": located(order.into),
        "quarantine": held_at(order.into, quarantine),
        "at": entry["at"],
        "rows": entry["rows"],
        "loaded": entry["loaded"],
        "quarantined": entry["quarantined"],
        "rules": list(rules),
    }


def digests(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the digests of what lies here now, as a check of it will pin it; of two tables in one file it is the store's."""
    from assay.engines.tables import pin

    out = {}
    for part in ("store",) if "::" in str(told["store"]) else ("store", "quarantine"):
        with contextlib.suppress(AssayError):
            out[f"{part}_digest"] = pin(str(told[part])).digest
    return out
