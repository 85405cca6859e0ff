"""The size of plain data spelled out, against a count of the data itself."""

from __future__ import annotations

import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.pickles.laughs import FETCHES, SIZE, expanded
from assay.methods.pickles.machine import walk
from assay.methods.pickles.names import Names


def largest(value):
    """The size of a value: one, and the sizes of what it holds; and the largest within it."""
    if isinstance(value, dict):
        items = [v for pair in value.items() for v in pair]
    elif isinstance(value, (list, tuple)):
        items = list(value)
    else:
        return 1, 0
    inner = [largest(v) for v in items]
    size = 1 + sum(s for s, _ in inner)
    return (size if items or not isinstance(value, tuple) else 1), max([size, *(m for _, m in inner)])


def shared(made):
    """Lists, tuples and dicts in which later ones hold earlier ones several times."""
    known = []
    for kind, picks in made:
        items = [known[p % len(known)] if known and p >= 0 else p for p in picks]
        known.append({"a": items, "b": 1} if kind == 0 else tuple(items) if kind == 1 else items)
    return known


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.integers(-2, 9), min_size=1, max_size=4)),
        min_size=1,
        max_size=7,
    ),
    st.integers(0, 5),
)
def test_sizes_are_those_of_the_data(made, protocol):
    value = shared(made)
    data = pickle.dumps(value, protocol)
    assert expanded(data, 0, len(data))[0] == largest(value)[1]


def laughs(kind, levels=20):
    value = kind(["lol"] * 10)
    for _ in range(levels):
        value = kind([value] * 10)
    return pickle.dumps(value)


@pytest.mark.parametrize("kind", [list, tuple, lambda items: dict(enumerate(items))])
def test_a_billion_laughs_are_counted_and_not_told(kind):
    data = laughs(kind)
    began = time.process_time()
    size, where = expanded(data, 0, len(data))
    assert size > 1e20 > SIZE and 0 < where < len(data)
    assert walk(data, 0, len(data), Names()).shared >= FETCHES
    assert time.process_time() - began < 1


def test_they_are_a_finding_of_the_scan_and_what_is_merely_shared_is_none(tmp_path, work):
    from assay.checks.model.scan import check
    from assay.kernel.asset import Asset
    from assay.works.bench import FileTree

    def rules(data):
        path = tmp_path / "m.pkl"
        path.write_bytes(data)
        return [
            f.rule
            for f in check(FileTree(Asset("tree", "m.pkl", str(path), "sha256:0"), path), work=work).findings
        ]

    row = [1, 2]
    assert rules(laughs(list)) == ["model.scan.bomb"]
    assert rules(pickle.dumps([[row] * 100 for _ in range(100)])) == []
