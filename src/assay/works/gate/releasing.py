"""A release: rows that a load kept out tried once more by rules, those that pass in the store; or closed without.

The store says what became of each row in the transaction in which it goes in. So a row goes in once, whoever was killed
when, and however often a release is repeated.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.action import Action, Begun, Made, Settled
from assay.kernel.asset import Asset
from assay.kernel.errors import Missing, UsageError
from assay.works.gate import corrected, keptout, rulefiles
from assay.works.gate.apart import taken
from assay.works.gate.order import name_of
from assay.works.gate.passing import digests, with_keys
from assay.works.gate.quarantine import RELEASE, Quarantine, find
from assay.works.work import utc_now

if TYPE_CHECKING:
    from assay.engines.gate import Release, Sink, Sorted
    from assay.office.actions import ActionRecord
    from assay.works.home import Home

SCHEMA = "assay.release/1"


@dataclass(frozen=True)
class Wish:
    """What a person asks of a quarantine. file: of corrected rows. rules: others than the load's. rows: some only, ``3,5-9``.

    reject: why its rows never go in, where that is asked for. why: what is noted of a release.
    """

    file: str = ""
    rules: tuple[Path, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    rows: str = ""
    reject: str = ""
    why: str = ""


def release(home: Home, id_: str, wish: Wish, actor: str = "") -> dict[str, Any]:
    """Try the rows of a quarantine again, or close them; return what became of them, ``assay.release/1``."""
    from assay.office import actions

    if wish.reject and (wish.file or wish.rules):
        raise UsageError(
            "rows that are rejected are not tried, so neither a corrected file nor rules are read",
            remedy="say --reject alone, or with --rows",
        )
    act = Releasing(home, find(home, id_), wish, actor or home.actor, f"release-{secrets.token_hex(4)}")
    record = actions.carry_out(home.office, act)
    return {**(act.told or dict(record.detail)), "schema": SCHEMA, "event": record.event}


class Releasing(Action):
    """One release, remembered by the store in the same transaction as its rows."""

    name = RELEASE

    def __init__(self, home: Home, of: Quarantine, wish: Wish, actor: str, token: str) -> None:
        self.home, self.of, self.wish, self.actor, self.token = home, of, wish, actor, token
        self.subject = of.store  # as of a load: one at a time goes into a store
        self.told: dict[str, Any] | None = None
        self.key = f"{RELEASE}/{token}"
        self.file = _pinned(wish.file)
        self.inputs = {"quarantine": of.digest or of.quarantine, **rulefiles.digests(wish.rules)}
        if self.file:
            self.inputs["corrected"] = self.file.digest or self.file.uri
        self.order: Mapping[str, Any] = {
            "id": token,
            "quarantine": of.id,
            "from": wish.file,
            "rules": rulefiles.keep(home, wish.rules),
            "rows": wish.rows,
            "reject": bool(wish.reject),
            "why": wish.reject or wish.why,
        }

    def authorise(self) -> None:
        """UsageError where a file of rules is not there; the rest is told by opening the store."""
        lost = [r for r in self.wish.rules if not r.is_file()]
        if lost:
            raise Missing(f"there is no file of rules {str(lost[0])!r}")

    def do(self, begun: Begun) -> Made:
        """Try or close, and commit."""
        from assay.engines.gate import open_sink

        with (
            self.home.scratch() as scratch,
            open_sink(self.of.store, quarantine=self._place(), scratch=scratch / "sink") as sink,
        ):
            kept = scratch / "kept.parquet"
            self._there(sink, kept)
            known = corrected.numbers(kept)
            closed = {row for r in sink.releases(self.of.id) for row in r.rows}
            open_ = {n for n in known if n not in closed}
            only = corrected.wanted(self.wish.rows, known, self.of.id)
            if self.wish.reject:
                rows = tuple(sorted(n for n in open_ if only is None or n in only))
                self.told = self._closed(sink, rows, len(open_))
            else:
                if self.wish.file:
                    tried = corrected.as_corrected(kept, self.wish.file, open_, only, self.of.id, scratch)
                else:
                    tried = corrected.as_they_lie(
                        kept, [n for n in open_ if only is None or n in only], scratch
                    )
                self.told = self._tried(sink, tried, len(open_), scratch)
        self.told |= digests({"store": self.of.store, "quarantine": self.of.quarantine})
        return self.told

    def _place(self) -> str:
        """Return the quarantine as a sink names it."""
        _, twice, table = self.of.quarantine.rpartition("::")
        return table if twice else self.of.quarantine

    def _there(self, sink: Sink, kept: Path) -> None:
        """UsageError where the store remembers no such load, Missing where its quarantine is gone."""
        if not any(e.run == self.of.id for e in sink.loads()):
            raise UsageError(
                f"the store no longer remembers {self.of.id}, so it is another than that was",
                where=self.of.store,
                remedy="load the corrected rows as a source of their own",
            )
        if not sink.kept_out(self.of.id, kept):
            raise Missing(
                f"the rows that {self.of.id} kept out are no longer there", where=self.of.quarantine
            )

    def _closed(self, sink: Sink, rows: tuple[int, ...], open_: int) -> dict[str, Any]:
        if rows:
            sink.release(None, sink.columns, self._release(sink, "rejected", rows))
            sink.commit()
        return self._summary(tried=len(rows), released=0, rejected=len(rows), open=open_ - len(rows))

    def _tried(self, sink: Sink, tried: corrected.Tried, open_: int, scratch: Path) -> dict[str, Any]:
        if tried.rows is None:
            return self._summary(tried=0, released=0, rejected=0, open=open_) | {"passed": tried.passed}
        found = self._sorted(sink, tried.rows, scratch)
        rows = tuple(n for place, n in enumerate(tried.numbers, 1) if place not in found.reasons)
        left = 0
        if rows:
            sink.release(found.clean, found.columns, self._release(sink, "released", rows))
            left = sink.left_behind()
            sink.commit()
        told = {"left_behind": left} if left else {}
        told |= self._summary(
            tried=len(tried.numbers), released=len(rows), rejected=0, open=open_ - len(rows)
        )
        first = [{**r, "row": tried.numbers[r["row"] - 1]} for r in keptout.first(found)]
        return told | {
            "passed": tried.passed,
            "rules": keptout.by_rule(found),
            "held": [{"rule": r, "why": w} for r, w in found.held],
            "rows_told": first,
        }

    def _sorted(self, sink: Sink, rows: Path, scratch: Path) -> Sorted:
        from assay.engines.gate import Rulebook, sort
        from assay.engines.tables import open_table

        with open_table(str(rows), name=self.of.quarantine, scratch=scratch / "tried") as table:
            columns = sink.columns or dict(self.of.columns)
            if not columns:
                raise UsageError(
                    "the store is not there, and of which types it was to be is not known any more",
                    where=self.of.store,
                    remedy="load the corrected rows as a source of their own: --mode create",
                )
            bytes_ = [n for n, kind in columns.items() if kind == "BLOB"]
            if bytes_:
                raise UsageError(
                    f"the column {bytes_[0]!r} holds bytes, and a quarantine keeps only how they are shown",
                    where=self.of.store,
                    remedy="load the corrected rows as a source of their own",
                )
            taken(table, sink, self.of.store)
            rules = self._rules(Rulebook, [c.name for c in table.columns], scratch)
            others = {str(k): str(v) for k, v in (self.of.order.get("tables") or {}).items()}
            return sort(
                table,
                with_keys(rules, sink),
                columns=columns,
                required=sink.required,
                keeps_nan=sink.keeps_nan,
                existing=sink.existing if sink.exists else None,
                tables={
                    **{n: str(p) for n, p in rules.tables.items()},
                    **others,
                    **rulefiles.tables(self.wish.tables),
                },
                scratch=scratch / "sort",
                now=utc_now(),
            )

    def _rules(self, rulebook: Any, columns: list[str], scratch: Path) -> Any:
        """Return the rules that were given, or else those that the load was held by."""
        if self.wish.rules:
            return rulebook.read(self.wish.rules, columns)
        kept = rulefiles.again(self.home, self.of.order.get("rules") or (), scratch)
        if not kept:
            raise UsageError(f"the home does not keep the rules of {self.of.id}", remedy="say --rules FILE")
        return rulebook.read([p for p, _ in kept], columns, dict(kept))

    def _release(self, sink: Sink, state: str, rows: tuple[int, ...]) -> Release:
        from assay.engines.gate import Release

        return Release(self.token, self.of.id, sink.name, state, utc_now(), rows)

    def _summary(self, **counts: int) -> dict[str, Any]:
        return {
            "id": self.token,
            "quarantine": self.of.id,
            "store": self.of.store,
            "held": [],
            "rules": [],
            "rows_told": [],
            "why": self.wish.reject or self.wish.why,
        } | counts

    def happened(self, begun: Begun) -> Made | None:
        """Whether the store says what became of rows by this release."""
        from assay.engines.gate import open_sink

        with (
            self.home.scratch() as scratch,
            open_sink(self.of.store, quarantine=self._place(), scratch=scratch) as sink,
        ):
            found = [r for r in sink.releases(self.of.id) if r.id == self.token]
            before = sum(len(r.rows) for r in sink.releases(self.of.id))
        if not found:
            return None
        n = sum(len(r.rows) for r in found)
        state = found[0].state
        counts = {"released": 0, "rejected": 0} | {state: n}
        return self._summary(tried=n, open=max(0, self.of.rows - before), **counts)

    def settle(self, tx: Any, made: Made) -> Settled:
        """Remember the store as it is, and that it is made of the quarantine, and of a corrected file."""
        from assay.office import catalogue
        from assay.office.runs import Edge, edge

        store = Asset("table", name_of(self.of.store), self.of.store, str(made.get("store_digest") or ""))
        catalogue.put(tx, store)
        if self.file is not None:
            catalogue.put(tx, self.file)
        if made["released"]:
            end = store.digest or store.uri
            begins = [(self.of.digest or self.of.quarantine, name_of(self.of.quarantine))]
            if self.file is not None:
                begins.append((self.file.digest or self.file.uri, self.file.name))
            for begin, name in begins:
                edge(tx, Edge(begin, name, end, store.name, RELEASE, ""))
        detail = {k: v for k, v in made.items() if k not in ("rows_told", "schema", "held")}
        detail["held"] = [{"rule": h["rule"]} for h in made.get("held", ())]
        return Settled(self.subject, dict(self.inputs), detail)


def _pinned(file: str) -> Asset | None:
    from assay.engines.tables import pin

    return pin(file) if file else None


def recalled(home: Home, record: ActionRecord) -> Action | None:
    """Return a release as it was begun; None where its load is not known, as nothing can have been released."""
    order = record.order
    try:
        of = find(home, str(order["quarantine"]))
    except UsageError:
        return None
    reject = str(order["why"]) if order.get("reject") else ""
    wish = Wish(rows=str(order.get("rows", "")), reject=reject, why=str(order.get("why", "")))
    act = Releasing(home, of, wish, record.actor, str(order["id"]))
    act.order, act.inputs = dict(order), dict(record.inputs)
    return act
