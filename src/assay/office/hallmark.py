"""The hallmark: struck when every gate passed, it says that a package was examined, and never that it is approved.

Two marks lie beside the package: an OpenSSF model-signing bundle over its files, and an in-toto statement with the
digests of every report behind it and its event's place and leaf hash in the log. Approval and rejection are
statements of their own: where several people approve, each signs one, and the last names those before it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.action import Begun
from assay.methods import dsse
from assay.office import ledger, schema, signing

if TYPE_CHECKING:
    from assay.office.office import Keyring, Office
    from assay.office.registry import PackageRecord

EXAMINED = "https://assay.dev/hallmark/examined/v1"
DECIDED = "https://assay.dev/hallmark/decided/v1"
BUNDLE, STATEMENT, DECISION = "model.sig", "hallmark.intoto.json", "decision.intoto.json"
SUFFIX = ".intoto.json"  # of an approval that more were awaited after: approval-<its event>
_MAX_STATEMENT = 8 << 20


def subject(record: PackageRecord) -> list[dict[str, Any]]:
    """Return what a statement about a package speaks of: its name, version and digest."""
    digest = {"sha256": record.digest.removeprefix("sha256:")}
    return [{"name": f"{record.name}@{record.version}", "digest": digest}]


def strike(office: Office, record: PackageRecord, *, keyring: Keyring, isolation: str) -> tuple[bytes, bytes]:
    """Return both marks of a package: the bundle over its files as they were registered, and the statement.

    Nothing is read from where the package is laid out: what lies there may have been put there by somebody.
    """
    predicate = {
        "says": "examined: every gate passed; this is no approval",
        "package": {"files": dict(record.files), "digest": record.digest},
        "reports": dict(record.reports),
        "ledger": _place(office, record.entered, ledger.leaf(office, record.entered)),
        "registered": {"by": record.registered_by, "at": record.registered_at, "identity": "not proved"},
        "isolation": isolation,
    }
    digests = {name: digest.removeprefix("sha256:") for name, digest in record.files.items()}
    bundle = signing.sign("package", digests, keyring.sign_p256, keyring.public_pem("hallmark"))
    return bundle, _envelope(record, EXAMINED, predicate, keyring)


def decide(office: Office, record: PackageRecord, begun: Begun, *, keyring: Keyring, **said: Any) -> bytes:
    """Return the statement of an approval or a rejection, with the place in the log where it was begun.

    said: says (APPROVED, REJECTED, or that it is one approval of several), by, at, reason, and what else was decided upon.
    """
    kept = {name: value for name, value in said.items() if value not in (None, "", ())}
    predicate = {"identity": "not proved", **kept, "ledger": _place(office, begun.seq, begun.leaf)}
    return _envelope(record, DECIDED, predicate, keyring)


def _place(office: Office, seq: int, leaf: str) -> dict[str, Any]:
    return {"origin": office.origin, "seq": seq, "leaf": leaf}


def _envelope(record: PackageRecord, kind: str, predicate: Mapping[str, Any], keyring: Keyring) -> bytes:
    statement = dsse.statement(subject(record), kind, predicate)
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
    return json.dumps(dsse.envelope(payload, keyring.sign_p256)).encode()


def opened(
    record: PackageRecord, raw: bytes, kind: str, check: Callable[[bytes, bytes], bool]
) -> dict[str, Any]:
    """Return what a signed statement says of a package; ValueError when it is not that."""
    if len(raw) > _MAX_STATEMENT:
        raise ValueError("it is larger than any statement is")
    try:
        found = dsse.opened(json.loads(raw), check)
        if found["predicateType"] != kind or found["subject"] != subject(record):
            raise ValueError("it speaks of something else")
        return dict(found["predicate"])
    except (KeyError, TypeError) as error:
        raise ValueError("it is not a statement") from error


def kept(office: Office, record: PackageRecord, kind: str) -> dict[str, Any] | None:
    """Return the marks that the office keeps of a package, ``examined`` or ``decided``; None where there are none."""
    key = f"{record.name}@{record.version}/{kind}"
    rows = office.rows(sa.select(schema.statements.c.value).where(schema.statements.c.key == key))
    return dict(json.loads(rows[0][0])) if rows else None


def marks(office: Office, record: PackageRecord) -> dict[str, str]:
    """Return every mark that stands of a package: file → what it holds. A decision that no longer stands is none."""
    found = {}
    for kind, key, file in (
        ("examined", "bundle", BUNDLE),
        ("examined", "statement", STATEMENT),
        *((kind, "statement", file) for kind, file in decisions(record).items()),
    ):
        held = kept(office, record, kind)
        if held is not None:
            found[file] = str(held[key])
    return found


def decisions(record: PackageRecord) -> dict[str, str]:
    """Return the statements of people that stand of a package: kind → file. Of several approvals the last decides."""
    given = [a["mark"] for a in (*record.approvals, *record.pending) if a.get("mark")]
    standing = {"decided": DECISION} if record.decided_by is not None else {}
    return standing | {mark: f"{mark}{SUFFIX}" for mark in given}
