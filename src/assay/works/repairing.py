"""A table repaired where it lies, and taken back: each an action, so that a crash leaves the old table or the new one.

What is needed to take it back is in the store, and a line in the home's journal says so, before the change is committed.
"""

from __future__ import annotations

import glob
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.action import Action, Begun, Made, Settled, Writer
from assay.kernel.asset import Asset
from assay.kernel.canonical import canonical, plain
from assay.kernel.errors import AssayError, Missing, UsageError
from assay.kernel.report import Report
from assay.kernel.verdict import Gate, Verdict
from assay.works.ours import not_ours

if TYPE_CHECKING:
    from assay.engines.inplace import Place
    from assay.office.actions import ActionRecord
    from assay.works.home import Home
    from assay.works.settings import Settings
    from assay.works.work import Progress

NAMES = ("data.repair", "data.repair.undo")
NO_HOME = "a change in place needs a home, which keeps how the table was"


@dataclass(frozen=True)
class Asked:
    """What a person asked for: the treatment, what it is told, and with which means."""

    treatment: str
    params: Mapping[str, Any]
    settings: Settings | None = None
    seed: int = 7
    progress: Progress | None = None


class InPlace(Action):
    """A treatment planned on a table, and its edits carried out in the table itself."""

    name = NAMES[0]

    def __init__(self, home: Home, uri: str, actor: str, token: str, asked: Asked | None = None) -> None:
        self.home, self.uri, self.actor, self.token, self.asked = home, uri, actor, token, asked
        self.subject = uri
        self.key = f"{self.name}/{token}"
        self.inputs: dict[str, str] = {}
        self.order = {"uri": uri, "token": token}
        self.report: Report | None = None

    def authorise(self) -> None:
        """UsageError where the table is none that is written to, or lies where it cannot be."""
        from assay.engines.inplace import open_place

        with self.home.scratch() as scratch, open_place(self.uri, scratch):
            pass

    def do(self, begun: Begun) -> Made:
        """Plan on what the transaction sees, keep what takes it back, say so in the journal, and commit."""
        from assay.engines.inplace import Edits, open_place

        with self.home.scratch() as scratch, open_place(self.uri, scratch / "place") as place:
            report = self._planned(place)
            self.report = report
            data = report.data
            made: dict[str, Any] = {"id": self.token, "remedy": data["remedy"], "rows": data["rows_changed"]}
            made |= {"cells": data["cells"], "report": self.home.store.put_bytes(report.to_json())}
            edits = Edits(self._changes(report), [(str(n), str(k)) for n, k in data.get("adds", ())])
            pinned = place.subject().digest
            if not edits.changes.num_rows:
                return made | {"before": pinned, "after": pinned, "pinned": pinned, "undo": None}
            made["original"] = self._original(place)
            undo = place.change(edits)
            made |= {"before": undo.before, "after": undo.after, "from": pinned}
            made["left_behind"] = place.left_behind()
            made["undo"] = self.home.store.put_bytes(canonical(plain(undo.to_dict())))
            self._journal(made)
            place.commit()
        return made | {"pinned": _pinned(self.uri) or undo.after}

    def _planned(self, place: Place) -> Report:
        from assay.works import declared
        from assay.works.checking import bench, taken_apart
        from assay.works.examine import examine

        asked = self.asked
        assert asked is not None
        loaded = declared.load("treatment", asked.treatment)
        with bench(self.home, asked.settings) as table:
            params = {**asked.params, "preview": True}
            inputs, reports, values = taken_apart(loaded, place.subject(), params, table, self.home)
            reads = getattr(loaded.module, "reads", None)
            if reads is not None:  # of a text file only the columns that count are read
                first = next(iter(inputs))
                inputs[first] = place.narrowed(lambda names: reads(names, reports, params))
            report, _, raised = examine(
                loaded, inputs, reports, values, table, seed=asked.seed, progress=asked.progress
            )
        if raised is not None:
            raise raised
        lost = [s for s in report.coverage.skipped if s.what.endswith(" rows")]
        if lost:
            raise UsageError(
                f"{lost[0].why} A table that is not read whole is not changed in place",
                where=self.uri,
                remedy="correct those lines first, or write the result with -o",
            )
        subject = replace(place.subject(), uri=self.uri)
        return report.with_(
            subject=subject, inputs={n: replace(a, uri=self.uri) for n, a in report.inputs.items()}
        )

    def _changes(self, report: Report) -> Any:
        import pyarrow.parquet as pq

        (changes,) = [a for a in report.outputs if a.name == "changes"]
        return pq.read_table(self.home.store.path(changes.digest))

    def _original(self, place: Place) -> str | None:
        """Keep a file as it was; of a table in a database the changed cells are kept."""
        path = getattr(place, "path", None)
        return self.home.store.put_file(path) if path is not None else None

    def _journal(self, made: Mapping[str, Any]) -> None:
        path = self.home.folder("repairs") / f"{self.token}.json"
        with path.open("w", encoding="utf-8") as out:
            out.write(json.dumps(made))
            out.flush()
            os.fsync(out.fileno())

    def _journaled(self) -> dict[str, Any] | None:
        """Return what the journal says, None where nothing was written to its end; UsageError where it was changed since."""
        path = self.home.folder("repairs") / f"{self.token}.json"
        try:
            made = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        texts = ("id", "before", "after", "undo", "from")
        whole = isinstance(made, dict) and all(isinstance(made.get(n), str) for n in texts)
        if not whole or made["id"] != self.token or not isinstance(made.get("rows"), int):
            raise UsageError(
                "whether it was repaired cannot be told, as the journal of the repair was changed",
                where=str(path),
                remedy="restore it from a backup",
            )
        return made  # type: ignore[no-any-return]

    def happened(self, begun: Begun) -> Made | None:
        """Whether the table is what the change was to make of it; UsageError where it is neither that nor what it was."""
        made = self._journaled()
        if made is None:
            return None  # nothing is committed before it is in the journal
        _sweep(self.uri)
        found = _now(self.home, self.uri)
        if found == made["before"]:
            return None
        if found != made["after"]:
            raise UsageError("whether it was repaired cannot be told, as it changed since", where=self.uri)
        return made | {"pinned": _pinned(self.uri) or made["after"]}

    def settle(self, tx: Writer, made: Made) -> Settled:
        """Remember both versions, and that one was made of the other."""
        before, after = made.get("from") or made["before"], made["pinned"]
        _lineage(tx, self.uri, before, after, self.name)
        return Settled(self.uri, {"table": before}, {**made, "to": after})


