from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from assay.methods.owen import sampled

RNG = np.random.default_rng(3)
WORTH = RNG.normal(size=1 << 6)


def ask(masks):
    """A game of six players in which every coalition has a worth of its own."""
    return WORTH[np.asarray(masks) @ (1 << np.arange(6))]


def orders(groups):
    """Every order in which no group is broken into."""
    for order in permutations(range(len(groups))):
        seen = [groups[p] for p in order]
        if all(seen.count(g) == 1 or len({i for i, s in enumerate(seen) if s == g}) - 1 ==
               max(i for i, s in enumerate(seen) if s == g) - seen.index(g) for g in set(groups)):  # fmt: skip
            yield order


def true(groups):
    total, count = np.zeros(len(groups)), 0
    for order in orders(groups):
        mask = np.zeros((1, len(groups)), dtype=bool)
        before = ask(mask)[0]
        for player in order:
            mask[0, player] = True
            after = ask(mask)[0]
            total[player] += after - before
            before = after
        count += 1
    return total / count


@pytest.mark.parametrize("groups", [[0, 0, 1, 1, 1, 2], [0] * 6, [5, 4, 3, 2, 1, 0], [7, 7, 7, 7, 9, 9]])
def test_sampled_values_are_those_over_every_order(groups):
    values, error = sampled(groups, ask, np.random.default_rng(1), pairs=1500)
    off = (values - true(groups)) / error
    assert np.abs(off).max() < 4 and error.max() < 0.05
    assert values.sum() == pytest.approx(WORTH[-1] - WORTH[0], abs=1e-12)


def test_a_groups_values_add_up_to_what_it_is_worth_among_groups():
    groups = [0, 0, 1, 1, 1, 2]
    values = true(groups)
    ends = [[0, 1], [2, 3, 4], [5]]

    def worth(*chosen):
        return WORTH[sum(1 << p for g in chosen for p in ends[g])]

    first = (worth(0) - worth()) / 3 + (worth(0, 1) - worth(1)) / 6 + (worth(0, 2) - worth(2)) / 6
    first += (worth(0, 1, 2) - worth(1, 2)) / 3
    assert values[:2].sum() == pytest.approx(first)


def test_one_pair_tells_no_error():
    assert np.isinf(sampled([0, 0, 1, 1, 1, 2], ask, np.random.default_rng(0), pairs=1)[1]).all()


def test_an_additive_game_has_no_error():
    weights = np.array([1.0, -2.0, 0.5, 3.0])
    values, error = sampled([0, 0, 1, 1], lambda m: m @ weights, np.random.default_rng(0), pairs=2)
    assert values == pytest.approx(weights) and error == pytest.approx(0, abs=1e-12)
