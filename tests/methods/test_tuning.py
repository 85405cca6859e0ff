"""What a sweep is told, and what is drawn of it: bounds, whole numbers, logarithms, and the median rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.methods.tuning import Range, combination, combinations, drawn, hopeless, read

SPACE = {"depth": {"from": 1, "to": 8}, "rate": {"from": 0.01, "to": 0.5, "log": True}, "kind": ["a", "b"]}


def test_it_is_read_with_what_is_usual():
    found = read({"bayes": SPACE, "label": "y"})
    assert (found.way, found.trials, found.folds, found.on, found.prune) == ("bayes", 20, 3, "", False)
    assert found.space["depth"] == Range(1.0, 8.0, True)
    assert found.space["rate"] == Range(0.01, 0.5, False, True)
    assert found.space["kind"] == ("a", "b")
    assert not found.lower("f1") and found.lower("rmse")
    assert read({"grid": {"a": [1, 2], "b": "3,4,5"}, "label": "y"}).trials == 6
    assert read({"grid": {"a": [1, 2]}, "label": "y", "goal": "minimize"}).lower("f1")


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"label": "y"}, "none of grid, random, bayes"),
        ({"grid": {"a": [1, 2]}, "random": {"a": [1, 2]}, "label": "y"}, "grid and random"),
        ({"grid": {"a": [1, 2]}}, "needs `label`"),
        ({"grid": {"a": [1]}, "label": "y"}, "no two values"),
        ({"grid": {"a": {"from": 1, "to": 2}}, "label": "y"}, "needs the values of a themselves"),
        ({"grid": {str(i): [1, 2, 3, 4] for i in range(9)}, "label": "y"}, "262,144 combinations"),
        (
            {"grid": {str(i): [1, 2, 3, 4] for i in range(9)}, "label": "y", "trials": 1_001},
            "trials takes a whole number from 1 to 1,000",
        ),
        ({"random": {"a": {"from": 2, "to": 2}}, "label": "y"}, "from one number up to another"),
        ({"random": {"a": {"from": float("nan"), "to": 2}}, "label": "y"}, "from one number up to another"),
        ({"random": {"a": {"from": 0, "to": 2, "log": True}}, "label": "y"}, "above 0"),
        ({"random": {"a": {"from": 0, "to": 2, "step": 3}}, "label": "y"}, "fits the range"),
        ({"random": {"a": {"von": 0, "to": 2}}, "label": "y"}, "takes no 'von'"),
        ({"random": {"a": [1, 2]}, "label": "y", "trials": 0}, "trials takes a whole number"),
        ({"random": {"a": [1, 2]}, "label": "y", "trials": True}, "trials takes a whole number"),
        ({"random": {"a": [1, 2]}, "label": "y", "tries": 3}, "did you mean 'trials'"),
        ({"random": {"a": [1, 2]}, "label": "y", "on": "vaild"}, "did you mean 'valid'"),
        ({"random": {"a": [1, 2]}, "label": "y", "on": "valid", "prune": True}, "given up half-way"),
        ({"random": {}, "label": "y"}, "needs hyperparameters"),
    ],
)
def test_what_it_cannot_say_is_one_sentence(given_, said):
    with pytest.raises(UsageError, match=said):
        read(given_, ("train", "valid"))


@given(
    st.floats(0, 1, exclude_max=True),
    st.integers(-50, 50),
    st.integers(1, 100),
    st.booleans(),
    st.sampled_from([None, 1, 3]),
)
def test_what_is_drawn_lies_in_its_range(part, low, width, log, step):
    log = log and low > 0
    made = Range(
        float(low), float(low + width), True, log, None if log or not step or step > width else float(step)
    )
    value = made.at(part)
    assert isinstance(value, int) and low <= value <= low + width
    if made.step:
        assert (value - low) % made.step == 0


def test_whole_numbers_are_drawn_evenly_and_logarithms_too():
    lot = np.random.default_rng(0)
    space = {"depth": Range(1, 4, True), "rate": Range(0.001, 1.0, False, True), "kind": ("a", "b")}
    many = [drawn(space, lot) for _ in range(4_000)]
    shares = [sum(d["depth"] == n for d in many) / 4_000 for n in range(1, 5)]
    assert all(abs(s - 0.25) < 0.03 for s in shares)
    assert abs(sum(d["rate"] < 0.0316 for d in many) / 4_000 - 0.5) < 0.03
    assert abs(sum(d["kind"] == "a" for d in many) / 4_000 - 0.5) < 0.03


def test_the_end_of_a_range_of_logarithms_is_near_in_logarithms():
    """0.005 lies in the middle of 0.00001 to 1, and was told to lie at its end."""
    rate = Range(1e-5, 1.0, whole=False, log=True)
    assert [rate.is_end(v) for v in (1e-5, 1.1e-5, 2e-5, 0.005, 0.8, 0.9, 1.0)] == [
        True, True, False, False, False, True, True,
    ]  # fmt: skip
    depth = Range(1, 8, whole=True)
    assert [depth.is_end(v) for v in (1, 2, 7, 8)] == [True, False, False, True]


def test_the_median_rule_by_hand():
    earlier = [[0.5, 0.9], [0.6, 0.8], [0.7, 0.7], [0.8, 0.6]]
    assert hopeless([0.64], earlier, lower=False) and not hopeless(
        [0.66], earlier, lower=False
    )  # median 0.65
    assert hopeless([0.66], earlier, lower=True) and not hopeless([0.64], earlier, lower=True)
    assert not hopeless([0.0], earlier[:3], lower=False)  # too few have ended
    assert not hopeless([], earlier, lower=False)


def test_each_combination_is_found_at_its_place():
    space = {"a": (1, 2, 3), "b": ("x", "y"), "c": (None, 0.5)}
    assert [combination(space, n) for n in range(12)] == list(combinations(space, "--tune"))


def test_combinations_stand_in_the_order_they_are_written():
    assert combinations({"a": "1,2", "b": ["x", "y"]}, "--tune") == (
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
    )
    with pytest.raises(UsageError, match="--tune has 81 combinations, and at most 64"):
        combinations({n: [1, 2, 3] for n in "abcd"}, "--tune")
