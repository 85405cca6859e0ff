"""Chances taken together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assay.methods.monitor.alarms import ALPHA, holm, normal_tail


def test_holm_s_example_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert math.isnan(holm([math.nan, 0.2])[0]) and holm([math.nan, 0.2])[1] == 0.2


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_it_lies_between_the_values_and_bonferroni_and_keeps_their_order(values):
    found = np.array(holm(values))
    assert (found >= np.array(values) - 1e-15).all()
    assert (found <= np.minimum(1, np.array(values) * len(values)) + 1e-12).all()
    assert (np.diff(found[np.argsort(values, kind="stable")]) >= 0).all()


def test_the_chance_of_any_false_one_is_what_was_asked():
    rng = np.random.default_rng(1)
    falsely = sum(min(holm(rng.random(10).tolist())) < 0.05 for _ in range(4000))
    assert 0.035 < falsely / 4000 < 0.065


@pytest.mark.parametrize("z", [0.0, 1.0, -1.96, 4.5])
def test_normal_tail_is_scipy_s(z):
    assert normal_tail(z) == pytest.approx(2 * stats.norm.sf(abs(z)))


def test_five_hourly_monitors_raise_less_than_one_false_alarm_a_month():
    assert ALPHA * 5 * 24 * 31 < 1
