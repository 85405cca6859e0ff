"""A table with a column of times, watched window by window."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import BadInput, Missing
from assay.methods.nearest import did_you_mean
from assay.works.monitoring.sources import Window, kept

if TYPE_CHECKING:
    import pyarrow

    from assay.kernel.handles import Table
    from assay.office.monitors import Monitor
    from assay.works.home import Home


class TimedTable:
    """A table with a column of times: a log of requests, or what a batch of predictions was made on."""

    def __init__(self, home: Home, monitor: Monitor) -> None:
        self.home, self.source, self.time = home, monitor.source, monitor.time
        self.name, self.check = monitor.endpoint or monitor.name, monitor.check

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[Table, Any]]:
        """Give the table, and the expression of its times; Missing where it has no such column."""
        from assay.engines.tables import open_table

        settings = self.home.settings
        with self.home.scratch() as scratch:
            table = open_table(
                self.source, name=self.name, scratch=scratch, cores=settings.cores, memory=settings.memory
            )
            try:
                names = [c.name for c in table.columns]
                if self.time not in names:
                    raise Missing(
                        f"there is no column {self.time!r}",
                        where=self.source,
                        remedy=did_you_mean(self.time, names),
                    )
                yield table, _moment(table, self.time)
            finally:
                table.close()

    def window(self, start: float, end: float) -> Window:
        """Return the rows as a table that is kept in the store."""
        found = self._rows(start, end, None)
        if not found.num_rows:
            return Window(None, 0)
        return Window(kept(self.home, self.name, self.check, found), found.num_rows)

    def count(self, start: float, end: float) -> int:
        """Return how many rows there are in a window."""
        with self._opened() as (table, at):
            within = _within(table.expr, at, start, end)
            counted = table.run(within.aggregate(n=within.count()))
            if not counted["n"][0].as_py():
                self._has_times(table, at)
        return int(counted["n"][0].as_py())

    def _has_times(self, table: Table, at: Any) -> None:
        """BadInput where no value of the column can be read as a time: that nothing came would be a wrong answer."""
        expr = table.expr.mutate(__at=at)
        found = table.run(expr.aggregate(rows=expr.count(), times=expr["__at"].count()))
        if found["rows"][0].as_py() and not found["times"][0].as_py():
            raise BadInput(
                f"no value of {self.time} can be read as a time",
                where=self.source,
                remedy="write times as 2026-01-31T12:00:00Z, or as seconds since 1970",
            )

    def nth(self, start: float, end: float, number: int) -> float | None:
        """Return when the so-manieth row came."""
        with self._opened() as (table, at):
            found = (
                _within(table.expr, at, start, end)
                .select(__at=at)
                .order_by("__at")
                .limit(1, offset=number - 1)
            )
            rows = table.run(found)
        return float(rows["__at"][0].as_py()) if rows.num_rows else None

    def truths(self, start: float, end: float) -> int | None:
        """Return None: the truth of a table's rows is in the table, or never comes."""
        return None

    def rows(self, start: float, end: float, most: int) -> pyarrow.Table:
        """Return the rows of a window with their times."""
        return self._rows(start, end, most)

    def _rows(self, start: float, end: float, most: int | None) -> pyarrow.Table:
        with self._opened() as (table, at):
            found = _within(table.expr.mutate(__time=at), at, start, end).order_by("__time")
            arrow = table.run(found if most is not None else found.drop("__time"))
        return arrow if most is None else arrow.slice(0, most)


def _within(expr: Any, at: Any, start: float, end: float) -> Any:
    return expr.filter(at >= start, at < end)


def _moment(table: Table, name: str) -> Any:
    """Return a column of times as seconds since 1970: a time, a date, a text of either, or such seconds."""
    column = table.expr[name]
    kind = next(c.type for c in table.columns if c.name == name)
    if kind in ("integer", "number"):
        return column.cast("float64")
    if kind in ("timestamp", "date", "text"):
        return column.try_cast("timestamp").epoch_seconds().cast("float64")
    raise BadInput(f"{name} holds no times, it is {kind}", remedy="name the column that says when a row came")
