"""Outliers, extremes and order, against numpy and scipy."""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from assay.methods.profile.codes import encode
from assay.methods.profile.figures import monotonic, numbers


def column(values):
    return encode(pa.chunked_array([pa.array(values, from_pandas=True)]))


@pytest.mark.parametrize("seed", range(3))
def test_outliers_are_those_of_the_fences_and_of_the_robust_z(seed):
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.normal(size=500), rng.normal(size=9) * 20, [np.nan]])
    told = numbers(column(values))
    plain = values[~np.isnan(values)]
    q1, q3 = np.quantile(plain, [0.25, 0.75])
    assert told["outliers"] == int(((plain < q1 - 1.5 * (q3 - q1)) | (plain > q3 + 1.5 * (q3 - q1))).sum())
    z = 0.6745 * np.abs(plain - np.median(plain)) / stats.median_abs_deviation(plain)
    assert told["robust_outliers"] == int((z > 3.5).sum())


def test_extremes_name_the_first_row_that_holds_them():
    told = numbers(column([5.0, np.inf, 1.0, 9.0, 1.0, -np.inf, None]))
    assert told["smallest"] == [{"value": 1.0, "count": 2, "row": 3}, {"value": 5.0, "count": 1, "row": 1},
                                {"value": 9.0, "count": 1, "row": 4}]  # fmt: skip
    assert told["largest"][0] == {"value": 9.0, "count": 1, "row": 4}


@pytest.mark.parametrize(
    ("values", "word"),
    [([1, 2, 2, 5], "increasing"), ([9, 9, 4, 1], "decreasing"), ([1, 2, 1], ""), ([1, 1, 2], ""), ([1, None, 2, 3], "increasing")],
)  # fmt: skip
def test_order_of_rows(values, word):
    assert monotonic(column(values)) == word


def test_order_far_into_the_column_is_seen():
    values = list(range(5000))
    assert monotonic(column(values)) == "increasing"
    values[4000] = 0
    assert monotonic(column(values)) == ""


def test_sums_beyond_a_double_on_both_sides_are_no_number_and_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = numbers(column([-1.7e308] * 3 + [1.7e308] * 3))
    assert "sum" not in told and told["min"] == -1.7e308
