"""Monitors: a check of what an endpoint was asked, window after window, when its schedule or enough requests say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.works.home import Home
    from assay.works.monitoring.windows import Due


def due(home: Home, now: float) -> list[Due]:
    """Return what is due by a moment (seconds since 1970), the oldest first."""
    from assay.works.monitoring.windows import due as found

    return found(home, now)


def tick(home: Home) -> list[str]:
    """Start what is due, each monitor in a process of its own; return the monitors begun. Called every second or so."""
    from assay.works.monitoring.ticking import tick as ticked

    return ticked(home)


def stop(home: Home) -> None:
    """End what ``tick`` has started and wait for it; what was under way is taken up by the next tick anywhere."""
    from assay.works.monitoring.ticking import stop as stopped

    stopped(home)
