"""Monitors carried out under a lease: what is due, what was begun by a server that is gone, and a window that is asked for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from assay.kernel.errors import UsageError
from assay.office.leases import Lease, leased
from assay.office.monitors import Execution, Monitor
from assay.works.monitoring import times, windows
from assay.works.monitoring.executing import execute
from assay.works.monitoring.windows import Due

if TYPE_CHECKING:
    from assay.works.home import Home


def lease_of(monitor: str) -> str:
    """Return the name of the lease that a monitor is carried out under."""
    return f"monitor/{monitor}"


def run_due(home: Home, name: str | None, actor: str, now: float | None = None) -> list[Execution]:
    """Look at every window that is due, of one monitor or of all; nothing of one that another server is at."""
    from assay.office import monitors

    names = [name] if name else [m.name for m in monitors.listing(home.office)]
    out: list[Execution] = []
    for each in names:
        monitors.get(home.office, each)
        with leased(home.office, lease_of(each)) as lease:
            if lease is not None:
                out += _under(home, each, lease, actor, now)
    return out


def _under(home: Home, name: str, lease: Lease, actor: str, now: float | None) -> list[Execution]:
    from assay.office import monitors

    monitor = monitors.get(home.office, name)  # as it is now that the lease is ours
    out = [
        execute(home, _again(monitor, left), lease, actor) for left in monitors.under_way(home.office, name)
    ]
    for found in windows.of(home, monitors.get(home.office, name), time.time() if now is None else now):
        if not lease.held:
            break
        out.append(execute(home, found, lease, actor))
    return out


def _again(monitor: Monitor, execution: Execution) -> Due:
    """Return what an execution was begun for, by a process that is gone."""
    at, start, end = (times.seconds(t) for t in (execution.scheduled, execution.start, execution.end))
    return Due(monitor, execution.trigger, at, start, end, execution.missed, execution.key)


def run_now(home: Home, name: str, actor: str, start: str | None, end: str | None) -> Execution:
    """Look at a window now: the one that ends now, or from and to what is said; UsageError where another is at it."""
    from assay.office import monitors

    now = time.time()
    monitor = monitors.get(home.office, name)
    first, last = windows.window(monitor, now)
    last = times.said(end, now, "--to") if end else last
    first = times.said(start, now, "--from") if start else last - monitor.window
    if first >= last:
        raise UsageError("the window ends before it begins", remedy="name --from before --to")
    with leased(home.office, lease_of(name)) as lease:
        if lease is None:
            raise UsageError(f"{name} is being carried out elsewhere", remedy="wait until it has ended")
        for left in monitors.under_way(home.office, name):
            execute(home, _again(monitor, left), lease, actor)
        return execute(home, Due(monitor, "asked", now, first, last), lease, actor)
