"""Splits: exact shares, whole groups, and time that runs one way, on any rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods import splitting

CODES = st.lists(st.integers(-1, 5), min_size=1, max_size=120).map(lambda v: np.array(v, dtype=np.int64))
SHARE = st.floats(0.05, 0.95)


def rng(seed=0):
    return np.random.default_rng(seed)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), SHARE)
def test_shares_add_up_and_none_is_off_by_a_row(counts, test):
    counts = np.array(counts, dtype=np.int64)
    out = splitting.shares(counts, test)
    assert out.sum() == int(np.floor(counts.sum() * test + 0.5))
    assert (np.abs(out - counts * test) < 1).all()


def test_largest_remainders_by_hand():
    assert splitting.shares(np.array([10, 10, 5]), 0.25).tolist() == [3, 2, 1]  # 2.5, 2.5, 1.25 of 6


@given(CODES, SHARE, st.integers(0, 99))
def test_each_stratum_has_its_share(codes, test, seed):
    mask = splitting.stratified(codes, test, rng(seed))
    for code in np.unique(codes):
        rows = codes == code
        assert abs(mask[rows].sum() - rows.sum() * test) < 1


def test_the_lot_is_fair():
    """Each row of a stratum is as likely as another: 2,000 lots of 3 out of 10."""
    hits = sum(splitting.stratified(np.zeros(10, np.int64), 0.3, rng(s)) for s in range(2000))
    assert hits.sum() == 6000 and (np.abs(hits - 600) < 5 * np.sqrt(600 * 0.7)).all()


@given(CODES, SHARE, st.booleans(), st.integers(0, 99))
def test_a_group_is_never_parted(groups, test, with_strata, seed):
    strata = (np.arange(len(groups)) % 3).astype(np.int64) if with_strata else None
    mask = splitting.grouped(groups, test, rng(seed), strata)
    assert len(mask) == len(groups)
    for group in set(groups.tolist()) - {-1}:
        assert len(set(mask[groups == group].tolist())) == 1


def test_small_groups_come_close_to_the_share():
    groups = np.repeat(np.arange(200), 5)
    strata = np.tile([0, 0, 0, 1, 1], 200)
    for given_ in (None, strata):
        mask = splitting.grouped(groups, 0.25, rng(), given_)
        assert mask.mean() == pytest.approx(0.25, abs=0.01)


@given(
    st.lists(st.none() | st.integers(0, 20), min_size=1, max_size=60).map(
        lambda v: np.array([np.nan if x is None else x for x in v], dtype=float)
    ),
    SHARE,
)
def test_nothing_in_training_is_later_than_anything_in_test(times, test):
    mask, unknown = splitting.latest(times, test)
    known = ~np.isnan(times)
    assert unknown == (~known).sum() and not mask[~known].any()
    if mask.any() and (known & ~mask).any():
        assert times[known & ~mask].max() < times[mask].min()
    counts = [(times[known] >= v).sum() for v in np.unique(times[known])]
    wanted = int(np.floor(len(times) * test + 0.5))
    if counts and wanted:
        assert abs(mask.sum() - wanted) == min(abs(c - wanted) for c in counts)
