"""Messages between a gateway and a replica: whole again however they were cut, and nothing else is taken for one."""

from __future__ import annotations

import struct
from array import array

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.engines.serving import frames, packing, unpacking
from assay.engines.serving.frames import Frame, Garbage, Reader
from assay.engines.serving.packing import Wants
from assay.kernel.serving import Question, Rows
from assay.methods.payloads import PayloadRefused

messages = st.lists(
    st.tuples(
        st.integers(0, 2**32 - 1),
        st.integers(0, 255),
        st.binary(max_size=60),
        st.floats(0, 1e9),
        st.integers(0, 255),
    ),
    max_size=6,
)


@given(messages, st.lists(st.integers(1, 40), min_size=1))
def test_messages_are_whole_again_however_they_were_cut(said, cuts):
    stream = b"".join(frames.packed(n, k, p, time=t, flags=f) for n, k, p, t, f in said)
    reader, found, at, turn = Reader(), [], 0, 0
    while at < len(stream):
        size = cuts[turn % len(cuts)]
        found += reader.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert found == [Frame(n, k, f, t, p) for n, k, p, t, f in said]


def test_a_message_that_claims_more_than_any_has_is_garbage():
    with pytest.raises(Garbage):
        Reader(100).feed(frames.HEAD.pack(101, 1, 1, 0, 0.0))


@given(
    st.binary(max_size=200)
    | st.builds(
        msgspec.msgpack.encode,
        st.recursive(
            st.none() | st.integers(0, 9) | st.text(max_size=3) | st.binary(max_size=9),
            lambda x: st.lists(x, max_size=4),
        ),
    )
)
def test_an_answer_that_is_none_is_garbage_and_nothing_else(payload):
    for read in (lambda p: unpacking.columns(p, 1), unpacking.failure, unpacking.body, unpacking.info):
        try:
            read(payload)
        except Garbage:
            continue


def test_an_answer_of_another_number_of_rows_is_garbage():
    whole = msgspec.msgpack.encode((["prediction"], "d", [struct.pack("<2d", 1, 2)]))
    assert unpacking.columns(whole, 2) == {"prediction": [1.0, 2.0]}
    for rows in (1, 3):
        with pytest.raises(Garbage):
            unpacking.columns(whole, rows)
    for columns in ((["a", "a"], "vv", [[1], [1]]), (["a"], "v", [[{}]]), (["a"], "x", [[1]]), ([], "", [])):
        with pytest.raises(Garbage):
            unpacking.columns(msgspec.msgpack.encode(columns), 1)


def _question(rows):
    return Question("i", "e", "v", 0.0, "ada", "text/csv", "", b"", rows)


def test_numbers_go_as_one_matrix_in_the_models_order():
    wants = Wants(("a", "b"), 2, "matrix")
    named = packing.packed(_question(Rows(("b", "x", "a"), [[2, 9, 1], [4, 9, None]])), wants)
    plain = packing.packed(_question(Rows((), [[5, True]])), wants)
    assert named.joins == plain.joins and (named.count, plain.count) == (2, 1)
    payload = packing.payload([named, plain])
    assert frames.SHAPE.unpack_from(payload) == (3, 2)
    numbers = array("d")
    numbers.frombytes(payload[frames.SHAPE.size :])
    assert numbers[:2].tolist() == [1, 2]
    assert numbers[2] != numbers[2] and numbers[3:].tolist() == [4, 5, 1]


def test_texts_go_as_cells_and_rows_that_do_not_fit_are_refused():
    wants = Wants(("a", "b"), 2, "cells")
    one = packing.packed(_question(Rows((), [[1, "x"]])), wants)
    assert one.kind == frames.CELLS and msgspec.msgpack.decode(packing.payload([one, one])) == [
        [],
        [[1, "x"], [1, "x"]],
    ]
    for rows in (Rows((), [[1]]), Rows(("a", "c"), [[1, 2]]), None):
        with pytest.raises(PayloadRefused):
            packing.packed(_question(rows), wants)
    for row, asked in (([10**400, 1], "matrix"), ([10**40, "x"], "cells")):
        with pytest.raises(PayloadRefused):
            packing.packed(_question(Rows((), [row])), Wants(("a", "b"), 2, asked))


@pytest.mark.parametrize("counts", [[1], [14, 1], [15, 1], [65_534, 1], [65_535, 1]])
def test_cells_of_any_number_of_rows_are_joined(counts):
    wants = Wants((), 0, "cells")
    parts = [packing.packed(_question(Rows(("a",), [["x"]] * n)), wants) for n in counts]
    assert msgspec.msgpack.decode(packing.payload(parts)) == [["a"], [["x"]] * sum(counts)]
