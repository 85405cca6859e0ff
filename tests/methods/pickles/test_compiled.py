"""The compiled loop against its twin in Python: the same walk of whatever bytes, opcode by opcode."""

from __future__ import annotations

import pickle
import struct
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus import gadgets, plain
from tests.corpus.streams import body, glob, short, stack, text

from assay.methods.pickles import compiled, machine, rare, state
from assay.methods.pickles.compiled import built
from assay.methods.pickles.machine import walk
from assay.methods.pickles.names import Names
from assay.methods.pickles.values import Bag, Computed, DType, Global, Instance, Tup

pytestmark = pytest.mark.skipif(
    built() is None, reason="the compiled machine was not built: python -m assay.engines.compiling"
)


def plainly(value, level=0):
    """A value as plain data that can be compared."""
    if isinstance(value, (Tup, Bag)):
        said = (value.deep, value.plain) if isinstance(value, Tup) else (value.deep, value.kind, value.more)
        return said if level > 8 else (*said, *(plainly(v, level + 1) for v in value.items))
    if isinstance(value, Global):
        return "global", value.key
    if isinstance(value, Instance):
        return "instance", value.of.key
    if isinstance(value, DType):
        return "dtype", value.code, value.objects
    return (
        value.text
        if isinstance(value, Computed)
        else value
        if value is None or isinstance(value, int)
        else str(type(value))
    )


def said(data, python, arrays=True, start=0, end=None):
    found = walk(data, start, len(data) if end is None else end, Names(), arrays=arrays, python=python)
    return {
        **{k: getattr(found, k) for k in ("start", "end", "complete", "error", "opcodes", "nested", "arrays", "stopped", "shared", "persistent_at")},
        "hits": [(h.sort, h.name, h.expression, h.offset, h.opcode, h.called, h.what, h.count) for h in found.hits],
        "result": plainly(found.result),
        "persistent": [plainly(v) for v in found.persistent],
    }  # fmt: skip


def alike(data, **options):
    one, two = said(data, False, **options), said(data, True, **options)
    assert one == two, data[:200]


SMALL = st.integers(0, 3).map(lambda n: bytes([n]))
JOBLIB = glob("joblib.numpy_pickle", "NumpyArrayWrapper")
PIECES = st.one_of(
    st.sampled_from([bytes([op]) for op in range(256)]),
    st.sampled_from(list(b"N()]}\x8f(0120tldae\x85\x86\x87sub\x90\x91R\x81\x92\x93\x94oQ.")).map(lambda c: bytes([c])),
    st.sampled_from([b"(", b"(", b"N", b"]", b"}", b")", b"\x94", b"\x85", b"\x86", b"R", b"2", b"a", b"u", b"e"]),
    SMALL.map(lambda n: b"K" + n), SMALL.map(lambda n: b"h" + n), SMALL.map(lambda n: b"q" + n),
    SMALL.map(lambda n: b"j" + n + b"\0\0\0"), SMALL.map(lambda n: b"r" + n + b"\0\0\0"),
    st.integers(0, 1 << 32).map(lambda n: b"r" + struct.pack("<I", n & 0xFFFFFFFF)),
    st.sampled_from([b"g0\n", b"p0\n", b"p1\n", b"g 1\n", b"p70000\n", b"p99999999999999999999999\n", b"g99999999999999999999999\n", b"p-1\n", b"gx\n", b"p\n"]),
    st.sampled_from([b"I01\n", b"I7\n", b"I0x7\n", b"L99L\n", b"L-5L\n", b"F1.5\n", b"F1e5\n", b"Fnan\n", b"Ix\n", b"S'a'\n", b"Va\n", b"Pid\n", b"I" + b"7" * 70 + b"\n", b"F.\n", b"F-\n"]),
    st.binary(max_size=6).map(lambda b: b"C" + bytes([len(b)]) + b),
    st.sampled_from([body([1, (2, 3)]), body({"a": (1,)}), short("os"), text("getpid"), b"\x80\x04", b"\x80\x02", b"\x80\x07"]),
    st.sampled_from([b"C\x05\x80\x04N..", b"B\x05\0\0\0(NNN.", b"\x8e" + struct.pack("<Q", 1 << 63), b"\x8a\x02ab", b"\x8b\xff\xff\xff\xff", b"\x95" + struct.pack("<Q", 20), b"\x95" + bytes(8)]),
    st.sampled_from([glob("os", "getpid"), glob("collections", "OrderedDict"), glob("numpy", "ndarray"), glob("numpy", "dtype"),
        glob("xgboost.core", "Booster"), glob("functools", "partial"), glob("builtins", "getattr"), stack("os", "system"),
        glob("copyreg", "_reconstructor") + glob("xgboost.core", "Booster") + glob("builtins", "object") + b"N\x87R",
        JOBLIB + b")\x81", glob("datetime", "date") + b"C\x04abcd\x85R", b"(iset\nx\n", b"(icollections\nOrderedDict\n", b"\x82\x01", b"\x84abcd"]),
    st.sampled_from([glob("numpy", "dtype") + short(code) + b"\x89\x88\x87R" for code in ("f8", "O8", "V8", "i4")]),
    st.just(JOBLIB + b")\x81}(" + short("shape") + b"K\x02\x85" + short("dtype") + glob("numpy", "dtype") + short("i1") + b"\x89\x88\x87Rubab"),
    st.just(JOBLIB + b")\x81}(" + short("shape") + b"K\x02\x85" + short("dtype") + glob("numpy", "dtype") + short("O8") + b"\x89\x88\x87Rub]."),
    st.binary(max_size=4),
)  # fmt: skip


@given(st.lists(PIECES, max_size=40), st.booleans(), st.booleans())
@settings(max_examples=400)
def test_any_opcodes(pieces, stops, arrays):
    alike(b"".join(pieces) + b"." * stops, arrays=arrays)


@contextmanager
def close_limits():
    """Both machines with limits that a few opcodes reach."""
    close = {
        "STACK_LIMIT": 12,
        "TABLE_LIMIT": 3,
        "CAPTURE_LIMIT": 4,
        "MEMO_LIMIT": 24,
        "MEMO_GAP": 5,
        "SLICE": 24,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "_LIMITS", tuple(close.values()))
        for module in (machine, rare, state):
            for name, value in close.items():
                if hasattr(module, name):
                    patch.setattr(module, name, value)
        yield


@given(st.lists(PIECES, max_size=60))
@settings(max_examples=400)
def test_any_opcodes_near_every_limit(pieces):
    with close_limits():
        alike(b"".join(pieces) + b".")


REAL = [pickle.dumps(v, p) for v in plain.MADE.values() for p in (0, 2, 4)] + [
    way("os", "getpid", (1, "a", [2])) for way in gadgets.WAYS
]


@given(
    st.sampled_from(REAL),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
    st.integers(0, 400),
)
@settings(max_examples=300)
def test_real_pickles_that_were_damaged(data, changes, length):
    made = bytearray(data)
    for at, value in changes:
        made[at % len(made)] = value
    alike(bytes(made))
    alike(bytes(made[: length % len(made)]))


def test_a_memo_ends_at_its_limit_however_it_is_filled():
    with close_limits():
        data = b"N\x940" * 25 + b"."
        alike(data)
        assert said(data, True)["error"] == "its memo grows past what is followed"


@given(st.sampled_from(REAL), st.integers(0, 100), st.integers(0, 100))
@settings(max_examples=60)
def test_a_walk_within_a_file_ends_within_it(data, start, short_by):
    alike(data, start=min(start, len(data)), end=max(0, len(data) - short_by))
