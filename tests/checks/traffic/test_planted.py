"""What is planted is found by the monitor that should, with the column and since when, in windows of six sets; slow.

``python -m tests.checks.traffic.test_planted`` prints the table that stands in docs/explanation/monitors.md.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from assay.kernel.severity import Severity

from .planted import LATE, ROWS, WAYS, sets
from .test_quiet import MONITORS, Held

WINDOWS = 5  # of each set and way
NEAR = 0.05 * ROWS  # requests by which a date may be wrong
LABELS = ("concept",)  # what waits for labels; the others are asked before they are there


def asked(monitor, one, window, reference, work):
    """Return a monitor's report about a window."""
    who = {} if monitor == "estimate" else {"caller": "caller"}
    given = window if monitor in LABELS else window.drop(columns="truth")
    return MONITORS[monitor](Held(given), against=reference, time="at", label="truth", work=work, **who)


def found(report, column):
    """Return whether it alarms, names the column where there is one, and how many requests its date is wrong by."""
    graves = [f for f in report.findings if f.severity >= Severity.MEDIUM]
    named = [
        f for f in graves if not column or column in (f.where.get("column"), *f.where.get("columns", ()))
    ]
    dated = [abs(f.where["row"] - LATE) for f in named if "row" in f.where]
    return bool(report.data["alarm"] and graves), bool(named), min(dated, default=None)


def scored(every, work, windows=WINDOWS, told=print):
    """Return of each way and set: windows that alarm, that name the column, and dates that are near."""
    out = defaultdict(list)
    for name, one in every.items():
        reference = Held(one.reference())
        for way, monitor in WAYS.items():
            if monitor == "estimate" and not one.classes:
                continue  # of a regression the hard ones are no fewer than they were
            for seed in range(windows):
                window = one.window(100 + seed)
                column = way(one, window, np.random.default_rng(seed))
                out[way.__name__, name].append(found(asked(monitor, one, window, reference, work), column))
            told(way.__name__, name, out[way.__name__, name])
    return out


@pytest.fixture(scope="module")
def every(adult, bookings):
    return sets(adult, bookings)


@pytest.mark.slow
def test_what_is_planted_in_eleven_ways_is_found_by_the_right_monitor(every, work):
    scores = scored(every, work)
    of = defaultdict(list)
    for (way, _), rows in scores.items():
        of[way] += rows
    rates = {w: tuple(float(np.mean([r[i] for r in rows])) for i in (0, 1)) for w, rows in of.items()}
    dated = {w: [r[2] for r in rows if r[2] is not None] for w, rows in of.items() if w != "apart"}
    near = {w: float(np.mean([by <= NEAR for by in rows])) for w, rows in dated.items() if rows}
    print(rates, near)
    for way, (alarmed, named) in rates.items():
        assert alarmed >= FLOORS.get(way, 1.0) and named >= FLOORS.get(way, 1.0), (way, rates[way])
    assert all(share >= 0.9 for share in near.values()), near


FLOORS = {"noise": 0.8, "odd": 0.9}  # of windows; all of the others


def test_some_of_it_is_found_quickly(adult, bookings, work):
    """Of the longer test, as much as takes a second."""
    from .conftest import answers
    from .planted import Set, mean, missing, renamed

    one = Set(answers(bookings.head(3000)), "lead_time", "adr", ("market_segment", "Direct"))
    reference = Held(one.reference())
    for way in (mean, missing, renamed):
        window = one.window(7)
        column = way(one, window, np.random.default_rng(1))
        alarmed, named, by = found(asked("drift", one, window, reference, work), column)
        assert alarmed and named and by <= NEAR, way.__name__
