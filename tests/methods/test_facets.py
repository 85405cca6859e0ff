"""Groups of a facet, told apart exactly, whatever their values are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.methods import facets, outcomes


def chunked(values, kind=None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


def named(column, values=(), threshold=None):
    return facets.groups("g", facets.plain(column, "g"), values, threshold, missing_joins=False)


def test_groups_that_are_written_alike_stay_apart():
    """``007`` and ``7``, ``true`` and ``1``, ``a`` and ``a`` with a space were each put into both groups."""
    for values in (["007", "7", "7"], ["true", "1", "1"], ["a", " a", " a"]):
        found, more = named(chunked(values))
        assert [(g.name, int(g.member.sum())) for g in found] == [(values[1], 2), (values[0], 1)] and not more


@given(st.lists(st.none() | st.text(max_size=3) | st.sampled_from(["1", "01", "1.0", "true"]), max_size=40))
def test_groups_part_the_rows_that_have_the_facet(values):
    column = chunked(values, pa.string())
    found, more = named(column)
    assert (
        not more and sum(g.member.astype(int) for g in found).tolist() == [int(bool(v)) for v in values]
        if found
        else True
    )
    for group in found:
        assert group.member.tolist() == [v == group.name for v in values]


def test_of_many_groups_the_largest_are_shown_and_the_rest_counted():
    values = [f"g{n:04d}" for n in range(2000)] + ["g0007"] * 3
    found, more = named(chunked(values))
    assert found[0].name == "g0007" and len(found) == facets.MAX_GROUPS and more == 1950


def test_a_group_of_everybody_is_one_to_the_reference_library():
    """It was refused in its mode too, where the library tells what can be told of it."""
    (group,), rest = facets.groups("g", chunked(["a", "b"]), ["a", "b"], None, missing_joins=True)
    assert (group.name, group.member.tolist(), rest) == ("a, b", [True, True], 0)


def test_a_group_that_is_not_there_or_leaves_nobody_is_the_users_mistake():
    """A slip in a group's name gave metrics of nothing, and a pass."""
    column = chunked(["a", "b", None])
    with pytest.raises(UsageError, match="no row of g is 'c'; there is"):
        named(column, ["c"])
    with pytest.raises(UsageError, match="every row of g is a, b"):
        named(column, ["a", "b"])
    with pytest.raises(UsageError, match="no row of g is > 9"):
        named(chunked([1, 2]), (), 9)
    with pytest.raises(UsageError, match="every row of g is > 0"):
        named(chunked([1, 2]), (), 0)
    with pytest.raises(UsageError, match="by values or by a threshold"):
        named(chunked([1, 2]), ["1"], 1)
    with pytest.raises(UsageError, match="a threshold wants numbers"):
        named(column, (), 1)


@pytest.mark.parametrize(
    "kind",
    [pa.timestamp("us"), pa.timestamp("s"), pa.timestamp("us", "Europe/Paris"), pa.date32(), pa.date64()],
)
def test_times_that_no_calendar_holds_are_groups_too(kind):
    ends = [2**31 - 1, -(2**31) + 5] if kind == pa.date32() else [2**62, -(2**62)]
    found, _ = named(chunked([*ends, None, ends[0]], kind))
    assert [int(g.member.sum()) for g in found] == [2, 1]


def test_times_are_named_as_people_write_them():
    found, _ = named(chunked([0, 1_500_000], pa.timestamp("us", "UTC")))
    assert [g.name for g in found] == ["1970-01-01 00:00:00", "1970-01-01 00:00:01.500000"]


@pytest.mark.parametrize(
    "values",
    [pa.array([[1]]), pa.array([{"x": 1}]), pa.array([b"x"]), pa.array([1], pa.duration("s"))],
)
def test_what_names_no_group_is_refused_in_one_sentence(values):
    with pytest.raises(UsageError, match="g holds values of type"):
        named(pa.chunked_array([values]))


def test_strata_are_counted_as_one_by_one():
    rng = np.random.default_rng(2)
    values = rng.choice(["a", "b", None], 200)
    yes, d, known = (rng.random(200) < p for p in (0.5, 0.4, 0.9))
    found = facets.strata(chunked(values.tolist(), pa.string()), yes, d, known)
    for place, value in ((0, "a"), (1, "b"), (2, None)):
        rows = np.array([v == value for v in values]) & known
        expected = [(~yes & d & rows).sum(), (~yes & rows).sum(), (yes & d & rows).sum(), (yes & rows).sum()]
        at = place if value is None else [v for v in dict.fromkeys(values) if v is not None].index(value)
        assert list(found[at]) == expected


def test_predictions_that_are_no_label_are_told_and_none_at_all_is_refused():
    label = chunked([0, 1, 1, 0])
    assert outcomes.unheard(chunked(["1", "0", "2", None]), label, two=True).tolist() == [
        False,
        False,
        True,
        False,
    ]
    with pytest.raises(
        UsageError, match=r"most predictions are no value of the label: they are no, yes, and labels 0, 1"
    ):
        outcomes.unheard(chunked(["yes", "no", "no", "yes"]), label, two=True)
    with pytest.raises(UsageError, match="scores go with a threshold"):
        outcomes.unheard(chunked([0.25, 0.75, 0.5, 0.1]), label, two=True)
    people = chunked(["<=50K", ">50K", ">50K", "<=50K"])
    assert not outcomes.unheard(chunked([0, 1, 1, 0]), people, two=True).any()


def test_a_negative_zero_is_in_the_group_of_zero():
    found, more = facets.groups("g", pa.chunked_array([[0.0, -0.0, 1.0, 0.0]]), (), None, missing_joins=False)
    assert [(g.name, g.member.tolist()) for g in found] == [
        ("0.0", [True, True, False, True]),
        ("1.0", [False, False, True, False]),
    ]
    assert more == 0


def test_a_column_of_numbers_with_gaps_and_one_of_nothing_are_cut_or_not():
    few = pa.chunked_array([pa.array([1, None, 2], pa.int64())])
    assert facets.cuts(few) == () and facets.cuts(pa.chunked_array([pa.nulls(3, pa.float64())])) == ()
    many = pa.chunked_array([pa.array([None, *range(1000)], pa.int64())])
    assert facets.cuts(many) == (249.0, 499.0, 749.0)
