from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial.distance import cdist

from assay.methods.consistency import MOST_ASKED, consistency, standardised
from assay.methods.neighbours import votes


def test_by_hand():
    # on a line: 0 1 2 | 10 11 12, told 1 1 0 | 0 0 0; the three nearest of each are its own half
    x = np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]])
    value, interval, rows = consistency(x, [1, 1, 0, 0, 0, 0], np.random.default_rng(0), 3)
    assert value == pytest.approx(1 - (1 / 3 + 1 / 3 + 2 / 3) / 6) and rows == 6
    assert interval[0] < value < interval[1]


def test_beside_the_definition():
    rng = np.random.default_rng(4)
    x, said = rng.normal(size=(300, 4)), rng.random(300) < 0.4
    near = np.argsort(cdist(x, x), axis=1)[:, :5]
    assert consistency(x, said, rng)[0] == pytest.approx(1 - np.abs(said - said[near].mean(axis=1)).mean())


def test_a_sample_is_near_the_whole():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(6000, 2))
    said = x[:, 0] + 0.3 * rng.normal(size=6000) > 0
    near = np.vstack([np.argsort(cdist(x[i : i + 500], x), axis=1)[:, :5] for i in range(0, 6000, 500)])
    whole = 1 - np.abs(said - said[near].mean(axis=1)).mean()
    value, interval, rows = consistency(x, said, rng)
    assert rows == MOST_ASKED and interval[0] <= whole <= interval[1] and abs(value - whole) < 0.02


def test_all_told_the_same_are_told_alike_and_too_few_have_no_answer():
    rng = np.random.default_rng(0)
    assert consistency(rng.normal(size=(20, 2)), np.ones(20), rng)[0] == 1
    assert math.isnan(consistency(np.zeros((3, 1)), [0, 1, 0], rng)[0])


def test_features_as_pandas_and_sklearn_make_them():
    import pandas as pd
    from sklearn.preprocessing import StandardScaler

    frame = pd.DataFrame({"n": [1.0, None, 3.0, 8.0], "t": ["a", "b", None, "a"], "same": [1, 1, 1, 1]})
    found = standardised(pa.Table.from_pandas(frame), ["n", "t", "same"])
    numbers = StandardScaler().fit_transform(frame[["n"]].dropna())
    assert found[[0, 2, 3], 0] == pytest.approx(numbers.ravel()) and found[1, 0] == 0
    assert sorted(map(tuple, found[:, 1:].T)) == sorted([(1, 0, 0, 1), (0, 1, 0, 0), (0, 0, 1, 0)])


def test_weights_are_of_those_who_are_asked():
    rng = np.random.default_rng(2)
    x, said, heavy = rng.normal(size=(60, 2)), (rng.random(60) < 0.5).astype(float), rng.random(60)
    near = votes(x, said, x, 5)
    value, _, _ = consistency(x, said, rng, weights=heavy)
    assert value == pytest.approx(1 - np.average(np.abs(said - near), weights=heavy))
