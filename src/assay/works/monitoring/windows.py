"""What is due: the windows that each monitor's schedule has come to since it was last seen to.

A window that nobody looked at in time (no server ran) is looked at later, or left out, as the monitor says; of those that
are caught up the latest hundred are, and how many were left out is told on the next execution. What lies before the monitor
was made was asked for (--since): it is looked at from its beginning on, a hundred windows at a time, and none is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
        asked = _asked_for(home, monitor, plan, now)
        return asked if len(asked) == CAUGHT_UP else [*asked, *_by_the_clock(monitor, plan, now, asked)]
    return list(_by_volume(home, monitor, plan.requests, now))


def window(monitor: Monitor, at: float) -> tuple[float, float]:
    """Return the window that a monitor looks at at a moment."""
    return at - monitor.offset - monitor.window, at - monitor.offset


def upcoming(monitor: Monitor, now: float) -> str | None:
    """Return when a monitor that goes by the clock is due next; None for one that goes by volume."""
    plan = schedule.read(monitor.schedule)
    found = plan.after(times.moment(now)) if isinstance(plan, Cron) else None
    return times.text(found.timestamp()) if found else None


def _asked_for(home: Home, monitor: Monitor, plan: Cron, now: float) -> list[Due]:
    """Return the first hundred windows of the time before the monitor was made, from the first row on where a table tells it."""
    since, until = times.seconds(monitor.cursor), min(now, times.seconds(monitor.created_at))
    if monitor.missed == "skip" or since >= until:
        return []
    if monitor.time:
        begin = since - monitor.offset - monitor.window
        first = sources.of(home, monitor).nth(max(begin, 0.0), until - monitor.offset, 1)
        if first is None:  # one look says so, and the next begins after it
            return list(_by_the_clock(replace(monitor, missed="skip"), plan, until, []))
        since = max(since, first + monitor.offset)
    found: list[Due] = []
    while len(found) < CAUGHT_UP:
        moment = plan.after(times.moment(since))
        if moment is None or moment.timestamp() > until:
            break
        since = moment.timestamp()
        found.append(Due(monitor, "schedule", since, *window(monitor, since)))
    return found


def _by_the_clock(monitor: Monitor, plan: Cron, now: float, asked: list[Due]) -> Iterator[Due]:
    """Give what is due after what was asked for: the latest hundred windows, or the latest alone."""
    since = times.moment(asked[-1].scheduled if asked else times.seconds(monitor.cursor))
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
    if monitor.missed == "run" and start < times.seconds(monitor.created_at):
        skipped = 0  # they were asked for
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
