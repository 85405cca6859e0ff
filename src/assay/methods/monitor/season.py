"""Seasons: a window is held against what the reference was at the same hours of the day or of the week.

Monday's noon is not Sunday's night, and a window of the one held against a mean of both would alarm every week.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Period = Literal["week", "day", "none"]

HOUR, DAY, WEEK = 3600.0, 86_400.0, 604_800.0
_PERIODS = 2  # of a season the reference has to span, so that more than one of each hour is known
_SHORT = 0.98  # of them suffices: the last request of a fortnight comes before its end
_THIN = 0.1  # of the window's rows may be of hours that the reference has little of, before its other hours lose rows


@dataclass(frozen=True)
class Matched:
    """Rows of the reference that are spread over the hours as the window is. exact: share from the very same hours."""

    rows: Ints
    exact: float


def period(times: Floats) -> Period:
    """Return the longest season of which ``times`` (seconds since 1970, NaN unknown) span two at least."""
    known = times[np.isfinite(times)]
    span = float(known.max() - known.min()) if len(known) else 0.0
    if span >= _PERIODS * WEEK * _SHORT:
        return "week"
    return "day" if span >= _PERIODS * DAY * _SHORT else "none"


def slots(times: Floats, season: Period) -> Ints:
    """Return each instant's hour: 0 to 23 of the day, or 0 (Monday, midnight) to 167 of the week, UTC; all 0 of none.

    Instants that are not known are -1.
    """
    known = np.isfinite(times)
    hours = np.floor(np.where(known, times, 0.0) / HOUR).astype(np.int64)
    out = np.zeros(len(times), np.int64)
    if season == "day":
        out = hours % 24
    elif season == "week":
        out = (hours + 3 * 24) % 168  # 1970 began on a Thursday
    return np.where(known | (season == "none"), out, -1)


def matched(window: Floats, reference: Floats, season: Period, rng: np.random.Generator) -> Matched:
    """Return rows of the reference, by lot, of the same hours as the window's rows, in the same proportions.

    Every hour gives as many times the window's rows as the reference can give of most hours. What one hour lacks comes
    from the same hour of other days, then from any.
    """
    everything = np.arange(len(reference))
    if season == "none" or not len(window) or not len(reference):
        return Matched(everything, 1.0)
    w, r = slots(window, season), slots(reference, season)
    kinds = 24 if season == "day" else 168
    wanted = np.bincount(w[w >= 0], minlength=kinds)
    if not wanted.sum():
        return Matched(everything, 0.0)
    held = np.bincount(r[r >= 0], minlength=kinds)
    times = _times(wanted, held)
    if times <= 0:
        return Matched(everything, 0.0)
    order = rng.permutation(len(reference))
    order = order[r[order] >= 0]
    of = r[order]
    taken = np.zeros(len(order), bool)
    need = np.floor(wanted * times).astype(np.int64)
    need[(wanted > 0) & (need == 0)] = 1
    exact = 0
    for fold in (kinds, 24, 1):  # the same hour of the week, of the day, any
        need = (
            need
            if fold == kinds
            else np.bincount(np.arange(len(need)) % fold, need, minlength=fold).astype(np.int64)
        )
        free = np.flatnonzero(~taken)
        got = _first(of[free] % fold, need)
        chosen = free[got]
        taken[chosen] = True
        need = need - np.bincount(of[chosen] % fold, minlength=fold)
        exact = exact or len(chosen)
        if not need.any():
            break
    rows = np.sort(order[taken])
    return Matched(rows, exact / len(rows) if len(rows) else 0.0)


def _times(wanted: Ints, held: Ints) -> float:
    """Return how many times the window's rows an hour gives: the tenth, by the window's rows, that has least stays short."""
    asked = np.flatnonzero(wanted)
    ratio = held[asked] / wanted[asked]
    order = np.argsort(ratio, kind="stable")
    steps = np.cumsum(wanted[asked][order]) / wanted.sum()
    return float(ratio[order[min(int(np.searchsorted(steps, _THIN)), len(order) - 1)]])


def _first(groups: Ints, need: Ints) -> Any:
    """Return the places of the first ``need[g]`` members of each group g."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.searchsorted(ordered, np.arange(len(need)))
    rank = np.arange(len(ordered)) - starts[ordered]
    return order[rank < need[ordered]]
