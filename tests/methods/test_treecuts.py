"""What is looked up: more of a tree the more rows are to come, in no more room than is given."""

from __future__ import annotations

import numpy as np
import pytest
from tests.methods.test_treetables import tree

from assay.methods.treecuts import chosen, sizes
from assay.methods.treeshap import Plan, Tree


@pytest.fixture
def plan():
    return Plan(tree(7))


def test_every_leaf_is_spoken_for_once(plan):
    for rows in (0, 50, 300, 2000, 10**6):
        cuts, rest = chosen(plan, rows, 1 << 22)
        above = np.zeros(len(plan.order), dtype=int)
        for begin, end in plan.levels:
            above[begin:end] = cuts[begin:end] + (above[plan.parent[begin:end]] if begin else 0)
        assert ((above + rest)[plan.leaf] == 1).all() and not rest[~plan.leaf].any()


def test_few_rows_are_summed_and_many_looked_up(plan):
    assert not chosen(plan, 3, 1 << 22)[0].any()
    few, many = (chosen(plan, r, 1 << 22)[0].sum() for r in (3000, 10**6))
    assert 0 < many < few < plan.leaf.sum()


def test_tables_stay_in_the_room_that_is_given(plan):
    splits, fresh, _ = sizes(plan)
    for room in (0, 500, 5000, 50_000):
        cuts, rest = chosen(plan, 10**7, room)
        assert ((plan.depth + fresh) << (plan.depth + splits))[cuts].sum() <= room
        assert rest.any() == (room < 50_000)


def test_splits_are_counted_a_side_after_the_other():
    #      0
    #    1   4     and below 1: 2, 3; node 4 asks what the first did
    left, right = [1, 2, -1, -1, 5, -1, -1], [4, 3, -1, -1, 6, -1, -1]
    plan = Plan(
        Tree(*map(np.array, (left, right, [0, 1, 0, 0, 0, 0, 0], [4.0, 2, 1, 1, 2, 1, 1], [0.0] * 7)))
    )
    splits, fresh, turn = sizes(plan)
    assert plan.order.tolist() == [0, 1, 4, 2, 3, 5, 6]
    assert splits.tolist() == [3, 1, 1, 0, 0, 0, 0]
    assert fresh.tolist() == [2, 1, 0, 0, 0, 0, 0]
    assert turn[plan.inner].tolist() == [0, 1, 2]
