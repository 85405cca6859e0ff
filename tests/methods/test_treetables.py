"""That tables tell what the quadrature tells, whatever is looked up, over many blocks of rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from assay.methods.treeshap import Plan, Tree


def tree(depth, features=8, seed=None):
    rng = np.random.default_rng(depth if seed is None else seed)
    x = rng.normal(size=(1000, features))
    made = DecisionTreeRegressor(max_depth=depth, random_state=0).fit(x, np.sin(2 * x).sum(axis=1)).tree_
    value = made.value[:, 0, 0]
    return Tree(made.children_left, made.children_right, made.feature, made.weighted_n_node_samples, value)


def told(plan, left, rows, features=8):
    plan.prepare(rows, 1 << 22)
    out = np.zeros((features, left.shape[1]))
    plan.values(left, out)
    return out


@pytest.mark.parametrize("depth", [1, 3, 6, 9])
def test_as_the_quadrature_tells(depth):
    plan = Plan(tree(depth))
    left = np.random.default_rng(0).random((len(plan.splits), 1500)) < 0.5
    summed = told(plan, left, 0)
    assert [type(w).__name__ for w, _ in plan.ways] == ["Quadrature"]
    seen = set()
    for rows in (200, 1000, 5000, 10**7):
        assert told(plan, left, rows) == pytest.approx(summed, abs=1e-12)
        seen |= {type(w).__name__ for w, _ in plan.ways}
    assert "Tables" in seen


def test_trees_that_are_planned_together_add_up():
    several = [tree(d, seed=d) for d in (2, 5, 7)]
    together, alone = Plan(several), [Plan(t) for t in several]
    starts = np.cumsum([0, *(len(t.left) for t in several)])
    ways = np.random.default_rng(0).random((starts[-1], 50)) < 0.5  # of every node of every tree
    want = sum(
        told(p, ways[s : s + len(t.left)][p.splits], 0)
        for p, t, s in zip(alone, several, starts, strict=False)
    )
    assert together.base == pytest.approx(sum(p.base for p in alone))
    for rows in (0, 300, 50_000):
        assert told(together, ways[together.splits], rows) == pytest.approx(want, abs=1e-12)
