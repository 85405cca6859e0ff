from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from assay.methods.places import numbers, take, true


@pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.int64(), pa.uint64(), pa.float64()])
def test_numbers_are_those_of_arrow(kind):
    array = pa.array(range(100), kind)
    for one in (array, array.slice(7, 50), array.slice(100), array[:0], pa.array([], kind)):
        assert numbers(one).tolist() == one.to_pylist()


def test_places_and_values_at_them():
    mask = pa.array([True, None, False, True] * 9)
    for one in (mask, mask.slice(5), mask[:0]):
        assert true(one).tolist() == [k for k, v in enumerate(one.to_pylist()) if v]
    texts = pa.array(["a", None, "c", "d"])
    assert take(texts, np.array([3, 0, 1])).to_pylist() == ["d", "a", None]
    assert take(texts.slice(1), np.arange(4)[::2]).to_pylist() == [None, "d"]
    assert take(texts, np.array([], np.int64)).to_pylist() == []


def test_a_column_is_examined_without_pandas():
    said = (
        "import sys, pyarrow as pa\n"
        "from assay.methods.recognise.telling import Columns\n"
        "one = Columns([('note', 'text'), ('n', 'integer')])\n"
        "sys.modules['pandas'] = None\n"
        "cells = pa.StringArray.from_buffers(2, pa.py_buffer(bytes([0,0,0,0,11,0,0,0,22,0,0,0])), pa.py_buffer(b'a@x.exampleb@x.example'))\n"
        "numbers = pa.Array.from_buffers(pa.int64(), 2, [None, pa.py_buffer(bytes(16))])\n"
        "one.feed(pa.RecordBatch.from_arrays([cells, numbers], ['note', 'n']))\n"
        "del sys.modules['pandas']\n"
        "print([t.type for t in one.told()], 'pandas' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "['email'] False", done.stderr
    assert pc.sum(pa.array([1])).as_py() == 1
