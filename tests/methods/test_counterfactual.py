from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from assay.methods.counterfactual import Search

RNG = np.random.default_rng(0)
TABLE = pa.table(
    {
        "income": RNG.integers(10, 100, 300),
        "debt": RNG.normal(20, 8, 300),
        "home": RNG.choice(["owns", "rents"], 300),
    }
)


def _wanted(table):
    """Approved at income - debt ≥ 30, owners at 20."""
    ask = table.column("income").to_numpy() - table.column("debt").to_numpy()
    return ask - np.where(np.array(table.column("home").to_pylist()) == "owns", 20, 30)


def _refused():
    return int(
        np.flatnonzero((_wanted(TABLE) < -5) & (np.array(TABLE.column("home").to_pylist()) == "rents"))[0]
    )


def test_changes_turn_the_answer_and_the_smallest_comes_first():
    row = _refused()
    found = Search(TABLE, row, TABLE.column_names, _wanted).found(3, 5)
    own = {n: TABLE.column(n)[row].as_py() for n in TABLE.column_names}
    assert found and [len(c.changes) for c in found] == sorted(len(c.changes) for c in found)
    for change in found:
        asked = pa.table({n: [change.changes.get(n, own[n])] for n in own})
        assert _wanted(asked)[0] >= 0
        assert change.wanted == pytest.approx(_wanted(asked)[0])


def test_a_number_is_brought_back_to_the_edge():
    row = _refused()
    income = next(c for c in Search(TABLE, row, ["income"], _wanted).found(1, 1)).changes["income"]
    assert isinstance(income, int)
    assert income == int(np.ceil(30 + TABLE.column("debt")[row].as_py()))


def test_what_is_fixed_stays_and_what_cannot_be_had_is_not_found():
    row = _refused()
    assert all("income" not in c.changes for c in Search(TABLE, row, ["debt", "home"], _wanted).found(3, 5))
    assert Search(TABLE, row, ["home"], _wanted).found(4, 5) == []


def test_two_features_are_changed_where_one_does_not_do():
    both = pa.table({"a": [0, 1] * 20, "b": [0, 0, 1, 1] * 10})

    def wanted(table):
        return table.column("a").to_numpy() + table.column("b").to_numpy() - 2.0

    (found,) = Search(both, 0, ["a", "b"], wanted).found(4, 5)
    assert found.changes == {"a": 1, "b": 1}


def test_a_missing_value_may_be_filled():
    table = pa.table({"a": pa.array([None, 1.0, 2.0, 3.0] * 10)})
    (found,) = Search(
        table, 0, ["a"], lambda t: np.nan_to_num(t.column("a").to_numpy(zero_copy_only=False), nan=-1.0) - 1.0
    ).found(2, 5)
    assert found.changes["a"] >= 1


def test_a_gain_that_few_have_is_not_made_small_by_the_largest_of_them():
    # by the whole width of 0 to 99,999 a change of 7,000 was the smallest of all
    gains = [0.0] * 90 + [7000.0] * 9 + [99_999.0]
    table = pa.table({"gain": gains})
    search = Search(table, 0, ["gain"], lambda t: t.column("gain").to_numpy() - 7000)
    (found,) = search.found(1, 1)
    assert found.distance == pytest.approx(7000 / np.std(gains), rel=1e-3)
