"""The marks beside a package: the hallmark, struck once, and the decision upon it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.action import Action, Begun, Made, Settled, Writer
from assay.kernel.canonical import sha256
from assay.kernel.errors import UsageError
from assay.works import package

if TYPE_CHECKING:
    from assay.office.registry import PackageRecord
    from assay.works.home import Home


def place_of(home: Home, record: PackageRecord) -> Path:
    """Return the folder that holds a package and its marks."""
    return home.folder("packages", record.name, str(record.version))


def put_mark(path: Path, content: bytes) -> None:
    """Write a mark, whole or not at all, unless it is there already as it should be."""
    if path.is_file() and path.read_bytes() == content:
        return
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)


def read_marks(place: Path, names: Mapping[str, str]) -> dict[str, str] | None:
    """Return what each of the named files beside a package holds, or None where one of them is not there."""
    try:
        return {key: (place / name).read_text(encoding="utf-8") for key, name in names.items()}
    except (OSError, UnicodeDecodeError):
        return None


class Strike(Action):
    """The hallmark struck: it says that a package was examined and every gate passed, never that it is approved."""

    name = "hallmark.strike"

    def __init__(self, home: Home, record: PackageRecord, actor: str, isolation: str) -> None:
        self.home, self.record, self.actor, self.isolation = home, record, actor, isolation
        self.subject = record.urn
        self.key = f"{self.name}/{record.urn}"
        self.inputs = {"package": record.digest}
        self.order = {"package": record.urn, "isolation": isolation}

    def authorise(self) -> None:
        """Nothing forbids it: whoever registers has seen that every gate passed."""

    def do(self, begun: Begun) -> Made:
        """Lay the package out, and put the two marks beside it."""
        from assay.office import hallmark

        place, home = place_of(self.home, self.record), self.home
        package.lay_out(place, self.record.files, home.store)
        bundle, statement = hallmark.strike(
            home.office, self.record, keyring=home.keyring, isolation=self.isolation
        )
        put_mark(place / hallmark.BUNDLE, bundle)
        put_mark(place / hallmark.STATEMENT, statement)
        return {"bundle": bundle.decode(), "statement": statement.decode()}

    def happened(self, begun: Begun) -> Made | None:
        """Whether both marks lie there, signed by the office, over this very package."""
        from assay.engines.keys import verifier
        from assay.office import hallmark, signing

        place = place_of(self.home, self.record)
        made = read_marks(place, {"bundle": hallmark.BUNDLE, "statement": hallmark.STATEMENT})
        if made is None:
            return None
        check = verifier(self.home.keyring.public_pem("hallmark"))
        try:
            said = hallmark.opened(self.record, made["statement"].encode(), hallmark.EXAMINED, check)
            signed = signing.signed_digests(made["bundle"].encode(), check)
        except (ValueError, KeyError, TypeError, IndexError):
            return None
        entered = {n: d.removeprefix("sha256:") for n, d in self.record.files.items()}
        return made if signed == entered and said["ledger"]["seq"] == self.record.entered else None

    def settle(self, tx: Writer, made: Made) -> Settled:
        """Keep both marks in the office, and their digests in the package's row."""
        from assay.office import registry

        marks = {kind: sha256(text.encode()) for kind, text in made.items()}
        registry.keep_statement(tx, self.record, "examined", made)
        registry.write(tx, replace(registry.current(tx, self.record), hallmark=marks, event=tx.size))
        return Settled(self.subject, {**self.inputs, **marks})


def strike(home: Home, record: PackageRecord, actor: str, isolation: str) -> Path:
    """Strike the hallmark beside the package, once; return the bundle's path."""
    from assay.office import actions, hallmark

    actions.carry_out(home.office, Strike(home, record, actor, isolation))
    lay_marks(home, record)
    return place_of(home, record) / hallmark.BUNDLE


def lay_marks(home: Home, record: PackageRecord) -> Path:
    """Lay out a package and every mark that the office keeps of it; what is there is left. Return its place."""
    from assay.office import hallmark

    place = place_of(home, record)
    package.lay_out(place, record.files, home.store)
    files = {"bundle": hallmark.BUNDLE, "statement": hallmark.STATEMENT}
    for key, text in (hallmark.kept(home.office, record, "examined") or {}).items():
        if not (place / files[key]).is_file():
            put_mark(place / files[key], text.encode())
    return place


class Decide(Action):
    """A package approved or rejected: a decision with its reason, signed."""

    def __init__(self, home: Home, record: PackageRecord, status: str, actor: str, reason: str) -> None:
        self.home, self.record, self.status, self.actor, self.reason = home, record, status, actor, reason
        self.name = {"APPROVED": "model.approve", "REJECTED": "model.reject"}[status]
        self.subject = record.urn
        self.key = f"{self.name}/{record.urn}/{record.event}"  # a decision upon the package as it then was
        self.inputs = {"package": record.digest}
        self.order = {"package": record.urn, "status": status, "reason": reason, "event": record.event}

    def authorise(self) -> None:
        """Raise where the status is no other, where another person must decide, or where it changed meanwhile."""
        from assay.office import registry

        if not self.reason.strip():
            raise UsageError("a decision needs its reason", remedy="say it with --reason 'why'")
        now = registry.get(self.home.office, self.record.urn)
        registry.decidable(now, self.status, actor=self.actor, four_eyes=self.home.settings.four_eyes)
        if now.event != self.record.event:
            raise UsageError(
                f"{self.record.urn} was changed meanwhile", remedy="look again: assay model show"
            )

    def do(self, begun: Begun) -> Made:
        """Sign the decision, and put it beside the package."""
        from assay.office import hallmark

        at = self.home.office.clock()
        statement = hallmark.decide(
            self.home.office,
            self.record,
            begun,
            status=self.status,
            actor=self.actor,
            reason=self.reason,
            at=at,
            keyring=self.home.keyring,
        )
        put_mark(place_of(self.home, self.record) / hallmark.DECISION, statement)
        return {"statement": statement.decode(), "at": at}

    def happened(self, begun: Begun) -> Made | None:
        """Whether the decision lies there, signed by the office, with the place where it was begun."""
        from assay.engines.keys import verifier
        from assay.office import hallmark

        made = read_marks(place_of(self.home, self.record), {"statement": hallmark.DECISION})
        if made is None:
            return None
        check = verifier(self.home.keyring.public_pem("hallmark"))
        try:
            said = hallmark.opened(self.record, made["statement"].encode(), hallmark.DECIDED, check)
        except ValueError:
            return None
        if said["ledger"]["seq"] != begun.seq or said["ledger"]["leaf"] != begun.leaf:
            return None
        return {**made, "at": said["at"]}

    def settle(self, tx: Writer, made: Made) -> Settled:
        """Change the package's status, and keep the statement in the office."""
        from assay.office import registry

        registry.keep_statement(tx, self.record, "decided", {"statement": made["statement"]})
        decided = {"decided_by": self.actor, "decided_at": made["at"], "reason": self.reason}
        now = registry.current(tx, self.record)
        registry.write(tx, replace(now, status=self.status, event=tx.size, **decided))
        statement = sha256(made["statement"].encode())
        detail = {"status": self.status, "reason": self.reason}
        return Settled(self.subject, {**self.inputs, "statement": statement}, detail)


def decide(home: Home, name: str, status: str, actor: str, reason: str) -> PackageRecord:
    """Approve or reject ``name@version``; return the package as it now is."""
    from assay.office import actions, registry

    record = registry.get(home.office, name)
    actions.carry_out(home.office, Decide(home, record, status, actor, reason))
    return registry.get(home.office, record.urn)
