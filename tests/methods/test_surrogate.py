from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from assay.methods.surrogate import fitted, spoken

RNG = np.random.default_rng(0)
TABLE = pa.table({"x": RNG.normal(size=500), "kind": RNG.choice(["a", "b", "c"], 500)})


def test_a_rule_is_read_back_in_words():
    answers = np.where(
        np.array(TABLE.column("kind").to_pylist()) == "b", 1.0, TABLE.column("x").to_numpy() > 0.5
    )
    found = fitted(TABLE, ["x", "kind"], answers, 2, np.random.default_rng(0))
    assert found.fidelity > 0.95 and found.held_out == 150
    said = {leaf.when: leaf.says for leaf in found.leaves}
    assert len(said) == 3 and said["kind is b"] == 1
    assert sum(leaf.share for leaf in found.leaves) == pytest.approx(1)


def test_what_no_tree_can_follow_has_no_fidelity():
    assert fitted(TABLE, ["x"], RNG.normal(size=500), 3, np.random.default_rng(0)).fidelity < 0.2
    with pytest.raises(ValueError, match="20 rows"):
        fitted(TABLE.slice(0, 19), ["x"], np.zeros(19), 3, np.random.default_rng(0))


def test_bounds_of_one_column_are_said_once():
    left, right = [1, -1, 3, -1, -1], [2, -1, 4, -1, -1]
    leaves = list(
        spoken(
            left,
            right,
            [0, 0, 0, 0, 0],
            [1.0, 0, 2.0, 0, 0],
            [9, 4, 5, 2, 3],
            [0, 1, 5, 2, 3],
            [("x", None)],
            3,
        )
    )
    assert [leaf.when for leaf in leaves] == ["x ≤ 1", "1 < x ≤ 2", "x > 2"]
    short = list(
        spoken(left, right, [0] * 5, [1.0, 0, 2.0, 0, 0], [9, 4, 5, 2, 3], [0, 1, 5, 2, 3], [("x", None)], 1)
    )
    assert [leaf.says for leaf in short] == [1, 5]


def test_a_tree_that_strays_from_answers_that_are_all_alike_is_not_told_as_faithful():
    """Their spread is none, which was told as a fidelity of 1 whatever the tree said."""
    order = np.random.default_rng(0).permutation(500)
    answers = np.zeros(500)
    answers[order[150:]] = RNG.normal(size=350)  # the rows that are held out are the first three tenths
    assert fitted(TABLE, ["x"], answers, 3, np.random.default_rng(0)).fidelity == 0
    assert fitted(TABLE, ["x"], np.zeros(500), 3, np.random.default_rng(0)).fidelity == 1
