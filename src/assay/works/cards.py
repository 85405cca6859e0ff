"""Model cards: of a registered package, of a file, and the files that a package carries of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.card import SCHEMA, Card, Standing
from assay.kernel.errors import UsageError
from assay.kernel.report import Report
from assay.kernel.verdict import Verdict
from assay.methods.plainfile import read_plain

if TYPE_CHECKING:
    from assay.office.registry import PackageRecord
    from assay.works.bench import Bench
    from assay.works.home import Home

CHECK = "model.card"
FOLDER = "card"  # of a package
_LARGEST = 64 << 20  # bytes of a card


def parse(raw: bytes, shown: str) -> Card:
    """Read what ``Card.to_bytes`` wrote; UsageError where it is no card. Nothing in it is trusted but its types."""
    from pydantic import TypeAdapter, ValidationError

    wrong = f"{shown} is no model card"
    remedy = "`assay check model.card MODEL --keep DIR` writes one, DIR/card.json"
    if len(raw) > _LARGEST:
        raise UsageError(f"{shown} is larger than {_LARGEST >> 20} MiB", remedy=remedy)
    try:
        card = TypeAdapter(Card).validate_json(raw)
        card.to_bytes()  # no number is infinite
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])[:80]
        raise UsageError(f"{wrong}: {at}: {first['msg'][:120]}", remedy=remedy) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{wrong}: {str(error)[:120]}", remedy=remedy) from None
    if card.schema != SCHEMA:
        raise UsageError(f"{wrong}: its schema is {card.schema[:40]!r}", remedy=remedy)
    return card


def read(path: Path) -> Card:
    """Read a card's file."""
    return parse(read_plain(path, _LARGEST, "the card"), str(path))


def written(verdicts: Mapping[str, Verdict], model: Asset) -> Asset | None:
    """Return the card that a run wrote of this very model, the last of them; None where none was."""
    found = None
    for verdict in verdicts.values():
        report = verdict.report
        if report.check == CHECK and report.subject is not None and report.subject.digest == model.digest:
            found = next((a for a in report.outputs if a.name == "card"), found)
    return found


def said(verdicts: Mapping[str, Verdict], model: Asset) -> dict[str, Any]:
    """Return what a run's card says for the registry: owner, purpose, risk tier, and what it lacks; nothing where none was written."""
    for verdict in reversed(list(verdicts.values())):
        report = verdict.report
        if report.check == CHECK and report.subject is not None and report.subject.digest == model.digest:
            missing = [str(name) for name in report.data.get("missing", ())]
            tier = str(report.data.get("risk_tier", ""))
            return ({"tier": tier} if tier else {}) | {
                "owner": str(report.data.get("owner", "")),
                "purpose": str(report.data.get("intended_use", "")),
                "card": {"complete": not missing, "missing": missing},
            }
    return {}


def files(raw: bytes, name: str, kept: Mapping[str, str]) -> dict[str, bytes]:
    """Return what a package carries of a card: file → its bytes. The same card gives the same bytes.

    name: that it is registered under. kept: step → digest of its report's file in the package.
    """
    from assay.reports.card import FILES, render
    from assay.works.registering import tool

    card = parse(raw, "the card of this run")
    sources = tuple(replace(s, kept=kept.get(s.step, "")) for s in card.sources)
    card = card.with_(sources=sources, tool=tool(), standing=Standing(name))
    return {file: render(card, shown).encode() for shown, file in FILES.items()}


def of_package(home: Home, record: PackageRecord, facts: Path | None = None) -> Card:
    """Return a registered package's card as it stands now: its own, or one written from what the office knows of it.

    facts: a card.yaml, with which it is written anew.
    """
    from assay.works.registering import tool

    own = record.files.get(f"{FOLDER}/card.json")
    card = parse(home.store.read(own), record.urn) if own and facts is None else _anew(home, record, facts)
    sources = tuple(replace(s, kept=_bare(record.reports.get(s.step, ""))) for s in card.sources)
    return card.with_(sources=sources, tool=tool(), standing=_standing(home, record))


def _bare(digest: str) -> str:
    return f"sha256:{digest.removeprefix('sha256:')}" if digest else ""


def _standing(home: Home, record: PackageRecord) -> Standing:
    from assay.office import hallmark

    return Standing(
        record.name,
        record.version,
        record.status,
        record.digest,
        record.registered_by,
        record.registered_at,
        record.decided_by or "",
        record.decided_at or "",
        record.reason or "",
        record.run,
        hallmark.kept(home.office, record, "examined") is not None,
    )


def _anew(home: Home, record: PackageRecord, facts: Path | None) -> Card:
    """Write the card of a package from its own reports, and what was said of it when it was registered."""
    from assay.works import declared
    from assay.works.checking import bench
    from assay.works.examine import examine
    from assay.works.resolve import pin

    reports = {
        f"using.{step.replace('.', '-')}": Report.from_dict(json.loads(home.store.read(digest)))
        for step, digest in record.reports.items()
    }
    said: dict[str, Any] = {"facts": facts} if facts is not None else {}
    if facts is None:
        said |= {
            name: str(record.metadata[key])
            for name, key in (("owner", "owner"), ("intended_use", "purpose"))
            if record.metadata.get(key)
        }
    with bench(home) as table:
        model = pin(record.urn, ("tree",), home.store, home)
        loaded = declared.load("check", CHECK)
        report, _, raised = examine(loaded, {"model": model}, reports, said, table, seed=0)
        if raised is not None:
            raise raised
        return parse(_bytes(table, report), record.urn)


def _bytes(table: Bench, report: Report) -> bytes:
    return table.path(next(a for a in report.outputs if a.name == "card")).read_bytes()
