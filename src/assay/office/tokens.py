"""Tokens of callers (methods/bearers): each with its subject, the hash of its secret, what it may do, and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.errors import Missing, UsageError
from assay.office import schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.office.office import Office, Tx


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token. endpoints: names it may invoke, ``*`` for all. scopes: what it may do besides, ``admin``.

    hash: SHA-256 of the secret, hex. rate: requests a second it may send, 0 for the endpoint's own. expires: RFC 3339.
    """

    id: str
    subject: str
    hash: str
    state: str
    created_by: str
    created_at: str
    event: int
    endpoints: Sequence[str] = ()
    scopes: Sequence[str] = ()
    rate: float = 0.0
    expires: str | None = None
    revoked: Mapping[str, str] | None = None
    note: str = ""

    def live(self, now: str) -> bool:
        """Whether it still opens anything at a moment."""
        return self.state == "active" and (self.expires is None or self.expires > now)


def create(
    tx: Tx,
    subject: str,
    *,
    actor: str,
    id: str,
    hash: str,
    endpoints: Sequence[str],
    scopes: Sequence[str],
    rate: float,
    expires: str | None,
    note: str,
) -> TokenRecord:
    """Leave a token's row, with its event."""
    record = TokenRecord(
        id, subject, hash, "active", actor, tx.now, tx.size, tuple(endpoints), tuple(scopes), rate, expires,
        None, note,
    )  # fmt: skip
    _write(tx, record)
    detail = {"subject": subject, "endpoints": list(endpoints), "scopes": list(scopes)}
    detail |= {"expires": expires} if expires else {}
    tx.record("token.create", f"token/{id}", actor=actor, detail=detail)
    return record


def revoke(tx: Tx, id: str, reason: str, *, actor: str) -> TokenRecord:
    """End a token; UsageError where it has ended already, Missing where there is none."""
    raw = tx.held("tokens", id)
    if raw is None:
        raise Missing(f"there is no token {id[:40]!r}", remedy="see `assay token list`")
    known = {f.name for f in fields(TokenRecord)}
    record = TokenRecord(**{k: v for k, v in raw.items() if k in known})
    if record.state != "active":
        raise UsageError(f"the token {id} is revoked already")
    told = {"by": actor, "at": tx.now, "reason": reason}
    record = replace(record, state="revoked", revoked=told, event=tx.size)
    _write(tx, record)
    tx.record(
        "token.revoke", f"token/{id}", actor=actor, detail={"subject": record.subject, "reason": reason}
    )
    return record


def _write(tx: Tx, record: TokenRecord) -> None:
    tx.write("tokens", record.id, asdict(record), subject=record.subject, state=record.state)


def listing(office: Office, *, revoked: bool = True) -> list[TokenRecord]:
    """Return every token, the latest first; without those that were revoked where so asked."""
    table = schema.tokens.c
    query: Any = sa.select(table.value)
    if not revoked:
        query = query.where(table.state == "active")
    return sorted((read(TokenRecord, r[0]) for r in office.rows(query)), key=lambda t: -t.event)
