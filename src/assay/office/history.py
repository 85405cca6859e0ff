"""The history: each protected row as every event left it, kept with the event and under the digest that it has of the row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.office import schema, words

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from assay.office.office import Office

Kept = tuple[str, str, int, str, str]  # table, key, event, its time, the row as text
_NAMES = ("noun", "key", "seq", "at", "state")


@dataclass(frozen=True, slots=True)
class State:
    """A row as an event left it. value: None where it was pruned."""

    seq: int
    at: str
    value: dict[str, Any] | None


def keep(connection: Connection, states: Sequence[Kept]) -> None:
    """Keep what events left, in the transaction that records them."""
    words.insert(connection, "history", _NAMES, states)


def latest(office: Office, table: str, key: str) -> tuple[int, str] | None:
    """Return the event that left a row as it is, and the row as text; None where there is no such row, or it was pruned."""
    past = schema.history.c
    query = sa.select(past.seq, past.state).where(past.noun == table, past.key == key)
    rows = office.rows(query.order_by(past.seq.desc()).limit(1))
    return (int(rows[0][0]), str(rows[0][1])) if rows and rows[0][1] is not None else None


def of(office: Office, table: str, key: str) -> list[State]:
    """Return every state of a row, the oldest first."""
    past = schema.history.c
    query = sa.select(past.seq, past.at, past.state).where(past.noun == table, past.key == key)
    return [
        State(seq, at, json.loads(json.loads(state)["value"]) if state is not None else None)
        for seq, at, state in office.rows(query.order_by(past.seq))
    ]
