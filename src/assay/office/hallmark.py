"""The hallmark: struck when every gate passed, it says that a package was examined, and never that it is approved.

Two marks lie beside the package: an OpenSSF model-signing bundle over its files, and an in-toto statement with the
digests of every report behind it and its event's place and leaf hash in the log. Approval and rejection are
statements of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from assay.kernel.canonical import sha256
from assay.methods import dsse, merkle
from assay.office import registry, schema, signing
from assay.office.problem import Problem

if TYPE_CHECKING:
    from assay.office.office import Keyring, Office
    from assay.office.registry import PackageRecord

EXAMINED = "https://assay.dev/hallmark/examined/v1"
DECIDED = "https://assay.dev/hallmark/decided/v1"
BUNDLE, STATEMENT, DECISION = "model.sig", "hallmark.intoto.json", "decision.intoto.json"
_MAX_STATEMENT = 8 << 20


class Objects(Protocol):
    """Where objects lie."""

    def has(self, digest: str) -> bool:
        """Whether an object is there."""

    def verify(self, digest: str) -> bool:
        """Whether an object's bytes are those of its digest."""


def _subject(record: PackageRecord) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{record.name}@{record.version}",
            "digest": {"sha256": record.digest.removeprefix("sha256:")},
        }
    ]


def _envelope(statement: Mapping[str, Any], keyring: Keyring) -> bytes:
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
    return json.dumps(dsse.envelope(payload, keyring.sign_p256)).encode()


def _leaf(office: Office, seq: int) -> str:
    query = sa.select(schema.events.c.leaf).where(schema.events.c.seq == seq)
    return merkle.leaf_hash(office.rows(query)[0][0].encode()).hex()


def strike_and_record(
    office: Office,
    record: PackageRecord,
    folder: Path,
    *,
    keyring: Keyring,
    actor: str,
    extra: Mapping[str, Any],
) -> tuple[bytes, bytes]:
    """Strike both marks and record it; return the bundle and the statement. Struck before: the same again."""
    kept = _kept(office, record, "examined")
    if kept is not None:
        return kept["bundle"].encode(), kept["statement"].encode()
    bundle = signing.sign(folder, keyring.sign_p256, keyring.public_pem("hallmark"))
    predicate = {
        "says": "examined: every gate passed; this is no approval",
        "package": {"files": dict(record.files), "digest": record.digest},
        "reports": dict(record.reports),
        "ledger": {"origin": office.origin, "seq": record.entered, "leaf": _leaf(office, record.entered)},
        "registered": {"by": record.registered_by, "at": record.registered_at, "identity": "not proved"},
        "isolation": extra.get("isolation", ""),
    }
    statement = _envelope(dsse.statement(_subject(record), EXAMINED, predicate), keyring)
    with office.transaction() as tx:
        marks = {"bundle": sha256(bundle), "statement": sha256(statement)}
        key = f"{record.name}@{record.version}/examined"
        value = {"bundle": bundle.decode(), "statement": statement.decode()}
        tx.write("statements", key, value, package=f"{record.name}@{record.version}", kind="examined")
        registry.write(tx, replace(record, hallmark=marks, event=tx.size))
        tx.record("hallmark.strike", record.urn, actor=actor, inputs={"package": record.digest, **marks})
    return bundle, statement


def decide(office: Office, record: PackageRecord, *, keyring: Keyring) -> bytes:
    """State an approval or a rejection; return the statement, which is kept in the office too."""
    predicate = {
        "says": record.status,
        "by": record.decided_by,
        "at": record.decided_at,
        "reason": record.reason,
        "identity": "not proved",
        "ledger": {"origin": office.origin, "seq": record.event, "leaf": _leaf(office, record.event)},
    }
    statement = _envelope(dsse.statement(_subject(record), DECIDED, predicate), keyring)
    name = f"{record.name}@{record.version}"
    with office.transaction() as tx:
        tx.write(
            "statements", f"{name}/decided", {"statement": statement.decode()}, package=name, kind="decided"
        )
        digest = sha256(statement)
        tx.record("hallmark.decide", record.urn, actor=str(record.decided_by), inputs={"statement": digest})
    return statement


