from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from assay.kernel.errors import UsageError
from assay.methods import facets, outcomes


def column(*values):
    return pa.chunked_array([pa.array(values)])


def test_a_models_0_and_1_stand_for_the_labels_names():
    label = column(">50K", "<=50K", ">50K")
    assert outcomes.predicted_rows(column(1, 0, 0), label, [">50K"], None).tolist() == [True, False, False]
    assert outcomes.aligned(column(1, 0, 0), label, [">50K"]) == (
        [">50K", "<=50K", ">50K"],
        [">50K", "<=50K", "<=50K"],
    )


def test_where_labels_are_numbers_themselves_1_is_1():
    label = column(0, 1, 1)
    assert outcomes.predicted_rows(column(1, 0, 0), label, ["0"], None).tolist() == [False, True, True]


def test_names_are_matched_however_they_are_spelled():
    assert outcomes.positive_rows(column(1.0, 0.0, None), ["1"], None).tolist() == [True, False, False]
    assert outcomes.positive_rows(column(True, False), ["True"], None).tolist() == [True, False]
    assert outcomes.positive_rows(column(" yes", "no"), ["yes"], None).tolist() == [True, False]


def test_a_threshold_is_strictly_greater_and_missing_is_not():
    assert outcomes.positive_rows(column(1.0, 2.0, None, float("nan")), [], 1.0).tolist() == [
        False,
        True,
        False,
        False,
    ]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=50))
def test_counts_are_those_of_scikit_learn(rows):
    table = np.array(rows, dtype=bool).reshape(-1, 3)
    observed, said, chosen = table.T
    tn = fp = fn = tp = 0
    if chosen.any():
        tn, fp, fn, tp = confusion_matrix(observed[chosen], said[chosen], labels=[False, True]).ravel()
    assert outcomes.counts(observed, said, chosen) == (tp, fp, fn, tn)


def test_distinct_leaves_missing_out_and_orders_numbers_by_size():
    assert outcomes.distinct(column(10, 2, None, 2)) == [2, 10]


@given(st.lists(st.none() | st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=60))
def test_groups_are_those_of_pandas(values):
    found, _ = facets.groups(
        "f", pa.chunked_array([pa.array(values, pa.string())]), (), None, missing_joins=False
    )
    series = pd.Series(values, dtype=object)
    expected = series[series.notna() & (series != "")].value_counts()
    assert {g.name: int(g.member.sum()) for g in found} == expected.to_dict()
    for group in found:
        assert (group.member == (series == group.name).to_numpy()).all()
        assert (group.known == (series.notna() & (series != "")).to_numpy()).all()


def test_groups_named_above_a_threshold_or_with_the_missing():
    values = column(10.0, 30.0, 31.0, None)
    (above,), _ = facets.groups("age", values, (), 30, missing_joins=False)
    assert above.name == "> 30" and above.member.tolist() == [False, False, True, False]
    assert above.known.tolist() == [True, True, True, False]
    (joined,), _ = facets.groups("age", values, (), 30, missing_joins=True)
    assert joined.known.all()
    (named,), _ = facets.groups("g", column("a", "b", "c", None), ("a", "c"), None, missing_joins=False)
    assert named.name == "a, c" and named.member.tolist() == [True, False, True, False] and named.named


def test_no_more_groups_than_can_be_read():
    values = pa.chunked_array([pa.array([f"g{i}" for i in range(200)] + ["often"] * 3)])
    found, more = facets.groups("f", values, (), None, missing_joins=False)
    assert len(found) == facets.MAX_GROUPS and more == 201 - facets.MAX_GROUPS and found[0].name == "often"


@pytest.mark.parametrize(
    ("values", "shown"),
    [([1.5, float("nan"), None], [1, 0, 0]), (["", " ", None], [0, 1, 0]), ([0, None, 1], [1, 0, 1])],
)
def test_what_is_missing(values, shown):
    assert facets.present(column(*values)).astype(int).tolist() == shown


def test_encoded_columns_are_read_like_others():
    plain = pa.chunked_array([pa.array(["a", None, "b"]), pa.array(["b"])])
    assert facets.matches(plain.dictionary_encode(), ["b"]).tolist() == facets.matches(plain, ["b"]).tolist()


def test_a_model_of_0_and_1_on_labels_of_other_names_is_told_to_say_which_is_yes():
    # the person was asked for another column, and had none
    said, label = pa.chunked_array([[0, 1, 1]]), pa.chunked_array([["<=50K", ">50K", ">50K"]])
    with pytest.raises(UsageError, match="--positive"):
        outcomes.unheard(said, label, two=False)
