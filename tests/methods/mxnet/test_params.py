from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.methods.mxnet import encoder

from assay.methods.mxnet import params


@pytest.mark.parametrize("version", [0, 1, 2, 3])
@given(
    array=st.sampled_from(sorted(encoder.FLAGS)).flatmap(
        lambda kind: arrays.arrays(kind, arrays.array_shapes(max_dims=3, max_side=4))
    )
)
def test_every_version_and_type_of_array_is_read(version, array):
    (read,) = params.parse(encoder.container({"arg:x": array}, version)).values()
    assert read.dtype == array.dtype and read.tobytes() == array.tobytes() and read.shape == array.shape


def test_sparse_rows_stand_where_they_belong():
    rows = np.float32([[1, 2], [3, 4]])
    read = params.parse(encoder.container({"w": encoder.row_sparse((5, 2), rows, np.array([1, 4]))}))["w"]
    assert read.tolist() == [[0, 0], [1, 2], [0, 0], [0, 0], [3, 4]]
    with pytest.raises(ValueError, match="does not fit"):
        params.parse(encoder.container({"w": encoder.row_sparse((3, 2), rows, np.array([1, 4]))}))


@given(cut=st.integers(0, 400), at=st.integers(0, 400), value=st.integers(0, 255))
def test_a_container_cut_short_or_changed_is_refused_or_read_and_never_more(cut, at, value):
    whole = encoder.container({"arg:w": np.ones((3, 4), "float32"), "arg:b": np.ones(3, "float32")})
    with pytest.raises(ValueError):
        params.parse(whole[: min(cut, len(whole) - 1)])
    changed = bytearray(whole)
    changed[at % len(whole)] = value
    try:
        params.parse(bytes(changed))
    except ValueError:
        return
