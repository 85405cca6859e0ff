"""What is due: the windows that each monitor's schedule has come to since it was last seen to.

A window that nobody looked at in time (no server ran) is looked at later, or left out, as the monitor says; of those that
are caught up the latest hundred are, and how many were left out is told on the next execution.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.kernel.errors import AssayError
from assay.methods.schedules import schedule
from assay.methods.schedules.cron import Cron
from assay.office.monitors import Monitor
from assay.works.monitoring import sources, times

if TYPE_CHECKING:
    from assay.works.home import Home

CAUGHT_UP = 100  # windows of a monitor at a time
_FOR_EVER = 253_402_300_799.0  # the last second that a time is written of
_COUNTED = 50_000  # due times that are looked through to say how many were left out


@dataclass(frozen=True, slots=True)
class Due:
    """One window that is to be looked at. Times are seconds since 1970; missed: how many before it are left out.

    begun: the key of its execution, where that was begun by a process that is gone.
    """

    monitor: Monitor
    trigger: str
    scheduled: float
    start: float
    end: float
    missed: int = 0
    begun: str = ""

    @property
    def key(self) -> str:
        """Return the key of its execution: the same for the same window, whoever finds it due."""
        return self.begun or f"{self.monitor.name}/{times.text(self.end)}"


def due(home: Home, now: float) -> list[Due]:
    """Return what is due by a moment, the oldest first; a monitor that cannot be told is left to its own execution."""
    from assay.office import monitors

    found: list[Due] = []
    for monitor in monitors.listing(home.office):
        try:
            found += of(home, monitor, now)
        except AssayError:  # its source is away: whoever runs it by name is told so
            continue
    return sorted(found, key=lambda d: (d.scheduled, d.monitor.name))


def of(home: Home, monitor: Monitor, now: float) -> list[Due]:
    """Return what is due of one monitor, the oldest first."""
    plan = schedule.read(monitor.schedule)
    if isinstance(plan, Cron):
        return list(_by_the_clock(monitor, plan, now))
    return list(_by_volume(home, monitor, plan.requests, now))


def window(monitor: Monitor, at: float) -> tuple[float, float]:
    """Return the window that a monitor looks at at a moment."""
    return at - monitor.offset - monitor.window, at - monitor.offset


def upcoming(monitor: Monitor, now: float) -> str | None:
    """Return when a monitor that goes by the clock is due next; None for one that goes by volume."""
    plan = schedule.read(monitor.schedule)
    found = plan.after(times.moment(now)) if isinstance(plan, Cron) else None
    return times.text(found.timestamp()) if found else None


def _by_the_clock(monitor: Monitor, plan: Cron, now: float) -> Iterator[Due]:
    since = times.moment(times.seconds(monitor.cursor))
    kept = 1 if monitor.missed == "skip" else CAUGHT_UP
    moments = plan.between(since, times.moment(now), _COUNTED)
    left = len(moments) - kept
    for found in moments[-kept:]:
        at = found.timestamp()
        yield Due(monitor, "schedule", at, *window(monitor, at), missed=max(left, 0))
        left = 0


def _by_volume(home: Home, monitor: Monitor, number: int, now: float) -> Iterator[Due]:
    """Windows of so many requests each, in the order they came; where missed ones are left out, the latest alone.

    A window ends just after its last request: several that came at the very same time are not parted.
    """
    watched, start, end = sources.of(home, monitor), times.seconds(monitor.cursor), now - monitor.offset
    have = watched.count(start, end)
    if have < number:
        return
    whole = have // number
    skipped = whole - (1 if monitor.missed == "skip" else min(whole, CAUGHT_UP))
    if skipped:
        last = watched.nth(start, end, skipped * number)
        start = _after(last) if last is not None else start
    for turn in range(min(whole - skipped, CAUGHT_UP)):
        last = watched.nth(start, end, number)
        if last is None:  # several came at once, and went with the window before
            return
        until = _after(last)
        yield Due(monitor, "volume", until, start, until, missed=skipped if turn == 0 else 0)
        start = until


def _after(moment: float) -> float:
    """Return the first millisecond after a moment, the least that the office tells apart."""
    return (int(moment * 1000) + 1) / 1000
