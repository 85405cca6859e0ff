"""MXNet's container of arrays, encoded field by field after its C++ source: independent of what reads it."""

from __future__ import annotations

import struct

import numpy as np

FLAGS = {"float32": 0, "float64": 1, "float16": 2, "uint8": 3, "int32": 4, "int8": 5, "int64": 6, "bool": 7}


def _shape(shape, axes="i", one="q"):
    return struct.pack("<" + axes, len(shape)) + b"".join(struct.pack("<" + one, n) for n in shape)


def dense(array, version=2):
    """One array as version 2, 3 or 1 writes it, or (0) as it was before versions."""
    body = struct.pack("<iii", 1, 0, FLAGS[str(array.dtype)]) + array.tobytes()
    if version == 0:
        return _shape(array.shape, "I", "I") + body
    if version == 1:
        return struct.pack("<I", 0xF993FAC8) + _shape(array.shape) + body
    return struct.pack("<Ii", {2: 0xF993FAC9, 3: 0xF993FACA}[version], 0) + _shape(array.shape) + body


def row_sparse(shape, rows, at):
    """Rows ``at`` of an array of which all else is 0."""
    return (
        struct.pack("<Ii", 0xF993FAC9, 1)
        + _shape(rows.shape)
        + _shape(shape)
        + struct.pack("<iii", 1, 0, FLAGS[str(rows.dtype)])
        + struct.pack("<i", 6)
        + _shape(at.shape)
        + rows.tobytes()
        + at.astype("int64").tobytes()
    )


def container(arrays, version=2):
    """A whole container of {name: array or bytes}."""
    bodies = [a if isinstance(a, bytes) else dense(np.ascontiguousarray(a), version) for a in arrays.values()]
    names = [n.encode() for n in arrays]
    return (
        struct.pack("<QQQ", 0x112, 0, len(bodies))
        + b"".join(bodies)
        + struct.pack("<Q", len(names))
        + b"".join(struct.pack("<Q", len(n)) + n for n in names)
    )


def symbol(loss="LogisticRegressionOutput", hidden=1, **changed):
    """The graph that Linear Learner saves: one dense layer and its loss."""
    nodes = [
        {"op": "null", "name": "data", "inputs": []},
        {"op": "null", "name": "fc0_weight", "inputs": []},
        {"op": "null", "name": "fc0_bias", "inputs": []},
        {
            "op": "FullyConnected",
            "name": "fc0",
            "attrs": {"num_hidden": str(hidden)},
            "inputs": [[0, 0, 0], [1, 0, 0], [2, 0, 0]],
        },
        {"op": "null", "name": "out_label", "inputs": []},
        {"op": loss, "name": "out", "inputs": [[3, 0, 0], [4, 0, 0]]},
    ]
    return {"nodes": nodes, "arg_nodes": [0, 1, 2, 4], "heads": [[5, 0, 0]]} | changed