def _kept(office: Office, record: PackageRecord, kind: str) -> dict[str, Any] | None:
    key = f"{record.name}@{record.version}/{kind}"
    rows = office.rows(sa.select(schema.statements.c.value).where(schema.statements.c.key == key))
    return dict(json.loads(rows[0][0])) if rows else None


def verify_package(office: Office, record: PackageRecord, place: Path, *, store: Objects) -> list[Problem]:
    """Return every change of a package's files, marks and reports against what the office entered."""
    from assay.engines.keys import verifier

    check = verifier(office.keyring.public_pem("hallmark"))
    problems = _files(record, signing.file_digests(place / "package"))
    problems += _reports(record, store)
    kept = _kept(office, record, "examined")
    if kept is not None:
        problems += _marks(record, place, kept, check)
    decided = _kept(office, record, "decided")
    if decided is not None:
        problems += _same(place / DECISION, decided["statement"].encode())
        problems += _statement(record, decided["statement"].encode(), DECIDED, check, DECISION)
    return problems


def _files(record: PackageRecord, found: Mapping[str, str]) -> list[Problem]:
    entered = {n: d.removeprefix("sha256:") for n, d in record.files.items()}
    out = [
        Problem("missing", f"{n} is missing from the package", file=n) for n in entered.keys() - found.keys()
    ]
    out += [Problem("extra", f"{n} was added to the package", file=n) for n in found.keys() - entered.keys()]
    both = sorted(entered.keys() & found.keys())
    out += [
        Problem("changed", f"{n} is not what was registered", file=n) for n in both if entered[n] != found[n]
    ]
    return out


def _reports(record: PackageRecord, store: Objects) -> list[Problem]:
    out = []
    for step, digest in record.reports.items():
        if not store.has(digest):
            out.append(Problem("missing", f"the report of {step} is missing from the store", file=digest))
        elif not store.verify(digest):
            out.append(Problem("changed", f"the report of {step} is not what was registered", file=digest))
    return out


def _same(path: Path, entered: bytes) -> list[Problem]:
    try:
        if path.read_bytes() == entered:
            return []
        return [Problem("changed", f"{path.name} is not what the office signed", file=path.name)]
    except OSError:
        return [Problem("missing", f"{path.name} is missing", file=path.name)]


def _marks(
    record: PackageRecord, place: Path, kept: Mapping[str, str], check: Callable[[bytes, bytes], bool]
) -> list[Problem]:
    out = _same(place / BUNDLE, kept["bundle"].encode()) + _same(
        place / STATEMENT, kept["statement"].encode()
    )
    try:
        signed = signing.signed_digests(kept["bundle"].encode(), check)
        entered = {n: d.removeprefix("sha256:") for n, d in record.files.items()}
        if signed != entered:
            out.append(
                Problem("changed", "the bundle vouches for other files than were registered", file=BUNDLE)
            )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        out.append(Problem("bad-signature", f"the bundle does not verify: {error}", file=BUNDLE))
    return out + _statement(record, kept["statement"].encode(), EXAMINED, check, STATEMENT)


def _statement(
    record: PackageRecord, raw: bytes, kind: str, check: Callable[[bytes, bytes], bool], file: str
) -> list[Problem]:
    try:
        if len(raw) > _MAX_STATEMENT:
            raise ValueError("it is larger than any statement is")
        found = dsse.opened(json.loads(raw), check)
        if found["predicateType"] != kind or found["subject"] != _subject(record):
            raise ValueError("it speaks of something else")
    except (ValueError, KeyError, TypeError) as error:
        return [Problem("bad-signature", f"{file} does not verify: {error}", file=file)]
    return []
