"""Whether a version is slower: ranks against scipy's binomial, and how often healthy versions are taken for slow ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.methods.routing.test_sketch import of

from assay.methods.routing.slower import LEAST, MISSED, QUANTILE, above, below, compared


@pytest.mark.parametrize("n", [1, 5, 20, 134, 135, 200, 999, 3_000])
def test_ranks_are_those_of_the_binomial(n):
    # The k-th of n lies above the percentile with P(Bin <= k - 1), and below it with P(Bin >= k).
    low, high = below(n), above(n)
    assert stats.binom.cdf(low - 1, n, QUANTILE) <= MISSED < stats.binom.cdf(low, n, QUANTILE)
    if high < n or n >= LEAST:
        assert stats.binom.sf(high - 1, n, QUANTILE) <= MISSED < stats.binom.sf(high - 2, n, QUANTILE)


def test_of_many_answers_the_ranks_go_on_without_a_leap():
    for ranks in (below, above):
        assert abs(ranks(3_001) - ranks(3_000)) <= 3
    assert below(100_000) < 95_000 < above(100_000)


def test_a_version_is_compared_once_there_is_enough_to_compare_with():
    fast, slow = of([0.01] * LEAST), of([0.1] * 30)
    assert compared(slow, of([0.01] * (LEAST - 1)), 1.5) is None and compared(of([]), fast, 1.5) is None
    found = compared(slow, fast, 1.5)
    assert found is not None and found.certain and found.slower
    assert (found.now, found.before) == (pytest.approx(0.1, rel=0.01), pytest.approx(0.01, rel=0.01))
    few = compared(of([0.1] * 2), fast, 1.5)
    assert few is not None and few.slower and not few.certain  # two answers prove nothing
    near = compared(of([0.004] * 500), of([0.001] * 500), 1.5)
    assert near is not None and not near.slower  # four times as long, and nobody notices


def test_healthy_versions_are_not_called_slow_and_slow_ones_are():
    lot = np.random.default_rng(11)
    false = found = 0
    for _ in range(100):
        before = of(lot.lognormal(-4, 0.8, 300))
        false += bool(compared(of(lot.lognormal(-4, 0.8, 60)), before, 1.0).certain)
        found += bool(compared(of(lot.lognormal(-4, 0.8, 400) * 4), before, 1.5).certain)
    assert false == 0 and found > 95
