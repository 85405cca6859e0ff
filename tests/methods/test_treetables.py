"""When tables are made of a tree, and that they tell what the quadrature tells, over many blocks of rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from assay.methods.treeshap import Plan, Tree
from assay.methods.treetables import Tables


def _plan(depth, features=8):
    rng = np.random.default_rng(depth)
    x = rng.normal(size=(2000, features))
    made = DecisionTreeRegressor(max_depth=depth).fit(x, np.sin(x).sum(axis=1)).tree_
    value = made.value[:, 0, 0]
    return Plan(
        Tree(made.children_left, made.children_right, made.feature, made.weighted_n_node_samples, value)
    )


@pytest.mark.parametrize("depth", [1, 3, 6, 8])
def test_as_the_quadrature_tells(depth):
    plan, rows = _plan(depth), 3000
    left = np.random.default_rng(0).random((len(plan.splits), rows)) < 0.5
    looked, told = np.zeros((8, rows)), np.zeros((8, rows))
    for start in range(0, rows, 10):  # so few that no table is worth it
        plan.seen = 0
        plan.tables = None
        plan.values(left[:, start : start + 10], told[:, start : start + 10])
    Tables(plan).values(left, looked)
    assert looked == pytest.approx(told, abs=1e-12)


def test_tables_are_made_where_rows_are_worth_them():
    plan = _plan(6)
    assert not Tables.fit(plan, 10) and Tables.fit(plan, 100_000)
    assert not Tables.fit(_plan(20, 18), 10**9)  # too many ways to go
    left = np.zeros((len(plan.splits), 1500), dtype=bool)
    plan.values(left, np.zeros((8, 1500)))
    assert plan.tables is None or Tables.fit(plan, 1500)
    for _ in range(4):  # those asked about before count too
        plan.values(left, np.zeros((8, 1500)))
    assert plan.tables is not None
