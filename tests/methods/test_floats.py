from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from assay.methods.floats import settled

GIVEN = [0.0, -0.0, math.nan, None, math.inf, 1.5]


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()])
@pytest.mark.parametrize("chunked", [False, True])
def test_equal_floats_are_one_value_and_nan_is_none(kind, chunked):
    array = pa.array(GIVEN, kind)
    out = settled(pa.chunked_array([array[:2], array[2:]]) if chunked else array)
    assert out.to_pylist() == [0.0, 0.0, None, None, math.inf, 1.5] and out.type == kind
    assert len(out.unique()) == 4 and not any(
        math.copysign(1, v) < 0 for v in out.to_pylist() if v is not None
    )


def test_half_floats_are_widened_and_other_types_left():
    assert settled(pa.array([np.float16(0.5), np.float16("nan")], pa.float16())).to_pylist() == [0.5, None]
    texts = pa.array(["-0.0", "nan"])
    assert settled(texts) is texts
    assert settled(pa.array([], pa.float64())).to_pylist() == []
