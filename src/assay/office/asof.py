"""The office as it was: the same questions, answered from the history of its rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import sqlalchemy as sa

from assay.kernel.errors import Refused
from assay.office import schema
from assay.office.office import Office


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the office's time: after an event, or a moment as the office writes it."""

    moment: str = ""
    seq: int | None = None

    def of(self, history: Any) -> Any:
        """Return the condition on the history's columns that a state is no later."""
        if self.seq is not None:
            return history.seq <= self.seq
        return history.at <= self.moment


class AsOf(Office):
    """An office that answers as it would have at a point of its past, and changes nothing.

    Of rows whose state was pruned nothing is answered; ``pruned`` counts them. Where a clock was set back, a row is as
    the latest event left it that says it happened no later.
    """

    past = True

    def __init__(self, office: Office, point: Point) -> None:
        self.point = point
        super().__init__(office.engine, office.keyring, office.outside, self._then, office.origin)
        self._now = office.clock

    def _then(self) -> str:
        """Return the moment that it answers for."""
        if self.point.seq is None:
            return min(self.point.moment, self._now())
        query = sa.select(schema.events.c.leaf).where(schema.events.c.seq == self.point.seq)
        found = super().rows(query)
        return str(json.loads(found[0][0]).get("time") or "") if found else self._now()

    def rows(self, query: Any) -> list[Any]:
        """Return the rows of a query, asked of the tables as they were."""
        return super().rows(self._past(query))

    def batches(self, query: Any, size: int = 10_000) -> Iterator[list[Any]]:
        """Give the rows of a query in batches, asked of the tables as they were."""
        return super().batches(self._past(query), size)

    def transaction(self) -> NoReturn:
        """Refused: the past stands."""
        raise Refused("the past is only looked at", remedy="leave out --at")

    def pruned(self, table: str) -> int:
        """Return how many rows of a table had a state then that was pruned since."""
        past = schema.history.c
        query = sa.select(sa.func.count()).select_from(schema.history)
        then = self._latest(table)
        query = query.join(then, (past.key == then.c.key) & (past.seq == then.c.seq))
        return int(super().rows(query.where(past.noun == table, past.state.is_(None)))[0][0])

    def _past(self, query: Any) -> Any:
        """Let each protected table that a query names mean what it was then."""
        return query.add_cte(*(self._table(name) for name in schema.PROTECTED))

    def _table(self, name: str) -> Any:
        past, then = schema.history.c, self._latest(name)
        state = past.state
        whole: Any = sa.cast(state, sa.JSON) if self._postgresql else sa.type_coerce(state, sa.JSON)
        columns = [whole[c.name].as_string().label(c.name) for c in schema.PROTECTED[name].c]
        query = sa.select(*columns).select_from(schema.history)
        query = query.join(then, (past.key == then.c.key) & (past.seq == then.c.seq))
        return query.where(past.noun == name, state.is_not(None)).cte(name)

    def _latest(self, name: str) -> Any:
        past = schema.history.c
        query = sa.select(past.key, sa.func.max(past.seq).label("seq"))
        return query.where(past.noun == name, self.point.of(past)).group_by(past.key).subquery("then")

    @property
    def _postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"
