"""What a dtype's state says of itself, held against NumPy: what NumPy writes is believed, and what it would crash on is not."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from tests.corpus.uninvited import memory

from assay.methods.pickles.machine import walk
from assay.methods.pickles.names import Names

HONEST = [
    np.dtype("O"),
    np.dtype("U10"),
    np.dtype("S0"),
    np.dtype("V7"),
    np.dtype("g"),
    np.dtype(">f8"),
    np.dtype("M8[ns]"),
    np.dtype([]),
    np.dtype([("a", "U3"), ("b", "O")]),
    np.dtype([("a", "f8", (2, 3)), ("b", [("x", "i2"), ("y", "S5")])]),
    np.dtype([("a", "i1"), ("b", "f8")], align=True),
    np.dtype({"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [0, 2]}),
    np.dtype([(("Title", "a"), "f8"), ("b", "?")]),
    np.dtype("f8", metadata={"a": 1}),
    np.dtype((np.record, [("a", "i4"), ("b", "O")])),
    np.dtype([(f"c{i}", "f8") for i in range(16)]),
]


@pytest.mark.parametrize("python", [True, False])
@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("dtype", HONEST, ids=str)
def test_what_numpy_writes_is_no_lie(dtype, protocol, python):
    raw = pickle.dumps([np.zeros(2, dtype), np.zeros(3, dtype), dtype], protocol)
    found = walk(raw, 0, len(raw), Names(), python=python)
    assert found.complete
    assert not found.hits


@pytest.mark.parametrize("python", [True, False])
def test_what_breaks_the_memory_of_its_reader_is_told(tmp_path, python):
    for why, raw in memory(tmp_path / "mark"):
        found = walk(raw, 0, len(raw), Names(), python=python)
        assert {"lie", "bomb"} & {h.sort for h in found.hits}, why


def test_a_type_of_more_fields_than_are_followed_is_not_passed():
    raw = pickle.dumps(np.zeros(2, [(f"c{i}", "f8") for i in range(40)]))
    assert "more fields" in walk(raw, 0, len(raw), Names()).error
