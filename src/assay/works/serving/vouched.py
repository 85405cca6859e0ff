"""Rows that a server acts upon are those that the signed log vouches for: one that was written past the office opens nothing.

Whoever can write into the database could else make a token of their own, or take the guard from an endpoint. A row that was
found as the log says is not looked at again until it is another.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from assay.engines.terminal import say
from assay.kernel.canonical import sha256
from assay.office import ledger, schema
from assay.office.endpoints import DELETED, EndpointRecord
from assay.office.rows import read, row_text
from assay.office.tokens import TokenRecord
from assay.office.vouching import voucher

if TYPE_CHECKING:
    from assay.works.home import Home

T = TypeVar("T")


class Vouched:
    """The endpoints and tokens of a home, as its log has them. What is not as it says is told once, on standard error."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._good: dict[str, dict[str, str]] = {"endpoints": {}, "tokens": {}}  # key → the row that held
        self._told: dict[tuple[str, str], str] = {}
        self.forged: dict[str, set[str]] = {"endpoints": set(), "tokens": set()}  # as of the latest look

    def endpoints(self) -> list[EndpointRecord]:
        """Return every endpoint by name but the deleted; of one whose row was forged, what held before, if anything did."""
        held = self._held("endpoints", EndpointRecord, schema.endpoints.c.state != DELETED)
        return [r for _, r in sorted(held.items())]

    def tokens(self) -> list[TokenRecord]:
        """Return every token that was not revoked. One whose row was forged opens nothing."""
        return list(self._held("tokens", TokenRecord, schema.tokens.c.state == "active").values())

    def _held(self, table: str, cls: type[T], where: Any) -> dict[str, T]:
        of, past = schema.PROTECTED[table], schema.history.c
        newest = sa.select(sa.func.max(past.seq)).where(past.noun == table, past.key == of.c.key)
        query = sa.select(newest.scalar_subquery().label("newest"), of).where(where)  # of one moment
        good, now, out = self._good[table], dict[str, str](), dict[str, T]()
        self.forged[table] = set()
        for row in self.home.office.rows(query):
            values = dict(row._mapping)
            seq, key = values.pop("newest"), str(values["key"])
            text = row_text(values)
            mark = f"{seq} {text}"
            if good.get(key) != mark:
                wrong = unvouched(self.home, f"{table}/{key}", seq, text)
                if wrong:
                    self.forged[table].add(key)
                    self._tell(table, key, mark, wrong)
                    if table != "endpoints" or key not in good:
                        continue
                    mark = good[key]
            now[key] = mark
            out[key] = read(cls, json.loads(mark.partition(" ")[2])["value"])
        self._good[table] = now
        return out

    def _tell(self, table: str, key: str, mark: str, wrong: str) -> None:
        if self._told.get((table, key)) != mark:
            self._told[table, key] = mark
            said = f"the row {table}/{key[:80]!r} was written past the office, and is not acted upon: {wrong}"
            say(f"assay: {said}; see `assay log verify`")


def unvouched(home: Home, place: str, seq: int | None, text: str) -> str:
    """Return why the signed log does not vouch for a row; empty where it does.

    place: ``table/key``. seq: of the latest event that left the row. text: the row as it stands (office/rows).
    """
    found = voucher(lambda n: ledger.leaf_text(home.office, n), seq, place)
    if found is None or found[1] != sha256(text.encode()):
        return "no event of the log vouches for its row"
    if not ledger.verify_proof(ledger.prove(home.office, found[0]), home.keyring.public_pem("ledger")):
        return "the event that vouches for its row is not in the signed log"
    return ""
