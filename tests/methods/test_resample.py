"""Bootstrap intervals of counts, beside resampling the rows themselves, and beside theory."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.methods import resample
from assay.methods.bias import Counts, post_training, pre_training

A, D = Counts(40, 10, 5, 45), Counts(10, 5, 15, 20)


def tally(*cells):
    return resample.Tally(cells, cells, cells)


TALLIES = (tally(40.0, 10.0, 5.0, 45.0), tally(10.0, 5.0, 15.0, 20.0))


def test_as_wide_as_theory_says():
    a, d = tally(600.0, 0.0, 0.0, 400.0), tally(150.0, 0.0, 0.0, 350.0)
    low, high = resample.intervals((a, d), pre_training, np.random.default_rng(0), 2000)["DPL"]
    sd = math.sqrt(0.6 * 0.4 / 1000 + 0.3 * 0.7 / 500)
    assert (low + high) / 2 == pytest.approx(0.3, abs=0.01)
    assert high - low == pytest.approx(2 * 1.96 * sd, rel=0.08)


def test_near_resampling_every_row():
    def rows(group):
        return np.repeat(np.arange(4), [int(n) for n in (group.tp, group.fp, group.fn, group.tn)])

    rng, found = np.random.default_rng(1), []
    for _ in range(2000):
        counts = [np.bincount(rng.choice(rows(g), len(rows(g))), minlength=4) for g in (A, D)]
        found.append(post_training(*(Counts(*map(float, c)) for c in counts)))
    mine = resample.intervals(TALLIES, post_training, np.random.default_rng(2), 2000)
    for name in ("DPPL", "DI", "AD", "RD", "DAR", "SD"):
        low, high = np.percentile([f[name] for f in found], [2.5, 97.5])
        assert mine[name] == (pytest.approx(low, abs=0.06), pytest.approx(high, abs=0.06)), name


def test_what_is_seldom_finite_has_no_interval():
    found = resample.intervals(
        (tally(50.0, 0.0, 0.0, 50.0), tally(0.0, 0.0, 0.0, 1.0)), post_training, np.random.default_rng(0)
    )
    assert "RD" not in found  # no positive in d: its recall is 0/0 in every draw
    assert (
        resample.intervals(
            (tally(0.0, 0.0, 0.0, 0.0), TALLIES[1]), pre_training, np.random.default_rng(0)
        ).get("DPL")
        is None
    )


def test_the_same_lot_gives_the_same_interval():
    one, two = (resample.intervals(TALLIES, pre_training, np.random.default_rng(4)) for _ in range(2))
    assert one == two
