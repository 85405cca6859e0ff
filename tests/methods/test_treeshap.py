from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeRegressor

from assay.methods.treecuts import below
from assay.methods.treequadrature import Quadrature
from assay.methods.treeshap import Plan, Tree
from assay.methods.treetables import Tables


def brute(tree: Tree, left: Any, features: Sequence[int]) -> Any:
    """Return the same values by their definition, over all subsets: rows × features. For a few features only.

    left: nodes × rows, whether a row goes left at each node.
    """

    def worth(node: int, row: int, known: frozenset[int]) -> float:
        if tree.left[node] < 0:
            return float(tree.value[node])
        down = int(tree.left[node]), int(tree.right[node])
        if int(tree.feature[node]) in known:
            return worth(down[0] if left[node, row] else down[1], row, known)
        covers = [float(tree.cover[d]) for d in down]
        return sum(c * worth(d, row, known) for c, d in zip(covers, down, strict=True)) / sum(covers)

    p = len(features)
    out = np.zeros((left.shape[1], p))
    for row in range(left.shape[1]):
        for index, feature in enumerate(features):
            others = [f for f in features if f != feature]
            for size in range(p):
                weight = factorial(size) * factorial(p - 1 - size) / factorial(p)
                for chosen in combinations(others, size):
                    known = frozenset(chosen)
                    out[row, index] += weight * (worth(0, row, known | {feature}) - worth(0, row, known))
    return out


@st.composite
def grown(draw):
    """A tree of up to five levels over four features, with covers that may be nothing, and the ways of five rows."""
    left, right, feature, cover, value = [], [], [], [], []

    def grow(depth: int, weight: float) -> int:
        at = len(left)
        for column, first in ((left, -1), (right, -1), (feature, 0), (cover, weight), (value, 0.0)):
            column.append(first)
        if depth < 5 and draw(st.integers(0, 3)) and at < 40:
            share = draw(st.sampled_from([0.01, 0.2, 0.5, 0.9, 1.0]))
            feature[at] = draw(st.integers(0, 3))
            left[at] = grow(depth + 1, weight * share)
            right[at] = grow(depth + 1, weight * (1 - share))
        else:
            value[at] = draw(st.integers(-5, 5))
        return at

    grow(0, 100.0)
    ways = np.random.default_rng(draw(st.integers(0, 9))).random((len(left), 5)) < 0.5
    return Tree(*map(np.array, (left, right, feature, cover, value))), ways


@settings(max_examples=40)
@given(grown())
def test_values_are_those_of_the_definition(made):
    tree, ways = made
    if (tree.cover <= 0).any():
        # the definition cannot part nothing; here it may be next to it
        tree = tree._replace(cover=tree.cover + 1e-9)
        cover = tree.cover.astype(float)
        for node in range(len(cover) - 1, -1, -1):
            if tree.left[node] >= 0:
                cover[node] = cover[tree.left[node]] + cover[tree.right[node]]
    plan = Plan(tree)
    out = np.zeros((4, 5))
    plan.values(ways[plan.splits], out)
    assert out.T == pytest.approx(brute(tree, ways, range(4)), abs=1e-9)
    if len(plan.order) > 1:
        summed = np.zeros((4, 5))
        Quadrature(plan).values(ways[plan.splits], summed)
        assert summed == pytest.approx(out, abs=1e-11)
        looked = np.zeros((4, 5))  # the same, looked up: the leaves by themselves, or the parts at some level
        level = 1 + made[1].sum() % (len(plan.levels) - 1)
        begin, end = plan.levels[level]
        cuts = plan.leaf.copy()
        cuts[begin:end] = True
        cuts[end:] &= ~below(plan, cuts)[plan.parent[end:]]
        Tables(plan, cuts).values(ways[plan.splits], looked)
        assert looked == pytest.approx(out, abs=1e-11)


@settings(max_examples=30)
@given(grown())
def test_features_of_a_group_play_as_one(made):
    """The same tree with its features renamed: 0 and 1 are one player."""
    tree, ways = made
    group = np.array([0, 0, 1, 2])
    one, two = Plan(tree, group), Plan(tree._replace(feature=group[tree.feature]))
    first, second = np.zeros((3, 5)), np.zeros((3, 5))
    one.values(ways[one.splits], first)
    two.values(ways[two.splits], second)
    assert first == pytest.approx(second, abs=1e-12)


def test_a_side_that_no_row_took_weighs_nothing():
    tree = Tree(*map(np.array, ([1, -1, -1], [2, -1, -1], [0, 0, 0], [10.0, 10.0, 0.0], [0.0, 3.0, 7.0])))
    plan, out = Plan(tree), np.zeros((1, 2))
    plan.values(np.array([[True, False]]), out)
    assert plan.base == 3 and out.tolist() == [[0.0, 4.0]]


def test_a_tree_grown_to_the_end_adds_up():
    """Dozens of levels and eighteen features on a path: many quadrature nodes, no loss."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1500, 18))
    model = DecisionTreeRegressor().fit(x, (x**2).sum(axis=1) + rng.normal(size=1500))
    grown = model.tree_
    value = grown.value[:, 0, 0]
    plan = Plan(
        Tree(grown.children_left, grown.children_right, grown.feature, grown.weighted_n_node_samples, value)
    )
    ways = x[:40].T[grown.feature[plan.splits]].astype("f4") <= grown.threshold[plan.splits][:, None]
    out = np.zeros((18, 40))
    plan.values(ways, out)
    assert plan.distinct > 10
    assert out.sum(axis=0) + plan.base == pytest.approx(model.predict(x[:40]), abs=1e-10)


@pytest.mark.parametrize("left", [[1, 0, -1], [7, -1, -1], [0, -1, -1]])
def test_what_is_no_tree_is_refused(left):
    right = [2 if n >= 0 else -1 for n in left]
    with pytest.raises(ValueError, match="tree|not there"):
        Plan(Tree(*map(np.array, (left, right, [0, 0, 0], [2.0, 1.0, 1.0], [0.0, 1.0, 2.0]))))
