"""Reconstruction by principal components: as scikit-learn's, and what it sees that no column shows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from assay.methods.monitor import multivariate


def _tied(rng, rows, broken=False):
    x = rng.normal(size=(rows, 2))
    out = np.column_stack(
        [x[:, 0], x[:, 0] * 2 + rng.normal(0, 0.3, rows), x[:, 1], -x[:, 1] + rng.normal(0, 0.3, rows)]
    )
    if broken:
        out[:, 1] = rng.permutation(out[:, 1])
    return out


def test_components_are_scikit_learn_s():
    rng = np.random.default_rng(1)
    data = rng.normal(size=(500, 8)) @ rng.normal(size=(8, 8))
    new = rng.normal(size=(50, 8)) * 3
    scaler = StandardScaler().fit(data)
    theirs = PCA(n_components=0.65).fit(scaler.transform(data))
    made = multivariate.components(data)
    assert made.kept.shape[1] == theirs.n_components_
    assert made.explained == pytest.approx(theirs.explained_variance_ratio_.sum())
    scaled = scaler.transform(new)
    expected = np.linalg.norm(scaled - theirs.inverse_transform(theirs.transform(scaled)), axis=1)
    assert multivariate.errors(made.residual(new)) == pytest.approx(expected)


def test_ties_that_broke_are_seen_and_named():
    rng = np.random.default_rng(2)
    made = multivariate.components(_tied(rng, 2000))
    old, same = (made.residual(_tied(rng, 2000)) for _ in range(2))
    broken = made.residual(_tied(rng, 2000, broken=True))
    assert abs(multivariate.reconstructed(old, same).z) < 4
    found = multivariate.reconstructed(old, broken)
    assert found.z > 20 and found.size > 1 and set(list(found.by)[:2]) == {0, 1}


def test_constant_and_missing_columns_do_no_harm():
    data = np.column_stack([np.full(100, 3.0), np.full(100, np.nan), np.arange(100.0)])
    made = multivariate.components(data)
    assert np.isfinite(made.residual(data)).all() and made.kept.shape[1] == 1
    assert multivariate.components(np.ones((5, 2))).kept.shape[1] == 0


def test_categories_are_their_shares_and_new_ones_nothing():
    found = multivariate.shared(np.array([0, 1, 2, -1]), 3, np.array([0, 0, 1, -1]))
    assert found.tolist() == [0.5, 0.25, 0.0, 0.25]


def test_one_row_far_out_does_not_alarm():
    rng = np.random.default_rng(3)
    made = multivariate.components(_tied(rng, 2000))
    old, new = made.residual(_tied(rng, 2000)), _tied(rng, 500)
    new[0] = 1e6
    assert abs(multivariate.reconstructed(old, made.residual(new)).z) < 4
