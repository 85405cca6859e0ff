"""The marks beside a package: where they lie, and the hallmark, struck once. Decisions are in works/deciding."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.kernel.action import Action, Begun, Made, Settled, Writer
from assay.kernel.canonical import sha256
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
