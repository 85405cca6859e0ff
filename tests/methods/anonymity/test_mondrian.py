"""Mondrian's partition: a partition, of parts that hide their rows, cut as far as it goes; names and penalties by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.anonymity.mondrian import Secret, partition
from assay.methods.anonymity.recoding import Axis, average_class, discernibility, recoded


def axes(*columns):
    out = []
    for i, values in enumerate(columns):
        kinds = sorted({v for v in values if v is not None})
        known = [*kinds, None] if None in values else kinds
        codes = np.array([known.index(v) for v in values])
        out.append(Axis.of(f"c{i}", codes, known, not isinstance(kinds[0], str)))
    return out


def parted(made, k, secrets=(), relaxed=False):
    return partition([a.codes for a in made], [a.places for a in made], k, secrets, relaxed=relaxed)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5), st.integers(0, 3)), min_size=2, max_size=120),
    st.integers(2, 6),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_every_part_hides_its_rows(rows, k, relaxed):
    a, b, s = (np.array(c) for c in zip(*rows, strict=True))
    made = axes(a.tolist(), b.tolist())
    secret = Secret(s, 4, 2, None, True)
    parts = parted(made, k, [secret], relaxed)
    if len(rows) < k or len(set(s)) < 2:
        assert parts is None
        return
    sizes = np.bincount(parts)
    assert sizes.min() >= k and sizes.sum() == len(rows)
    for part in range(len(sizes)):
        assert len(set(s[parts == part])) >= 2
    if not relaxed:  # a row of the same values is in the same part
        both = {(x, y): p for x, y, p in zip(a, b, parts, strict=True)}
        assert all(both[x, y] == p for x, y, p in zip(a, b, parts, strict=True))


def test_the_papers_patients():
    # LeFevre et al. 2006: strict parts of ages and zip codes at the median; no part of 2 can be cut further at k = 2
    age, zipcode = [25, 25, 26, 27, 27, 28], [53711, 53712, 53711, 53710, 53712, 53711]
    parts = parted(axes(age, zipcode), 2)
    assert np.bincount(parts).tolist() in ([2, 4], [3, 3], [2, 2, 2])
    assert (np.bincount(parts) < 4).all() or len(set(parts)) == 2


def test_relaxed_parts_go_further():
    values = [1] * 10 + [2] * 2
    # 12 rows are halved to 6 and to 3, which two parts of 2 do not fit into
    assert np.bincount(parted(axes(values, list(range(12))), 2, relaxed=True)).tolist() == [3, 3, 3, 3]
    one = axes([5] * 7 + [6] * 3)
    assert len(set(parted(one, 4))) == 1 and len(set(parted(one, 4, relaxed=True))) == 2


def test_closeness_is_held():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 100, 400)
    s = (x > 50).astype(int)  # the secret follows the quasi-identifier, so that no cut keeps close
    free = parted(axes(x.tolist()), 5, [Secret(s, 2, None, 1.0, False)])
    held = parted(axes(x.tolist()), 5, [Secret(s, 2, None, 0.05, False)])
    assert len(set(free)) > 30 and len(set(held)) == 1


def test_names_and_penalties_by_hand():
    number, word = axes([10, 20, 30, 50, None], ["a", "b", "c", "d", "a"])
    parts = np.array([0, 0, 1, 1, 1])
    names, penalty = recoded(number, parts, "range")
    assert names.to_pylist() == ["[10, 20]", "[30, 50] or missing"] and penalty == pytest.approx(
        [10 / 40, 20 / 40]
    )
    assert recoded(number, parts, "mean")[0].to_pylist() == [15, 40]
    names, penalty = recoded(word, parts, "range")
    assert names.to_pylist() == ["{a, b}", "{a, c, d}"] and penalty == pytest.approx([1 / 3, 2 / 3])
    tree = {"a": ("early", "*"), "b": ("early", "*"), "c": ("late", "*"), "d": ("late", "*")}
    grouped = Axis.of("c1", np.array([0, 1, 2, 3, 0]), ["a", "b", "c", "d"], False, tree)
    names, penalty = recoded(grouped, parts, "range")
    assert names.to_pylist() == ["early", "*"] and penalty == pytest.approx([1 / 3, 1])
    assert discernibility(np.array([2, 3]), 1, 6) == 4 + 9 + 6 and average_class(np.array([2, 4]), 2) == 1.5
