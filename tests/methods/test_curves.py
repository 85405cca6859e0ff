from __future__ import annotations

import math

import pytest

from assay.methods import comparing
from assay.methods.curves import Point, complexity, fitting, more_data, sizes


def test_the_corrected_interval_by_hand():
    # Five scores with variance s2, 100 rows tested and 400 trained on: s2 (1/5 + 1/4), t of 4 degrees is 2.7764
    values = [0.80, 0.82, 0.78, 0.81, 0.79]
    error = math.sqrt(0.00025 * (1 / 5 + 100 / 400))
    assert comparing.corrected_error(values, 100, 400) == pytest.approx(error)
    low, high = comparing.corrected_interval(values, 100, 400)
    assert (low, high) == pytest.approx((0.8 - 2.776445 * error, 0.8 + 2.776445 * error), abs=1e-6)
    t, p = comparing.corrected_t([v - 0.79 for v in values], 100, 400)
    assert t == pytest.approx(0.01 / error) and p == pytest.approx(0.39918, abs=1e-4)
    assert comparing.corrected_interval([0.8], 100, 400) is None


@pytest.mark.parametrize(
    ("own", "held", "guess", "error", "said"),
    [
        (0.95, 0.80, 0.5, False, "over-fitting"),
        (0.85, 0.80, 0.5, False, ""),
        (0.53, 0.52, 0.5, False, "under-fitting"),
        (1.0, 1.2, 5.0, True, "over-fitting"),
        (4.8, 4.9, 5.0, True, "under-fitting"),
        (2.0, 2.1, 5.0, True, ""),
    ],
)
def test_how_it_fits(own, held, guess, error, said):
    assert fitting(own, held, guess, error=error) == said


def test_whether_more_data_would_help():
    early = Point(100, (0.70, 0.71, 0.69, 0.70, 0.70), (0.9,) * 5)
    risen = Point(200, (0.75, 0.76, 0.745, 0.75, 0.75), (0.9,) * 5)
    same = Point(200, (0.701, 0.711, 0.691, 0.701, 0.701), (0.9,) * 5)
    mixed = Point(200, (0.80, 0.65, 0.75, 0.60, 0.78), (0.9,) * 5)
    assert more_data(early, risen, 50, error=False)[0] == "yes"
    assert more_data(early, same, 50, error=False)[0] == "no"
    assert more_data(early, mixed, 50, error=False)[0] == "unclear"
    assert more_data(risen, early._replace(at=200), 50, error=True)[0] == "yes", "errors that fall"
    assert more_data(Point(1, (0.7,), (1,)), Point(2, (0.9,), (1,)), 1, error=False)[0] == "unclear"


def test_the_sides_of_a_complexity_curve():
    def point(at, held, own):
        return Point(at, (held - 0.01, held, held + 0.01), (own,) * 3)

    curve = [point(1, 0.6, 0.6), point(2, 0.795, 0.81), point(4, 0.8, 0.85), point(16, 0.65, 1.0)]
    found = complexity(curve, 50, 100, error=False)
    assert (found.best, found.simplest, found.under, found.over) == (2, 1, (0,), (3,))
    errors = [
        p._replace(held=tuple(1 - v for v in p.held), trained=tuple(1 - v for v in p.trained)) for p in curve
    ]
    assert complexity(errors, 50, 100, error=True) == found


def test_sizes_double():
    assert sizes(1600) == [100, 200, 400, 800, 1600]
    assert sizes(30) == [15, 30] and sizes(5) == [5]


def test_few_folds_do_not_hide_a_value_that_learns_by_heart():
    """With three folds one standard error was so wide that 1.000 against 0.552 was no over-fitting."""
    curve = [
        Point(1, (0.0, 0.0, 0.0), (0.0,) * 3),
        Point(4, (0.62, 0.55, 0.56), (0.638,) * 3),
        Point(30, (0.569, 0.534, 0.555), (1.0,) * 3),
    ]
    found = complexity(curve, 667, 1333, error=False)
    assert (found.best, found.under, found.over) == (1, (0,), (2,))
