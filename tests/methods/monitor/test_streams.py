"""Changes in streams: by hand, and within what their authors promise. tests/peers compares with river, element by element."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.monitor import streams


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_the_histogram_holds_the_window_s_sum_and_variance(seed, share):
    values = (np.random.default_rng(seed).random(700) < share).astype(float)
    detector = streams.Adwin(delta=1e-12)
    for value in values.tolist():
        detector.update(value)
    kept = values[-detector.width :]
    assert detector.mean == pytest.approx(kept.mean())
    assert detector.spread / detector.width == pytest.approx(kept.var())
    assert max(map(len, detector._sums)) <= detector.most
    assert sum(len(s) << i for i, s in enumerate(detector._sums)) == detector.width


def test_a_rise_is_found_soon_and_dated():
    rng = np.random.default_rng(1)
    values = np.r_[rng.random(3000) < 0.1, rng.random(1000) < 0.3].astype(float)
    first = next(streams.adwin(values, delta=1e-4))
    assert 3000 < first.seen < 3250 and first.start > 0
    threshold = streams.quiet_threshold(0.3, 0.05, 4000, 1e-3)
    found = list(streams.page_hinkley(values, delta=0.05, threshold=threshold, alpha=1.0))
    assert 3000 < found[0].seen < 3250 and abs(found[0].start - 3000) < 100
    assert abs(streams.onset(values) - 3000) < 20


def test_a_fall_is_found_too():
    rng = np.random.default_rng(2)
    values = np.r_[rng.random(2000) < 0.5, rng.random(1000) < 0.2].astype(float)
    assert 2000 < next(streams.adwin(values)).seen < 2300
    assert 2000 < next(streams.page_hinkley(values, delta=0.05, threshold=15, alpha=1.0)).seen < 2300


def test_page_hinkley_by_hand():
    """x̄ is 0 while all are 0; then each 1 adds 1 − x̄ − delta."""
    values = np.r_[np.zeros(50), np.ones(10)]
    up, expected = 0.0, None
    for t in range(50, 60):
        up += 1 - (t - 49) / (t + 1) - 0.005
        if up > 3 and expected is None:
            expected = t
    (found, *_) = streams.page_hinkley(values, threshold=3, alpha=1.0)
    assert found.seen == expected and found.start == 50


@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_the_quiet_threshold_alarms_as_seldom_as_it_says(spread):
    """A chance of a half over 2,000 values is large enough to count: 60 streams."""
    rng = np.random.default_rng(3)
    delta = 0.1 * spread
    threshold = streams.quiet_threshold(spread, delta, 2000, 0.5)
    alarms = sum(
        next(
            streams.page_hinkley(rng.normal(0, spread, 2000), delta=delta, threshold=threshold, alpha=1.0),
            None,
        )
        is not None
        for _ in range(60)
    )
    assert alarms / 60 < 0.6
    assert streams.quiet_threshold(0.0, delta, 10, 0.1) == float("inf")


def test_unchanged_streams_are_quiet():
    rng = np.random.default_rng(4)
    for share in (0.02, 0.3):
        assert not list(streams.adwin((rng.random(40_000) < share).astype(float), delta=1e-4))


def test_ddm_by_hand():
    """8 wrong of 40, then all wrong: p + s first passes p_min + 3 s_min where a loop over Gama's formulas says."""
    values = np.r_[np.tile([1.0, 0, 0, 0, 0], 8), np.ones(20)]
    low, expected = None, None
    for n in range(31, 61):
        p = values[:n].mean()
        s = (p * (1 - p) / n) ** 0.5
        low = (p, s) if low is None or p + s <= sum(low) else low
        if expected is None and p + s > low[0] + 3 * low[1]:
            expected = n - 1
    (found, *_) = streams.ddm(values)
    assert found.seen == expected == 47 and found.start == 40 and found.by == "DDM"


def test_ddm_sees_a_rise_and_no_fall():
    rng = np.random.default_rng(4)
    rise = np.r_[rng.random(3000) < 0.1, rng.random(1000) < 0.3].astype(float)
    assert any(3000 < c.seen < 3600 for c in streams.ddm(rise, level=4.5))
    assert not [c for c in streams.ddm(1 - rise, level=4.5) if c.seen >= 3000]
