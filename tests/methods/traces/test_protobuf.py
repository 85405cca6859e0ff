"""Protobuf read and written, beside the official classes: opentelemetry-proto over Google's own reader."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.traces import protobuf
from assay.methods.traces.protobuf import Malformed, decode, encode

pb = pytest.importorskip("opentelemetry.proto.trace.v1.trace_pb2")
pb_common = pytest.importorskip("opentelemetry.proto.common.v1.common_pb2")
TEXT, NUMBER = pb_common.AnyValue(string_value="x"), pb_common.AnyValue(int_value=5)
MOST = 10_000


def test_the_example_of_the_specification():
    """protobuf.dev: a field 1 that is 150 is 08 96 01, and a field 2 that is "testing" is 12 07 74 …"""
    assert decode(b"\x08\x96\x01", "RpcStatus", MOST) == {"code": 150}
    assert decode(b"\x12\x07testing", "RpcStatus", MOST) == {"message": "testing"}
    assert encode({"code": 150, "message": "testing"}, "RpcStatus") == b"\x08\x96\x01\x12\x07testing"


def test_negative_numbers_take_ten_bytes():
    assert encode({"code": -1}, "RpcStatus") == b"\x08" + b"\xff" * 9 + b"\x01"
    assert decode(b"\x08" + b"\xff" * 9 + b"\x01", "RpcStatus", MOST) == {"code": -1}


def test_fields_that_are_not_known_are_passed_over():
    known = pb.Status(message="m", code=2).SerializeToString()
    unknown = b"\xf8\x06\x05" + b"\xf9\x06" + b"x" * 8 + b"\xfa\x06\x03abc" + b"\xfd\x06" + b"y" * 4
    assert decode(unknown + known, "Status", MOST) == {"message": "m", "code": 2}
    assert decode(b"\x12\x01m" + b"\x10\x05", "Status", MOST) == {
        "message": "m"
    }  # field 2 as a number is another's


def test_a_message_in_parts_is_one_and_of_a_oneof_the_last_counts():
    parts = b"".join(
        pb.ResourceSpans(resource={"attributes": [{"key": k}]}).SerializeToString() for k in ("a", "b")
    )
    assert [a["key"] for a in decode(parts, "ResourceSpans", MOST)["resource"]["attributes"]] == ["a", "b"]
    assert decode(b"\x0a\x01x\x18\x05", "AnyValue", MOST) == {"intValue": 5}
    text, number = (pb_common.KeyValue(value=v).SerializeToString() for v in (TEXT, NUMBER))
    assert decode(text + number, "KeyValue", MOST) == {"value": {"intValue": 5}}


def test_a_message_in_very_many_parts_does_not_take_their_square():
    """80,000 parts of two objects each took 16 s of one processor; a request may bring six times as many."""
    part = b"\x0a\x02\x0a\x00" * 80_000  # a resource with one empty attribute, again and again
    began = time.process_time()
    found = decode(part, "ResourceSpans", 1_000_000)
    assert time.process_time() - began < 4
    assert len(found["resource"]["attributes"]) == 80_000


@pytest.mark.parametrize(
    "data",
    [
        b"\x08",
        b"\x80",
        b"\x08" + b"\xff" * 11,
        b"\x12\x05abc",
        b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a",
        b"\x00\x00",
        b"\x0b",
        b"\x0c",
        b"\x0f\x01",
    ],
)
def test_broken_bytes_are_refused(data):
    with pytest.raises(Malformed):
        decode(data, "RpcStatus", MOST)


def test_depth_and_number_of_messages_are_bounded():
    value = b""
    for _ in range(200):
        inner = b"\x0a" + protobuf._packed(len(value)) + value
        value = b"\x2a" + protobuf._packed(len(inner)) + inner
    with pytest.raises(Malformed, match="nest too deep"):
        decode(value, "AnyValue", MOST)
    with pytest.raises(Malformed, match="more messages"):
        decode(b"\x4a\x00" * 20_000, "Span", MOST)


scalars = st.one_of(
    st.fixed_dictionaries({"string_value": st.text(max_size=20)}),
    st.fixed_dictionaries({"bool_value": st.booleans()}),
    st.fixed_dictionaries({"int_value": st.integers(-(1 << 63), (1 << 63) - 1)}),
    st.fixed_dictionaries({"double_value": st.floats(allow_nan=False)}),
    st.fixed_dictionaries({"bytes_value": st.binary(max_size=20)}),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"array_value": st.fixed_dictionaries({"values": st.lists(inner, max_size=3)})}
        ),
        st.fixed_dictionaries(
            {
                "kvlist_value": st.fixed_dictionaries(
                    {
                        "values": st.lists(
                            st.fixed_dictionaries({"key": st.text(max_size=5), "value": inner}), max_size=3
                        )
                    }
                )
            }
        ),
    ),
    max_leaves=6,
)


@given(values)
@settings(max_examples=40)
def test_what_the_official_writer_writes_is_read_and_written_alike(value):
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue

    official = AnyValue(**value).SerializeToString()
    assert encode(decode(official, "AnyValue", MOST), "AnyValue") == official


@given(st.binary(max_size=60))
@settings(max_examples=80)
def test_whatever_comes_is_read_or_refused(data):
    for message in ("TracesData", "Span", "AnyValue"):
        try:
            encode(decode(data, message, MOST), message)
        except Malformed:
            continue
