"""Outliers one by one: each kind finds what it is for, at the rate that was asked."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.methods.monitor import outliers


def _rows(rng, n):
    x = rng.normal(size=n)
    return np.column_stack([x, x + rng.normal(0, 0.2, n), rng.gamma(2, 2, n), rng.integers(0, 3, n)])


@pytest.fixture(scope="module")
def reference():
    rng = np.random.default_rng(1)
    held = _rows(rng, 4000)
    made = outliers.Reference(_rows(rng, 4000), [False, False, False, True], held)
    return made, outliers.thresholds(made.score(held).scores, 0.01), rng


def _kinds(reference, row):
    made, limits, _ = reference
    over = made.score(np.array([row], float)).scores[0] > limits
    return {k for k, o in zip(outliers.KINDS, over, strict=True) if o}


def test_the_usual_share_of_healthy_rows_is_over(reference):
    made, limits, rng = reference
    share = (made.score(_rows(rng, 20_000)).scores > limits).any(axis=1).mean()
    assert 0.004 < share < 0.018


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ([0, 0, -5, 1], "any"),
        ([0, 0, 500, 1], "any"),
        ([0, 0, 4, 7], "any"),
        ([1.5, -1.5, 4, 1], "joint"),
        ([0, 0, 4, 1], None),
    ],
)
def test_each_kind_finds_its_own(reference, row, kind):
    found = _kinds(reference, row)
    assert kind in found if kind else not found


def test_the_columns_behind_it_are_told(reference):
    made, *_ = reference
    rows = np.array([[0, 0, 500, 1], [1.5, -1.5, 4, 1.0]])
    terms = made.score(rows, terms=True).terms
    assert terms[0].argmax() == 2
    joint = made.joint_terms(rows)[1]
    assert set(np.argsort(-joint)[:2].tolist()) == {0, 1} and (joint[3] == 0).all()


def test_terms_are_the_tails_of_the_empirical_distribution():
    """ECOD's tail probabilities, of the nearer side, a row more counted on either side."""
    rng = np.random.default_rng(2)
    values = np.round(rng.normal(size=300), 1)
    made = outliers.Reference(values[:, None], [False], values[:, None])
    asked = np.round(np.linspace(values.min(), values.max(), 41), 1)
    left = np.array([(values <= x).sum() for x in asked])
    right = np.array([(values >= x).sum() for x in asked])
    expected = -np.log((np.minimum(left, right) + 1) / 301)
    assert made.score(asked[:, None]).scores[:, 1] == pytest.approx(expected)


def test_distances_are_mahalanobis_of_normal_scores():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(5000, 2)) @ np.array([[1, 0.8], [0, 0.6]])
    made = outliers.Reference(x, [False, False], x)
    z = stats.norm.ppf((stats.rankdata(x, axis=0)) / 5001)
    matrix = 0.99 * (z.T @ z / 5000) + 0.01 * np.eye(2)
    expected = np.sqrt(np.einsum("ij,jk,ik->i", z, np.linalg.inv(matrix), z))
    assert made.score(x).scores[:, 2] == pytest.approx(expected, abs=0.01)


def test_missing_values_are_rare_where_they_never_came_and_nothing_breaks_on_empty_columns():
    rows = np.column_stack([np.arange(200.0), np.full(200, np.nan)])
    made = outliers.Reference(rows, [False, False], rows)
    terms = made.score(np.array([[np.nan, np.nan], [100, 1]]), terms=True).terms
    assert terms[0, 0] > 5 > terms[0, 1] and np.isfinite(terms).all()


def test_a_value_never_seen_is_odd_where_none_came_and_not_where_new_ones_come_daily():
    rng = np.random.default_rng(4)
    few = rng.integers(0, 2, 4000)
    many = np.unique(rng.zipf(1.3, 4000).clip(max=10**6), return_inverse=True)[1]
    half = np.arange(4000) < 2000
    rows = np.column_stack([few, many]).astype(float)
    made = outliers.Reference(rows[half], [True, True], rows[~half])
    only = np.setdiff1d(many[~half], many[half])[0]  # new to one half, as many are
    odd = made.score(np.array([[9.0, many[0]], [few[0], only]]), terms=True).terms
    assert len(np.setdiff1d(many[~half], many[half])) > 100
    assert odd[0, 0] > 4 * odd[1, 1]
