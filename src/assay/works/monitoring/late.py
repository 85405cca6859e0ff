"""Ground truth that came late: the windows that it fills are looked at again, as long as their monitor has patience."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.office.monitors import Execution, Monitor
from assay.works.monitoring import sources, times
from assay.works.monitoring.windows import Due

if TYPE_CHECKING:
    from assay.works.home import Home

_LOOKED = 2_000  # executions


def news(home: Home, monitor: Monitor) -> float:
    """Return when ground truth last came in (seconds since 1970), 0 where none is awaited or none came."""
    from assay.works import captured

    if not monitor.patience or monitor.source:
        return 0.0
    folder = captured.truth_folder(home, monitor.endpoint)
    return (
        max((p.stat().st_mtime for p in folder.rglob("*") if p.is_file()), default=0.0)
        if folder.is_dir()
        else 0.0
    )


def filled(home: Home, monitor: Monitor, now: float) -> list[Due]:
    """Return the windows of which more truth is known than when they were last looked at, the oldest first."""
    from assay.office import monitors

    came = news(home, monitor)
    if not came:
        return []
    latest: dict[tuple[str, str], Execution] = {}
    for one in monitors.executions(home.office, monitor.name, _LOOKED):  # the latest first
        if one.trigger != "asked" and one.ended:
            latest.setdefault((one.start, one.end), one)
    watched = sources.of(home, monitor)
    out = []
    for one in sorted(latest.values(), key=lambda e: e.end):
        start, end = times.seconds(one.start), times.seconds(one.end)
        if end + monitor.patience < now or times.seconds(one.started) > came + 1 or not one.rows:
            continue
        known = watched.truths(start, end)
        if known is not None and known > (one.truths or 0):
            out.append(Due(monitor, "truth", now, start, end))
    return out
