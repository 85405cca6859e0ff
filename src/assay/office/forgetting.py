"""What pruned events left, taken out of the history: that a row was changed then stays known, and not what it was.

A row that still stands as a pruned event left it keeps that state, and the event that pruned vouches for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from assay.office import schema

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

HEAD = '{"by":'  # of the stub that stands in a pruned body's place


@dataclass(frozen=True, slots=True)
class Left:
    """That an event left a row, and when."""

    seq: int
    noun: str
    key: str
    at: str

    @property
    def row(self) -> str:
        """Return the row's name in an event."""
        return f"{self.noun}/{self.key}"


def of(connection: Connection, places: Collection[int]) -> list[Left]:
    """Return what these events left, in order."""
    past = schema.history.c
    within = past.seq.between(min(places), max(places))
    query = sa.select(past.seq, past.noun, past.key, past.at).where(within)
    found = [Left(*row) for row in connection.execute(query) if row.seq in places]
    return sorted(found, key=lambda left: (left.seq, left.row))


def digest_of(past: Sequence[Left]) -> str | None:
    """Return the digest by which the event that prunes binds what the history still says; None where there is nothing."""
    from assay.office.remembered import digest, line

    return digest(line(left.seq, left.row, left.at) for left in past)


def forget(connection: Connection, past: Sequence[Left], stands: Mapping[str, int]) -> None:
    """Take the states of these rows out of the history, wherever an event was pruned, but for those that still stand.

    stands: row → the pruned event that left it as it is now.
    """
    latest = {(left.noun, left.key): left for left in past}  # in order: the last of each
    rows = [
        {"of": noun, "named": key, "before": stands.get(left.row, left.seq + 1)}
        for (noun, key), left in latest.items()
    ]
    if not rows:
        return
    history, events = schema.history, schema.events
    stub = sa.select(events.c.seq).where(events.c.seq == history.c.seq, events.c.leaf.startswith(HEAD))
    change = (
        sa.update(history)
        .where(
            history.c.noun == sa.bindparam("of"),
            history.c.key == sa.bindparam("named"),
            history.c.seq < sa.bindparam("before"),
            history.c.state.is_not(None),
            stub.exists(),
        )
        .values(state=None)
    )
    connection.execute(change, rows)