class TakeBack(Action):
    """A repair in place taken back."""

    name = NAMES[1]

    def __init__(self, home: Home, repair: ActionRecord, actor: str) -> None:
        self.home, self.repair, self.actor = home, repair, actor
        self.uri = self.subject = repair.subject
        self.token = str(repair.detail.get("id", ""))
        self.key = f"{self.name}/{self.token}"
        self.inputs = {"table": str(repair.detail.get("to", ""))}
        self.order = {"uri": self.uri, "repair": repair.key}

    def authorise(self) -> None:
        """UsageError where it changed nothing."""
        if not self.repair.detail.get("undo"):
            raise UsageError(f"{self.token} changed nothing", where=self.uri)

    def _undo(self) -> Any:
        from assay.engines.inplace import Undo

        raw = self.home.store.read(str(self.repair.detail["undo"]))
        return Undo.from_dict(json.loads(raw))

    def do(self, begun: Begun) -> Made:
        """Put back what was there."""
        from assay.engines.inplace import open_place

        undo, kept = self._undo(), self.repair.detail.get("original")
        original = self.home.store.path(str(kept)) if kept else None
        with self.home.scratch() as scratch, open_place(self.uri, scratch / "place") as place:
            pinned = place.subject().digest
            place.restore(undo, original)
            left = place.left_behind()
            place.commit()
        return {**self._made(pinned), "left_behind": left}

    def _made(self, pinned: str) -> dict[str, Any]:
        detail = self.repair.detail
        made = {
            "id": self.token,
            "rows": detail["rows"],
            "before": detail["after"],
            "after": detail["before"],
        }
        return made | {"from": pinned, "pinned": _pinned(self.uri) or detail["before"]}

    def happened(self, begun: Begun) -> Made | None:
        """Whether the table is again what it was."""
        undo = self._undo()
        _sweep(self.uri)
        found = _now(self.home, self.uri)
        if found == undo.before:
            return self._made(str(self.repair.detail["to"]))
        if found == undo.after:
            return None
        raise UsageError("whether it was taken back cannot be told, as it changed since", where=self.uri)

    def settle(self, tx: Writer, made: Made) -> Settled:
        """Remember that the table is made of the repaired one."""
        _lineage(tx, self.uri, made["from"], made["pinned"], self.name)
        return Settled(
            self.uri, {"table": made["from"]}, {**made, "to": made["pinned"], "repair": self.repair.key}
        )


