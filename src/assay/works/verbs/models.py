"""The registry, asked: packages listed, registered, decided upon, exported and verified."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import BadInput, Missing, Refused, UsageError
from assay.methods.nearest import did_you_mean
from assay.works import package
from assay.works.exporting import export
from assay.works.home import IDENTITY_NOTE, Home
from assay.works.inventory.deciding import decide
from assay.works.marking import place_of
from assay.works.registering import register_scanned
from assay.works.verbs.shape import Json, listed, plain_record

if TYPE_CHECKING:
    from assay.office.registry import PackageRecord


def told(home: Home, record: PackageRecord) -> Json:
    """Return a package as it now is, with the questions asked of it and what its approval waits for."""
    from assay.works.inventory.taking import entry_of

    entry = entry_of(home, record).to_dict()
    asked = {k: entry[k] for k in ("questions", "open", "awaited", "lacking")}
    return {"schema": "assay.model/1", **plain_record(record), **asked, "identity": IDENTITY_NOTE}


def model_list(home: Home, actor: str, *, status: str | None = None) -> Json:
    """List the packages, of one status if asked."""
    from assay.office import registry

    records = [r for r in registry.listing(home.office) if status is None or r.status == status.upper()]
    return listed("models", [plain_record(r) for r in records])


def model_show(home: Home, actor: str, *, name: str) -> Json:
    """Show one package: ``name``, ``name@version`` or ``name@alias``; with its questions, and what approval still waits for."""
    from assay.office import registry

    return told(home, registry.get(home.office, name))


def model_register(
    home: Home, actor: str, *, file: str, name: str, owner: str = "", purpose: str = ""
) -> Json:
    """Register a model file as PENDING. It is scanned first, and marked when the scan passes."""
    from assay.works.resolve import pin

    if Path(file).is_dir():
        raise UsageError(f"{file} is a folder", remedy="pack it: tar czf model.tar.gz -C FOLDER .")
    asset = pin(file, ("model",), home.store, home)
    done = register_scanned(home, asset, name, {"owner": owner, "purpose": purpose}, actor)
    return told(home, done.record) | {
        "event": done.record.event,
        "new": done.new,
        "hallmark_path": str(done.hallmark) if done.hallmark else None,
    }


def model_approve(home: Home, actor: str, *, name: str, reason: str, expires: str | None = None) -> Json:
    """Approve a package, until ``expires`` if said; it stays as it is while the policy asks for more people."""
    return _left(home, decide(home, name, "APPROVED", actor, reason, expires))


def model_reject(home: Home, actor: str, *, name: str, reason: str) -> Json:
    """Reject a package."""
    return _left(home, decide(home, name, "REJECTED", actor, reason))


def _left(home: Home, record: PackageRecord) -> Json:
    return told(home, record) | {"event": record.event}


def model_export(
    home: Home, actor: str, *, name: str, to: str = "", archive: str = "", with_data: bool = True
) -> Json:
    """Copy a package, its marks, the public keys and the checkpoint into a folder, or with its run into one archive.

    with_data: whether an archive holds the tables that the run read and made, or their digests alone.
    """
    from assay.office import registry

    if bool(to) == bool(archive):
        raise UsageError(
            "a model is exported into a folder or an archive", remedy="say --to DIR or --archive FILE"
        )
    record = registry.get(home.office, name)
    if to:
        return told(home, record) | {"to": to, "event": export(home, record, Path(to), actor).event}
    from assay.works.archiving import writing

    done = writing.archive(home, record, Path(archive), actor, with_data=with_data)
    said = {"archive": archive, "digest_of_archive": done.detail["archive"], "with_data": with_data}
    return told(home, record) | said | {"left_out": done.detail["left_out"], "event": done.event}


def model_card(
    home: Home | None, actor: str, *, name: str = "", format: str = "markdown", facts: str | None = None
) -> Json:
    """Show the card of a registered package as it stands now; or of a card's own file; no name: a card.yaml to begin with.

    facts: a card.yaml, with which the card is written anew from the package's reports.
    """
    from assay.methods.card.file import template
    from assay.reports.card import FORMATS, render
    from assay.works import cards
    from assay.works.registering import tool

    if not name:
        return {"schema": "assay.shown_card/1", "model": None, "format": "yaml", "content": template()}
    if format not in FORMATS:
        raise UsageError(f"a card is not shown as {format!r}", remedy=did_you_mean(format, FORMATS))
    if Path(name).is_file():
        if facts is not None:
            raise UsageError(
                f"{name} is a card already", remedy="assay check model.card MODEL --facts FILE writes another"
            )
        card = cards.read(Path(name)).with_(tool=tool())
    elif home is None:
        raise UsageError(
            f"there is no card {name!r}, and no home here", remedy="name a card.json, or `assay init`"
        )
    else:
        from assay.office import registry

        if name.endswith(".json") or "/" in name.removeprefix("registry://"):
            raise Missing(f"there is no file {name!r}", remedy="name a card.json, or a model of the registry")
        record = registry.get(home.office, name)
        card = cards.of_package(home, record, Path(facts) if facts is not None else None)
    return {
        "schema": "assay.shown_card/1",
        "model": card.standing.name and f"{card.standing.name}@{card.standing.version}",
        "format": format,
        "complete": not card.missing,
        "missing": [f.name for f in card.missing],
        "content": render(card, format),
    }


def model_verify(
    home: Home | None, actor: str, *, name: str, key: str | None = None, log_key: str | None = None
) -> Json:
    """Verify a package: every file, the marks, the reports behind them, the decisions, the image, and the ledger; or an archive.

    An archive needs no home. key, log_key: the public keys that it must hold under, else those that came with it.
    """
    from assay.office import hallmark, packages, registry, verification
    from assay.works.archiving import reading
    from assay.works.call import NO_HOME
    from assay.works.inventory import images

    if reading.is_archive(name):
        return _archive_verified(name, *(Path(k) if k else None for k in (key, log_key)))
    if home is None:
        raise UsageError(NO_HOME, remedy="`assay init` makes one, or name a model's archive")
    if key or log_key:
        raise UsageError(
            "a model of the registry is verified under the home's own keys", remedy="leave --key away"
        )
    record = registry.get(home.office, name)
    place = place_of(home, record)
    if not (place / "package").is_dir():
        package.lay_out(place, record.files, home.store)
    problems = [plain_record(p) for p in packages.verify(home.office, record, place, store=home.store)]
    found = verification.verify(home.office)
    problems += [plain_record(p) for p in found.problems]
    problems += [plain_record(p) for p in images.problems(record)]
    marked = hallmark.kept(home.office, record, "examined") is not None
    return {
        "schema": "assay.verification/1",
        "model": f"{record.name}@{record.version}",
        "status": record.status,
        "decided_by": record.decided_by,
        "approved_by": [a["by"] for a in record.approvals],
        "expires": record.expires,
        "reason": record.reason,
        "image": (record.image or {}).get("digest"),
        "hallmark": "examined" if marked else None,
        "files": len(record.files),
        "ok": not problems,
        "problems": problems,
        "ledger": {"size": found.size, "root": found.root},
    }


def _archive_verified(name: str, key: Path | None, log_key: Path | None) -> Json:
    from assay.works.archiving import reading

    problems: list[Json] = []
    found: Json = {}
    try:
        found = reading.verified(Path(name), key, log_key)
    except (Refused, BadInput) as error:
        kind = "forged" if isinstance(error, Refused) else "damaged"
        problems.append({"kind": kind, "message": str(error)})
    return {
        "schema": "assay.verification/1",
        "model": found.get("model") or Path(name).name,
        "archive": name,
        "status": found.get("status"),
        "decided_by": found.get("decided_by"),
        "approved_by": found.get("approved_by", []),
        "expires": found.get("expires"),
        "reason": found.get("reason"),
        "image": found.get("image"),
        "hallmark": "examined" if found.get("hallmark") else None,
        "run": found.get("run"),
        "files": found.get("files", 0),
        "left_out": found.get("left_out", 0),
        "own_keys": found.get("own_keys"),
        "ok": not problems,
        "problems": problems,
        "ledger": {"size": found.get("size", 0), "origin": found.get("origin")},
    }


VERBS: Mapping[str, Callable[..., Any]] = {
    "model.list": model_list,
    "model.show": model_show,
    "model.register": model_register,
    "model.approve": model_approve,
    "model.reject": model_reject,
    "model.card": model_card,
    "model.export": model_export,
    "model.verify": model_verify,
}
