"""What a monitor watches: the requests that an endpoint captured, or a table that has a column of times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from assay.kernel.asset import Asset

if TYPE_CHECKING:
    import pyarrow

    from assay.office.monitors import Monitor
    from assay.works.home import Home

TIME, CALLER, VARIANT = "__time", "__caller", "__variant"  # beside the columns, where a window is looked into


@dataclass(frozen=True, slots=True)
class Window:
    """What came in a window. subject: what the check takes, None where nothing came. truths: of how many rows the truth is
    known, None where none is ever awaited.
    """

    subject: Any
    rows: int
    truths: int | None = None


class Watched(Protocol):
    """What a monitor watches. Times are seconds since 1970."""

    def window(self, start: float, end: float) -> Window:
        """Return the rows from ``start`` on and before ``end``."""

    def count(self, start: float, end: float) -> int:
        """Return how many rows there are in a window."""

    def nth(self, start: float, end: float, number: int) -> float | None:
        """Return when the so-manieth row of a window came; None where it holds fewer."""

    def truths(self, start: float, end: float) -> int | None:
        """Return of how many rows of a window the truth is known; None where none is ever awaited."""

    def rows(self, start: float, end: float, most: int) -> pyarrow.Table:
        """Return the rows of a window in the order they came, with ``__time``, and ``__caller`` and ``__variant`` where known."""


def of(home: Home, monitor: Monitor) -> Watched:
    """Return what a monitor watches; Missing where that is not there."""
    from assay.works.monitoring.capturing import Captured
    from assay.works.monitoring.timed import TimedTable

    return TimedTable(home, monitor) if monitor.time else Captured(home, monitor)


def wants(check: str) -> tuple[str, ...]:
    """Return the kinds of things that a check takes as its subject: table, traffic or both."""
    from assay.works import declared
    from assay.works.signature import signature

    return next(p.kinds for p in signature(declared.load("check", check).function) if p.role == "input")


def kept(home: Home, name: str, check: str, rows: pyarrow.Table) -> Asset:
    """Keep the rows of a window in the store, so that the digest in a report can be looked up, and return them as the
    subject that a check takes.
    """
    from assay.engines.tables import write_parquet

    with home.scratch() as scratch:
        path = scratch / "window.parquet"
        write_parquet(rows, path)
        digest = home.store.put_file(path)
    kind: Literal["table", "traffic"] = "table" if "table" in wants(check) else "traffic"
    return Asset(kind, name, f"object:{digest}", digest, "parquet")
