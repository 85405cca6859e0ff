"""Diversity and closeness beside the definitions written out row by row, the papers' numbers, and a transport solved."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from assay.methods.anonymity import diversity
from assay.methods.anonymity.classes import classes, codes, combined, held


def grouped(frame, quasi, sensitive):
    """The classes and what they hold, of a frame of rows that are counted first."""
    counts = frame.groupby([*quasi, sensitive], dropna=False).size().reset_index(name="n")
    table = pa.Table.from_pandas(counts, preserve_index=False)
    n = counts.n.to_numpy()
    found = classes([codes(table.column(q))[0] for q in quasi], n)
    order = counts.groupby(list(quasi), dropna=False).ngroup(ascending=True)
    return found, held(found, table.column(sensitive), n), order


frames = st.builds(
    lambda rows: pd.DataFrame(rows, columns=["a", "b", "s"]),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from("xy"), st.integers(0, 5)), min_size=1, max_size=60),
)


@given(frames, st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_measure_is_its_definition(frame, as_text):
    if as_text:
        frame = frame.assign(s=frame.s.map("v{}".format))
    found, made, _ = grouped(frame, ["a", "b"], "s")
    whole = frame.s.value_counts(normalize=True).sort_index()
    by = {key: part.s for key, part in frame.groupby(["a", "b"])}
    assert sorted(found.sizes) == sorted(len(v) for v in by.values()) and found.k == min(
        map(len, by.values())
    )

    def agree(values, definition):
        assert sorted(values) == pytest.approx(sorted(definition(v) for v in by.values()), abs=1e-9)

    agree(diversity.distinct(made), lambda v: v.nunique())
    agree(
        diversity.entropy(made),
        lambda v: math.exp(-sum(p * math.log(p) for p in v.value_counts(normalize=True))),
    )
    agree(diversity.alpha(made), lambda v: v.value_counts(normalize=True).max())

    def recursive(v):
        counts = v.value_counts().tolist()
        return counts[0] / sum(counts[1:]) if len(counts) > 1 else math.inf

    agree(diversity.recursive(made, 2), recursive)

    def close(v):
        apart = v.value_counts(normalize=True).reindex(whole.index, fill_value=0) - whole
        if as_text:
            return apart.abs().sum() / 2
        return apart.cumsum().abs().sum() / (len(whole) - 1) if len(whole) > 1 else 0

    agree(diversity.closeness(made), close)
    gain = lambda v: (v.value_counts(normalize=True) - whole).dropna() / whole  # noqa: E731
    agree(diversity.beta(made), lambda v: gain(v).max())
    agree(diversity.delta(made), lambda v: np.log(v.value_counts(normalize=True) / whole).abs().max())
    agree(diversity.lacking(made), lambda v: float(v.nunique() < len(whole)))
    limit = all(
        (gain(v).dropna() <= -np.log(whole[gain(v).dropna().index]) + 1e-12).all() for v in by.values()
    )
    assert diversity.enhanced(made) == limit


def test_closeness_of_salaries_is_the_papers():
    # Li, Li, Venkatasubramanian 2007: of nine salaries {3,4,5} lies 0.375 away and {6,8,11} 0.167
    frame = pd.DataFrame({"q": [1, 1, 1, 2, 2, 2, 3, 3, 3], "s": [3, 4, 5, 6, 8, 11, 7, 9, 10]})
    _, made, _ = grouped(frame, ["q"], "s")
    assert diversity.closeness(made)[:2] == pytest.approx([0.375, 1 / 6])


TREE = {
    "flu": ("airways", "lung", "*"), "pneumonia": ("airways", "lung", "*"), "embolism": ("vessels", "lung", "*"),
    "ulcer": ("stomach", "gut", "*"), "gastritis": ("stomach", "gut", "*"), "colitis": ("colon", "gut", "*"),
}  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(sorted(TREE))), min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_hierarchical_distance_is_the_cheapest_transport(rows):
    frame = pd.DataFrame(rows, columns=["q", "s"])
    _, made, _ = grouped(frame, ["q"], "s")
    names = made.names

    def cost(a, b):
        return 0 if a == b else next(i + 1 for i in range(3) if TREE[a][i:] == TREE[b][i:]) / 3

    costs = [cost(a, b) for a in names for b in names]
    whole = frame.s.value_counts(normalize=True).reindex(names).to_numpy()
    expected = []
    for _, part in frame.groupby("q"):
        own = part.s.value_counts(normalize=True).reindex(names, fill_value=0).to_numpy()
        n = len(names)
        out = np.kron(np.eye(n), np.ones(n))
        into = np.kron(np.ones(n), np.eye(n))
        expected.append(
            linprog(costs, A_eq=np.vstack([out, into]), b_eq=np.r_[own, whole], method="highs").fun
        )
    assert diversity.hierarchical(made, [TREE[n] for n in names]) == pytest.approx(expected, abs=1e-7)


def test_missing_is_a_value_and_nan_is_missing():
    raw, values = codes(pa.chunked_array([pa.array([1.0, None, float("nan"), 1.0])]))
    assert values[-1] is None and raw[0] == raw[3] and raw[1] == raw[2] != raw[0]
    frame = pd.DataFrame({"q": [None, None, "x"], "s": ["a", "b", None]})
    found, made, _ = grouped(frame, ["q"], "s")
    assert sorted(found.sizes) == [1, 2] and made.names[-1] is None


def test_many_columns_of_many_values_do_not_overflow():
    rng = np.random.default_rng(0)
    columns = [rng.integers(0, 1 << 40, 50) for _ in range(9)]
    assert len(np.unique(combined(columns))) == 50
    again = combined([np.tile(c, 2) for c in columns])
    assert (again[:50] == again[50:]).all()


def test_nan_and_null_are_one_value_and_the_zeros_too():
    """NaN stayed among the names without a row: every class lacked a value, and ordered distances were too small."""
    column = pa.chunked_array([[1.0, math.nan, None, 0.0, -0.0]])
    raw, names = codes(column)
    assert names == [1.0, 0.0, None] and raw.tolist() == [0, 2, 2, 1, 1]
    raw, names = codes(pa.chunked_array([pa.DictionaryArray.from_arrays([0, 0, None], ["a", "unused"])]))
    assert names == ["a", None] and raw.tolist() == [0, 0, 1]
    quasi, sensitive = (
        pa.chunked_array([["x", "x", "y", "y"]]),
        pa.chunked_array([[1.0, math.nan, 1.0, math.nan]]),
    )
    n = np.array([3, 1, 1, 3])
    made = held(classes([codes(quasi)[0]], n), sensitive, n)
    assert diversity.lacking(made).tolist() == [0, 0]
    assert diversity.closeness(made) == pytest.approx([0.25, 0.25])  # one step of one: |3/4 - 1/2|
