from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.giveaway import Target, assembled, date_parts, folds, parsed_dates, strength


def measured(codes, labels, numbers=None, seed=0):
    labels = np.asarray(labels)
    target = Target.of(labels.astype(np.int64), len(np.unique(labels)), None)
    return strength(np.asarray(codes), numbers, target, folds(len(labels), np.random.default_rng(seed)))


def test_by_hand():
    label = np.tile([0, 1], 500)
    assert measured(label, label) == 1.0
    assert measured(1 - label, label) == 1.0
    assert measured(np.zeros(1000, int), label) == 0.0
    # One value in ten is wrong, equally on both sides: balanced accuracy 0.9, above chance 0.8.
    wrong = label.copy()
    wrong[:100] = 1 - wrong[:100]
    assert measured(wrong, label) == pytest.approx(0.8)
    assert measured(np.arange(1000), label) == 0.0  # a key tells nothing of other rows


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.5))
@settings(max_examples=20, deadline=None)
def test_noise_tells_nothing_and_the_answer_all(seed, share):
    rng = np.random.default_rng(seed)
    label = (rng.random(1000) < share).astype(int)
    label[:10], label[10:20] = 1, 0
    assert measured(rng.integers(0, 10, 1000), label) < 0.3
    assert measured(np.zeros(1000, int), label, rng.normal(size=1000)) < 0.3
    assert measured(label, label) == 1.0
    assert measured(np.zeros(1000, int), label, label + rng.random(1000) * 0.5) == pytest.approx(1, abs=0.1)


def test_near_the_balanced_accuracy_of_a_tree():
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import cross_val_predict
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(3)
    label = rng.integers(0, 3, 3000)
    numbers = label + rng.normal(0, 0.6, 3000)
    tree = DecisionTreeClassifier(max_leaf_nodes=8, class_weight="balanced", random_state=0)
    accuracy = balanced_accuracy_score(label, cross_val_predict(tree, numbers[:, None], label, cv=5))
    ours = measured(np.zeros(3000, int), label, numbers)
    assert ours == pytest.approx((accuracy - 1 / 3) / (2 / 3), abs=0.03)


def test_dates_in_parts_and_in_text():
    names = ["arrival_date_year", "arrival_date_month", "arrival_date_day_of_month", "month", "x_year"]
    assert date_parts(names) == {
        "arrival_date": {
            "year": "arrival_date_year",
            "month": "arrival_date_month",
            "day": "arrival_date_day_of_month",
        }
    }
    days = assembled(np.array([2015.0, 2016, np.nan]), ["July", 2, "x"], np.array([1.0, 29, 3]))
    assert days[0] == (date(2015, 7, 1) - date(1970, 1, 1)).days
    assert days[1] == (date(2016, 2, 29) - date(1970, 1, 1)).days
    assert np.isnan(days[2])
    values = ["01-07-15", "31-12-15"]
    assert parsed_dates(np.array([1, 0, -1]), values)[:2].tolist() == [
        (date(2015, 12, 31) - date(1970, 1, 1)).days,
        (date(2015, 7, 1) - date(1970, 1, 1)).days,
    ]
    assert parsed_dates(np.array([0]), ["669-792-1661"]) is None
