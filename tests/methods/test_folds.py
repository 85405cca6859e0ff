from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.methods.folds import Plan, drawn, even, expanding, grouped

RNG = np.random.default_rng


@given(st.lists(st.integers(0, 3), min_size=8, max_size=80), st.integers(2, 5), st.integers(0, 9))
def test_every_row_is_tested_once_a_repeat_and_never_trained_on_then(codes, folds, seed):
    strata = np.array(codes)
    found = drawn(Plan("stratified", folds, 2), len(codes), RNG(seed), strata=strata)
    assert [f.name for f in found] == [f"{r}.{k}" for r in (1, 2) for k in range(1, folds + 1)]
    for repeat in (found[:folds], found[folds:]):
        assert sorted(np.concatenate([f.test for f in repeat])) == list(range(len(codes)))
        for fold in repeat:
            assert sorted([*fold.train, *fold.test]) == list(range(len(codes)))
        for value in set(codes):
            counts = [(strata[f.test] == value).sum() for f in repeat]
            assert max(counts) - min(counts) <= 1


@given(st.lists(st.integers(-1, 12), min_size=20, max_size=90), st.integers(2, 4), st.integers(0, 9))
def test_groups_stay_whole_and_rows_without_one_go_by_themselves(groups, folds, seed):
    codes = np.array(groups)
    if len({*codes[codes >= 0]}) + (codes < 0).sum() < folds:
        return
    at = grouped(codes, folds, RNG(seed))
    for group in set(codes[codes >= 0]):
        assert len(set(at[codes == group])) == 1
    assert set(at) <= set(range(folds))


def test_groups_are_spread_so_that_folds_and_classes_are_even():
    rng = RNG(3)
    groups = np.repeat(np.arange(60), rng.integers(1, 12, 60))
    strata = (rng.random(60) < 0.3)[groups].astype(int)
    at = grouped(groups, 5, rng, strata)
    sizes = np.bincount(at)
    shares = [strata[at == f].mean() for f in range(5)]
    assert sizes.max() - sizes.min() <= 4
    assert max(shares) - min(shares) < 0.05


def test_windows_expand_and_never_part_an_instant():
    times = np.array([5, 1, 1, 2, 9, 3, 3, 3, 7, 8])
    found = expanding(times, 3)
    for fold in found:
        assert times[fold.train].max() < times[fold.test].min()
        assert times[fold.train[0]] == times[fold.train].max(), "the latest come first"
    assert np.array_equal(np.sort(found[1].train), np.sort([*found[0].train, *found[0].test]))
    assert len(found[-1].train) + len(found[-1].test) == len(times)
    with pytest.raises(UsageError, match="7 instants for 7 folds"):
        expanding(times, 7)


def test_a_holdout_keeps_the_share_of_each_class():
    strata = np.array([0] * 80 + [1] * 20)
    (fold,) = drawn(Plan("holdout", test=0.25), 100, RNG(0), strata=strata)
    assert np.bincount(strata[fold.test]).tolist() == [20, 5]


def test_too_few_rows_or_groups_are_told():
    with pytest.raises(UsageError, match="too few for 5 folds"):
        drawn(Plan("kfold", 5), 3, RNG(0))
    with pytest.raises(UsageError, match="2 groups for 5 folds"):
        drawn(Plan("grouped", 5), 4, RNG(0), groups=np.array([0, 0, 1, 1]))
    with pytest.raises(UsageError, match="--group COLUMN"):
        drawn(Plan("grouped", 5), 4, RNG(0))
    with pytest.raises(UsageError, match="--time COLUMN"):
        drawn(Plan("time", 5), 4, RNG(0))
    assert np.bincount(even(10, 3, RNG(0))).tolist() == [4, 3, 3]


def test_a_holdout_in_time_is_of_the_latest_rows_and_parts_no_instant():
    times = np.array([5, 1, 1, 2, 9, 3, 3, 3, 7, 8])
    (fold,) = drawn(Plan("holdout", test=0.4), 10, RNG(0), times=times, strata=times)
    assert sorted(times[fold.test]) == [5, 7, 8, 9] and times[fold.train].max() == 3
    assert len(fold.train) + len(fold.test) == 10 and times[fold.train[0]] == 3, "the latest come first"
    with pytest.raises(UsageError, match="one instant"):
        drawn(Plan("holdout"), 3, RNG(0), times=np.array([1, 1, 1]))
    with pytest.raises(UsageError, match="--group or --time"):
        drawn(Plan("holdout"), 10, RNG(0), times=times, groups=times)
