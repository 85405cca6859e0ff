"""safetensors that are written hold what they were given, at the places that their header says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from assay.methods.modelfiles.tensors import dumped


def test_each_array_stands_where_the_header_says():
    arrays = {
        "b": np.arange(6, dtype="float32").reshape(2, 3),
        "a": np.array([1, 2], "int64"),
        "e": np.zeros((0, 3), "float16"),
    }
    raw = dumped(arrays)
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    assert header.pop("__metadata__") == {"format": "pt"} and size % 8 == 0
    for name, array in arrays.items():
        begin, end = header[name]["data_offsets"]
        held = np.frombuffer(raw[8 + size + begin : 8 + size + end], array.dtype).reshape(
            header[name]["shape"]
        )
        assert np.array_equal(held, array)
    assert 8 + size + max(h["data_offsets"][1] for h in header.values()) == len(raw)


def test_brain_floats_keep_their_name_and_objects_are_refused():
    assert b'"BF16"' in dumped({"w": np.zeros(2, "uint16")}, {"w": "bfloat16"})
    with pytest.raises(ValueError, match="type object"):
        dumped({"w": np.array([None])})
