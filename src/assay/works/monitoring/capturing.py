"""Captured requests of an endpoint, or data-capture files from elsewhere, watched window by window."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing
from assay.works.monitoring import times
from assay.works.monitoring.sources import CALLER, TIME, VARIANT, Window, kept, wants

if TYPE_CHECKING:
    import pyarrow

    from assay.office.monitors import Monitor
    from assay.works.home import Home

_TRUTH = "truth"


class Captured:
    """What an endpoint was asked, and answered. A request may be of many rows; a volume counts requests."""

    def __init__(self, home: Home, monitor: Monitor) -> None:
        self.home, self.source, self.endpoint = home, monitor.source, monitor.endpoint
        self.check = monitor.check

    def _pinned(self, start: float, end: float) -> Asset | None:
        from assay.engines.capture import sources
        from assay.works import captured

        try:
            if not self.source:
                bounds = f"from={times.text(start)}&to={times.text(end)}"
                return captured.pin(f"capture://{self.endpoint}?{bounds}", self.home.store, self.home)
            if not Path(self.source).exists() and "://" not in self.source:
                raise BadInput(f"there is no file {self.source!r}", remedy="was it moved?")
            manifest = sources.pinned(self.source, start, end)
        except Missing:  # nothing was captured at that time, or ever
            return None
        name = self.endpoint or Path(self.source.rstrip("/")).name
        return Asset("traffic", name, self.source, sources.kept(manifest, self.home.store), sources.FORMAT)

    @contextlib.contextmanager
    def _opened(self, start: float, end: float) -> Iterator[Any | None]:
        """Give the traffic of a window; None where there is none."""
        from assay.works.checking import bench

        asset = self._pinned(start, end)
        if asset is None:
            yield None
            return
        with bench(self.home) as table, contextlib.ExitStack() as stack:
            try:
                traffic = stack.enter_context(table.opened(asset, "traffic"))
            except BadInput as error:
                if "no captured event is there" not in error.what or ": " in error.what:
                    raise  # what is there cannot be read, which is not the same as nothing
                traffic = None
            yield traffic

    def window(self, start: float, end: float) -> Window:
        """Return the traffic of a window as it lies, or as a table for a check of tables."""
        with self._opened(start, end) as traffic:
            if traffic is None:
                return Window(None, 0)
            table = traffic.table.arrow()
            rows, truths = table.num_rows, _known(table)
            if "traffic" in wants(self.check):
                return Window(traffic.asset, rows, truths)
            return Window(kept(self.home, traffic.asset.name, self.check, table), rows, truths)

    def count(self, start: float, end: float) -> int:
        """Return how many requests came in a window."""
        with self._opened(start, end) as traffic:
            return 0 if traffic is None else int(traffic.events)

    def nth(self, start: float, end: float, number: int) -> float | None:
        """Return when the so-manieth request came."""
        with self._opened(start, end) as traffic:
            if traffic is None or traffic.events < number:
                return None
            first = traffic.about.group_by("event").aggregate([("time", "min")]).sort_by("time_min")
            return float(first["time_min"][number - 1].as_py()) if first.num_rows >= number else None

    def truths(self, start: float, end: float) -> int | None:
        """Return of how many rows the truth is known by now."""
        with self._opened(start, end) as traffic:
            if traffic is None or not any(c.name == _TRUTH for c in traffic.columns):
                return 0
            return _known(traffic.table.arrow([_TRUTH]))

    def rows(self, start: float, end: float, most: int) -> pyarrow.Table:
        """Return the rows of a window in the order they came, with when, from whom, and answered by which variant."""
        import pyarrow as pa

        with self._opened(start, end) as traffic:
            if traffic is None:
                return pa.table({TIME: pa.array([], pa.float64())})
            found, about = traffic.table.arrow(), traffic.about
            for name, of in ((TIME, "time"), (CALLER, "caller"), (VARIANT, "variant")):
                found = found.append_column(name, about[of])
        return found.sort_by(TIME).slice(0, most)


def _known(table: pyarrow.Table) -> int:
    """Return how many rows of a table have a truth."""
    if _TRUTH not in table.column_names:
        return 0
    return int(table.num_rows - table[_TRUTH].null_count)
