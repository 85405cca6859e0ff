"""JSON that names objects, arrays that are too large, floods of what is no number."""

import json
import math

import numpy as np
import pyarrow as pa
import pytest

from assay.kernel.serving import Rows
from assay.methods.shields import objects, sizes


@pytest.mark.parametrize(
    "body",
    [
        b'{"py/object": "a.B"}',
        b'{"a": [{"py/reduce": []}]}',
        b'{"\\u0070y/obj\\u0065ct": "a.B"}',
        b'{"py\\/object": "a.B"}',
        b'{"__reduce__": 1}',
        b'{"a": "{{x.__class__}}"}',
        b"a: !!python/object:a.B {}",
        b"a: !<tag:yaml.org,2002:python/name:a.b> x",
        b'{"@type": "com.example.A"}',
        b'{"$type": "System.Object"}',
    ],
)
def test_json_and_yaml_that_name_objects_are_told(body):
    assert objects.names(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"instances": [[1]]}',
        b'{"happy/objection": 1, "copy/id": 2}',
        b'{"first__name": "a", "__v": 1}',
        b'{"@type": "person", "$type": "hotel"}',
        b'{"note": "wow!!java is good"}',
    ],
)
def test_plain_json_is_let_be(body):
    assert not objects.names(body)


def test_arrays_too_wide_too_many_or_too_deep_are_told():
    assert "rows of more than" in sizes.oversized(Rows((), [[0] * (sizes.MOST_WIDTH + 1)]))
    assert "values" in sizes.oversized(Rows((), [[[0] * 1_000_001] * 5]))
    deep = 1
    for _ in range(20):
        deep = [deep]
    assert "nest deeper" in sizes.oversized(Rows((), [[deep]]))
    assert not sizes.oversized(Rows((), [[1.0] * 5000, ["a", [1, 2]]]))
    assert not sizes.oversized(Rows((), None, pa.table({"a": range(1000)})))


def test_floods_are_told_and_single_gaps_are_not():
    nan = math.nan
    assert "no number" in sizes.flood(Rows((), [[nan] * 20 + [1.0] * 12]))
    assert not sizes.flood(Rows((), [[nan] * 5]))
    assert not sizes.flood(Rows((), [[nan, "a", 1.0, 2.0]] * 50))
    assert "infinite" in sizes.flood(Rows((), [[1.0, math.inf, "a"]]))
    assert "infinite" in sizes.flood(Rows((), [["a", [1, -math.inf]]]))
    assert not sizes.flood(Rows((), [[1e308, 1e308, 1e308]]))
    assert not sizes.flood(Rows((), [[10**400, 1]]))
    assert "no number" in sizes.flood(
        Rows((), None, pa.table({"a": pa.array(np.full(64, nan), from_pandas=False)}))
    )
    assert "infinite" in sizes.flood(Rows((), None, pa.table({"a": [1.0, math.inf]})))
    assert not sizes.flood(Rows((), None, pa.table({"a": [1, 2], "b": ["x", None]})))
    assert not sizes.flood(Rows((), json.loads("[[1, 2], [3, 4]]")))