def change(home: Home | None, target: str, asked: Asked, actor: str = "") -> tuple[Verdict, dict[str, Any]]:
    """Carry a treatment out in the table itself; return its report and the action as JSON, ``assay.repair/1``."""
    from assay.engines.inplace import located
    from assay.office import actions

    if home is None:
        raise UsageError(NO_HOME, remedy="`assay init` makes one, or set ASSAY_HOME")
    if asked.params.get("leave_out"):
        raise UsageError("rows are marked in place, and never left out", remedy="write the result with -o")
    not_ours(home, target)
    act = InPlace(home, located(target), actor or home.actor, f"repair-{secrets.token_hex(4)}", asked)
    done = actions.carry_out(home.office, act)
    assert act.report is not None
    return Verdict(act.report, Gate()), _told(done)


def take_back(home: Home | None, target: str, token: str, actor: str = "") -> dict[str, Any]:
    """Take a repair of a table back: the one named, or for "" the latest that was not."""
    from assay.engines.inplace import located
    from assay.office import actions

    if home is None:
        raise UsageError(NO_HOME, remedy="`assay init` makes one, or set ASSAY_HOME")
    uri = located(target)
    done = [r for r in actions.named(home.office, InPlace.name) if r.state == "done"]
    if token:
        found = [r for r in done if r.detail.get("id") == token]
        if found and found[0].subject != uri:
            raise UsageError(f"{token} repaired {found[0].subject}", where=uri, remedy="name that table")
    else:
        back = {
            r.detail.get("repair") for r in actions.named(home.office, TakeBack.name) if r.state == "done"
        }
        found = [r for r in done if r.subject == uri and r.detail.get("undo") and r.key not in back]
    if not found:
        which = f"no repair {token!r}" if token else "no repair in place that was not taken back"
        raise Missing(f"there is {which} of this table", where=uri, remedy="see `assay log tail`")
    act = TakeBack(home, found[0], actor or home.actor)
    known = actions.get(home.office, act.key)
    if known is not None and known.state == "done":
        raise UsageError(f"{act.token} was taken back already", where=uri, remedy="see `assay log tail`")
    return _told(actions.carry_out(home.office, act))


def recalled(home: Home, record: ActionRecord) -> Action | None:
    """Return the action as it was begun."""
    from assay.office import actions

    if record.name == InPlace.name:
        return InPlace(home, str(record.order["uri"]), record.actor, str(record.order["token"]))
    repair = actions.get(home.office, str(record.order["repair"]))
    return TakeBack(home, repair, record.actor) if repair is not None else None


def _told(record: ActionRecord) -> dict[str, Any]:
    detail = {
        k: record.detail.get(k)
        for k in ("id", "remedy", "rows", "cells", "before", "after", "report", "undo", "left_behind")
    }
    return {
        "schema": "assay.repair/1",
        "action": record.name,
        "subject": record.subject,
        "state": record.state,
    } | {**{k: v for k, v in detail.items() if v is not None}, "event": record.event}


def _now(home: Home, uri: str) -> str:
    from assay.engines.inplace import open_place

    with home.scratch() as scratch, open_place(uri, scratch) as place:
        return place.digest()


def _sweep(uri: str) -> None:
    """Remove what a process that is gone had written beside a file and not yet renamed."""
    path = Path(uri if Path(uri).exists() else uri.partition("::")[0])
    for stale in path.parent.glob(f".{glob.escape(path.name)}.????????.new*") if path.is_file() else ():
        stale.unlink(missing_ok=True)


def _pinned(uri: str) -> str:
    """Return the digest that a check of the table will have; empty where a server holds it."""
    from assay.engines.tables import pin

    try:
        return pin(uri).digest
    except AssayError:
        return ""


def _lineage(tx: Any, uri: str, before: str, after: str, step: str) -> None:
    from assay.engines.tables.source import parse
    from assay.office import catalogue
    from assay.office.runs import Edge, edge

    name = parse(uri).name
    for digest in (before, after):
        catalogue.put(tx, Asset("table", name, uri, digest))
    if before != after:
        edge(tx, Edge(before, name, after, name, step, ""))
