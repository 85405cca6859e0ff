from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.facets import groups
from assay.methods.swapping import MOST_ROWS, swap, values


def test_by_hand():
    """Told yes from 30 points on, and a man is given 5 of them: who has 25 to 29 depends on their sex."""
    table = pa.table({"points": [20, 27, 27, 40], "sex": ["f", "f", "m", "m"]})

    def ask(asked):
        bonus = pc.if_else(pc.equal(asked["sex"], "m"), 5, 0)
        return np.asarray(pc.greater_equal(pc.add(asked["points"], bonus), 30))

    found = swap(table, "sex", ["f", "m"], ask, np.random.default_rng(0))
    assert found.changed.tolist() == [False, True, True, False]
    assert found.better.tolist() == [False, True, False, False]
    assert found.worse.tolist() == [False, False, True, False]


def test_a_large_table_is_sampled():
    table = pa.table({"g": pa.array(["a", "b"] * 5000).dictionary_encode()})
    found = swap(
        table, "g", ["a", "b"], lambda t: np.asarray(pc.equal(t["g"], "a")), np.random.default_rng(0)
    )
    assert len(found.rows) == MOST_ROWS and found.changed.all()


def test_the_values_put_in_place_are_the_groups_own():
    held = pa.chunked_array([pa.array([3, 3, 4, 5, 5, 5, None])])
    each, _ = groups("g", held, (), None, missing_joins=False)
    assert sorted(values([g.member for g in each], held)) == [3, 4, 5]
    (one,), _ = groups("g", held, ["3"], None, missing_joins=False)
    assert values([one.member, ~one.member & one.known], held) == [3, 5]  # of the others the commonest
