"""Risks by hand, and estimates of uniqueness beside populations that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assay.methods.anonymity import risk


def test_risks_by_hand():
    sizes = np.array([1, 2, 3, 4])
    found = risk.prosecutor(sizes, 0.3)
    assert (found.highest, found.average, found.above) == pytest.approx((1, 4 / 10, (1 + 2 + 3) / 10))
    found = risk.journalist(sizes, np.array([10, 2, 30, 1]), 0.2)
    assert found.highest == 0.5  # the last class is at least as large as it is here
    assert found.average == pytest.approx((1 / 10 + 2 / 2 + 3 / 30 + 4 / 4) / 10)
    assert found.above == pytest.approx((2 + 4) / 10)
    assert risk.prosecutor(np.array([5, 5]), 0.2).above == 0  # 1/5 does not exceed 0.2


def _population(rng, people):
    return pd.DataFrame(
        {
            "age": np.clip(rng.normal(40, 15, people), 0, 95).astype(int),
            "zip": (rng.pareto(1.2, people) * 20).astype(int).clip(0, 3000),
            "job": rng.zipf(1.6, people).clip(1, 60),
        }
    )


@pytest.mark.parametrize("fraction", [0.03, 0.1, 0.3, 0.6])
def test_estimates_come_near_the_truth(fraction):
    rng = np.random.default_rng(1)
    population = _population(rng, 60_000)
    size = population.groupby(list(population)).age.transform("size")
    sample = population.sample(frac=fraction, random_state=2)
    truth = float((size[sample.index] == 1).mean())
    sizes = sample.groupby(list(sample)).size().to_numpy()
    found = risk.uniqueness(sizes, len(population))
    alone = (sizes == 1).sum() / len(sample)
    assert found.model == ("Pitman" if fraction <= 0.1 else "Zayatz")
    assert 0 < found.share <= alone
    assert found.share == pytest.approx(truth, rel=0.35), (truth, alone)
    assert abs(found.share - truth) < abs(alone - truth)  # better than taking the sample for the population


def test_the_likelihood_is_at_its_top():
    rng = np.random.default_rng(3)
    sizes = _population(rng, 4000).groupby(["age", "zip", "job"]).size().to_numpy()
    counts = np.bincount(sizes)
    n, u = int(sizes.sum()), len(sizes)
    theta, alpha = risk._likeliest(counts, u, n, float(u), 0.5)

    def likelihood(theta, alpha):
        out = np.log(theta + np.arange(1, u) * alpha).sum() - np.log(theta + np.arange(1, n)).sum()
        return out + sum(np.log(np.arange(1, s) - alpha).sum() for s in sizes)

    top = likelihood(theta, alpha)
    for t, a in ((1.05, 0), (0.95, 0), (1, 0.01), (1, -0.01), (1.02, -0.005)):
        assert likelihood(theta * t, alpha + a) < top


def test_nobody_alone_and_everybody_here():
    assert risk.uniqueness(np.array([3, 4]), 1000).share == 0
    assert risk.uniqueness(np.array([1, 1, 2]), 4).share == 0.5
    assert risk.pitman(np.array([1, 1, 1]), 100) is None  # all alone: nothing to go by
    assert risk.uniqueness(np.array([1] * 10), 1000).share == pytest.approx(1)
