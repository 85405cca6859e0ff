"""A load: the clean rows of a source in the store, the others in its quarantine, in one act.

Rows in are rows loaded and rows quarantined, always. The store itself remembers what was loaded into it, so that the same
bytes are recognised with a home or without; in a home the load is an action, an event and two edges of the lineage.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assay.kernel.action import Action, Begun, Made, Settled
from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.works.gate import rulefiles
from assay.works.gate.order import Order, located, name_of
from assay.works.gate.passing import carried_out, summary
from assay.works.ours import not_ours
from assay.works.work import utc_now

if TYPE_CHECKING:
    from assay.office.actions import ActionRecord
    from assay.works.home import Home

NAME = "data.load"
_NOT_KEPT = ("rows_told", "schema")  # values of rows have no place in a log that is never rewritten


def load(home: Home | None, order: Order, actor: str = "") -> dict[str, Any]:
    """Load a source into a store and return what became of it, ``assay.load/1``; in a home it is an action."""
    from assay.engines.tables import pin

    if not order.rules:
        raise UsageError(
            "by which rules?", remedy="say --rules FILE; `assay check data.quality --suggest` writes some"
        )
    not_ours(home, order.into, "" if "::" in order.into else order.quarantine)
    source = pin(order.source)
    if home is None:
        from assay.works.home import loose_scratch

        with loose_scratch() as scratch:
            return carried_out(order, source, scratch)
    from assay.office import actions

    act = Load(home, order, source, actor or home.actor)
    record = actions.carry_out(home.office, act)
    return {**(act.told or dict(record.detail)), "event": record.event}


class Load(Action):
    """One load, remembered by the store in the same transaction as its rows."""

    name = NAME

    def __init__(self, home: Home, order: Order, source: Asset, actor: str, key: str = "") -> None:
        self.home, self.asked, self.source, self.actor = home, order, source, actor
        self.subject = located(order.into)
        self.told: dict[str, Any] | None = None
        self.key = (
            key
            or f"{NAME}/{source.digest or source.uri}/{hashlib.sha256(f'{self.subject}{utc_now()}'.encode()).hexdigest()[:16]}"
        )
        self.inputs = {"source": source.digest or source.uri, **rulefiles.digests(order.rules)}
        self.order = {
            "source": order.source,
            "into": order.into,
            "quarantine": order.quarantine,
            "digest": source.digest,
            "at": utc_now(),
            "rules": rulefiles.keep(home, order.rules),
            "tables": rulefiles.tables(order.tables),
        }

    def authorise(self) -> None:
        """Whether the store takes it is told by opening it, which is the first thing that is done."""

    def do(self, begun: Begun) -> Made:
        """Sort and load."""
        with self.home.scratch() as scratch:
            self.told = carried_out(self.asked, self.source, scratch)
        return self.told

    def happened(self, begun: Begun) -> Made | None:
        """Whether the store remembers a load of these bytes since it was begun."""
        from assay.engines.gate import open_sink

        with (
            self.home.scratch() as scratch,
            open_sink(self.asked.into, quarantine=self.asked.quarantine, scratch=scratch) as sink,
        ):
            found = [
                e for e in sink.loads() if e.source == self.asked.source and e.at >= str(self.order["at"])
            ]
            where = sink.quarantine
        if not found:
            return None
        return summary(found[-1].to_dict(), self.asked, where, ())

    def settle(self, tx: Any, made: Made) -> Settled:
        """Remember source, store and quarantine, and that the latter are made of the former."""
        from assay.office import catalogue
        from assay.office.runs import Edge, edge

        source = (
            replace(self.source, uri=located(self.asked.source))
            if "://" not in self.source.uri
            else self.source
        )
        catalogue.put(tx, source)
        begin = source.digest or source.uri
        for part, n in (("store", made["loaded"]), ("quarantine", made["quarantined"])):
            uri = str(made[part])
            held = Asset("table", name_of(uri), uri, str(made.get(f"{part}_digest") or ""))
            catalogue.put(tx, held)
            if n:
                edge(tx, Edge(begin, source.name, held.digest or held.uri, held.name, NAME, ""))
        detail = {k: v for k, v in made.items() if k not in _NOT_KEPT}
        detail["held"] = [{"rule": h["rule"]} for h in made.get("held", ())]
        return Settled(self.subject, dict(self.inputs), detail)


def recalled(home: Home, record: ActionRecord) -> Action | None:
    """Return a load as it was begun."""
    kept = {n: str(record.order.get(n, "")) for n in ("source", "into", "quarantine")}
    order = Order(kept["source"], kept["into"], quarantine=kept["quarantine"])
    source = Asset("table", name_of(order.source), order.source, str(record.order["digest"]))
    act = Load(home, order, source, record.actor, record.key)
    act.order, act.inputs = dict(record.order), dict(record.inputs)
    return act
