"""What a worker answers was written by untrusted code."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.engines.models import wire


def packed(table, **options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


PLAIN = pa.table(
    {
        "prediction": ["a", None, "b"],
        "score": [0.1, 0.2, None],
        "n": pa.array([1, 2, 3], pa.int32()),
        "b": [True, False, None],
        "t": pa.array([1, 2, 3], pa.timestamp("us")),
    }
)


def test_plain_columns_cross():
    assert wire.unpack_answer(wire.pack_answer(PLAIN)).equals(PLAIN)
    categories = pa.table({"prediction": pa.array(["a", "b", "a"]).dictionary_encode()})
    assert wire.unpack_answer(wire.pack_answer(categories)).column(0).to_pylist() == ["a", "b", "a"]


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_compressed_columns_are_refused_before_they_are_unpacked(codec):
    with pytest.raises(ValueError, match="compressed"):
        wire.unpack_answer(packed(pa.table({"x": [0.0] * 10_000}), compression=codec))


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"x": pa.array(["a"]).dictionary_encode()}),
        pa.table({"x": [[1]]}),
        pa.table({"x": [{"a": 1}]}),
        pa.table({"x": pa.array([b"1"])}),
        pa.table({"x": pa.ExtensionArray.from_storage(pa.json_(), pa.array(["1"]))}),
    ],
    ids=["dictionary", "list", "struct", "bytes", "extension"],
)
def test_columns_that_are_not_plain_are_refused(table):
    with pytest.raises(ValueError, match="type"):
        wire.unpack_answer(packed(table))


@pytest.mark.parametrize("kind", [pa.timestamp("us"), pa.timestamp("s", "Nowhere/At_all"), pa.date64()])
def test_a_time_beyond_the_calendar_is_refused(kind):
    """It ended as an OverflowError where a person's words were made of it."""
    with pytest.raises(ValueError, match="no table can be read|out of range"):
        wire.unpack_answer(packed(pa.table({"t": pa.array([1 << 62], pa.int64()).view(kind)})))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=8),
    st.integers(0, 5000),
)
def test_a_damaged_answer_is_refused_or_holds_plain_columns(edits, cut):
    data = bytearray(packed(PLAIN))
    for at, value in edits:
        data[at % len(data)] = value
    try:
        table = wire.unpack_answer(bytes(data[: len(data) - cut % len(data)]))
    except ValueError:
        return
    for column in table.columns:
        column.to_pylist()
