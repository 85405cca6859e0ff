"""Monitors carried out under a lease: what is due, what was begun by a server that is gone, and a window that is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from assay.kernel.errors import UsageError
from assay.office.leases import Lease, leased
from assay.office.monitors import Execution, Monitor
from assay.works.monitoring import late, times, windows
from assay.works.monitoring.executing import execute
from assay.works.monitoring.windows import Due

if TYPE_CHECKING:
    from assay.works.home import Home

Progress = Callable[[int, int, str], None]


def lease_of(monitor: str) -> str:
    """Return the name of the lease that a monitor is carried out under."""
    return f"monitor/{monitor}"


def run_due(
    home: Home,
    name: str | None,
    actor: str,
    now: float | None = None,
    elsewhere: list[str] | None = None,
    progress: Progress | None = None,
) -> list[Execution]:
    """Look at every window that is due, of one monitor or of all; nothing of one that another server is at.

    elsewhere: where the names of those are put. progress: told before each window which of how many of its monitor it is.
    """
    from assay.office import monitors

    names = [name] if name else [m.name for m in monitors.listing(home.office)]
    out: list[Execution] = []
    for each in names:
        monitors.get(home.office, each)
        with leased(home.office, lease_of(each)) as lease:
            if lease is not None:
                out += _under(home, each, lease, actor, now, progress)
            elif elsewhere is not None:
                elsewhere.append(each)
    return out


def _under(
    home: Home, name: str, lease: Lease, actor: str, now: float | None, progress: Progress | None
) -> list[Execution]:
    """Go on with what was cut short, then look at what is due, then at what late truth has filled."""
    from assay.office import monitors
    from assay.works.remedies.acting import send_again

    moment = time.time() if now is None else now
    monitor = monitors.get(home.office, name)  # as it is now that the lease is ours
    with home.office.transaction() as tx:
        monitors.current(tx, name)  # a policy that was written past the office moves nothing
    for left in monitors.unacted(home.office, name) if monitor.policy else []:
        _act(home, monitor, left)
    send_again(home, time.time(), name)
    found = [_again(monitor, left) for left in monitors.under_way(home.office, name)]
    out = [_looked_at(home, due, lease, actor) for due in found]
    fresh = windows.of(home, monitors.get(home.office, name), moment)
    for at, due in enumerate(fresh):
        if lease.held:
            if progress is not None:
                progress(at, len(fresh), f"windows of {name}")
            out.append(_looked_at(home, due, lease, actor))
    for due in late.filled(home, monitor, moment) if monitor.patience else []:
        if lease.held:
            out.append(_looked_at(home, due, lease, actor))
    return out


def _looked_at(home: Home, due: Due, lease: Lease, actor: str) -> Execution:
    """Look at a window, and do what policy says of it."""
    ended = execute(home, due, lease, actor)
    return _act(home, due.monitor, ended) if due.monitor.policy and ended.ended else ended


def _act(home: Home, monitor: Monitor, execution: Execution) -> Execution:
    from assay.office import monitors
    from assay.works.remedies.acting import act

    act(home, monitor, execution)
    return monitors.execution(home.office, execution.key)


def _again(monitor: Monitor, execution: Execution) -> Due:
    """Return what an execution was begun for, by a process that is gone."""
    at, start, end = (times.seconds(t) for t in (execution.scheduled, execution.start, execution.end))
    return Due(monitor, execution.trigger, at, start, end, execution.missed, execution.key)


def run_now(
    home: Home, name: str, actor: str, start: str | None, end: str | None, *, act: bool = False
) -> Execution:
    """Look at a window now: the one that ends now, or from and to what is said; UsageError where another is at it.

    act: whether policy is obeyed, as it is for windows that are due.
    """
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
            _looked_at(home, _again(monitor, left), lease, actor)
        due = Due(monitor, "asked", now, first, last)
        return _looked_at(home, due, lease, actor) if act else execute(home, due, lease, actor)
