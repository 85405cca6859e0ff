"""The symbolic machine against hand-built streams, real pickles, and CPython's own decoder."""

from __future__ import annotations

import builtins
import collections
import datetime
import decimal
import os
import pickle
import pickletools
import struct
import tracemalloc
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.pickles.machine import walk
from assay.methods.pickles.names import Names


def follow(data: bytes, **options):
    return walk(data, 0, len(data), Names(), **options)


def hits(data: bytes) -> list[tuple[str, str, str]]:
    return [(h.sort, h.name, h.expression) for h in follow(data).hits]


def short(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


class Call:
    """Pickles as a call; nothing here runs until somebody loads it, and the targets are harmless."""

    def __init__(self, function, *args):
        self.made = (function, args)

    def __reduce__(self):
        return self.made


PID = b"cos\ngetpid\n"


@pytest.mark.parametrize("protocol", range(6))
def test_a_call_is_shown_as_the_python_it_would_run(protocol):
    found = follow(pickle.dumps(Call(eval, "1+1"), protocol))
    assert found.complete
    assert [(h.sort, h.expression, h.opcode, h.called) for h in found.hits] == [
        ("danger", "eval('1+1')", "REDUCE", True)
    ]


@pytest.mark.parametrize(
    ("stream", "name"),
    [
        (b"cos\ngetpid\n(tR.", "os.getpid"),  # protocol 0
        (b"(ios\ngetpid\n.", "os.getpid"),  # INST
        (b"(" + PID + b"o.", "os.getpid"),  # OBJ
        (b"\x80\x02" + PID + b")\x81.", "os.getpid"),  # NEWOBJ
        (b"\x80\x04" + short("os") + short("getpid") + b"\x93)}\x92.", "os.getpid"),  # NEWOBJ_EX
        (b"\x80\x04" + short("os") + short("getpid") + b"\x93)R.", "os.getpid"),
        (b"\x80\x02" + PID + b".", "os.getpid"),  # imported only
        (b"\x80\x02" + PID + b"0N.", "os.getpid"),  # imported and thrown away
        (b"\x80\x02cnt\nsystem\n.", "nt.system"),
        (b"c__builtin__\neval\n(V1\ntR.", "__builtin__.eval"),  # a Python 2 name
        (b"ccommands\ngetoutput\n.", "commands.getoutput"),
    ],
)
def test_every_way_to_import_is_seen(stream, name):
    assert [(h.sort, h.name) for h in follow(stream).hits] == [("danger", name)]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("random", "_os.getpid"),
        ("logging", "os.getpid"),
        ("numpy", "os.getpid"),
        ("collections", "_sys.modules"),
        ("collections", "namedtuple.__globals__"),
        ("pathlib", "Path.write_text"),
        ("datetime", "sys.exit"),
        ("numpy", "load"),
        ("numpy.core", "_ufunc_reconstruct"),
        ("joblib", "load"),
        ("pandas", "eval"),
        ("pandas", "read_pickle"),
        ("io", "open_code"),
        ("dataclasses", "_create_fn"),
        ("typing", "get_type_hints"),
        ("gettext", "c2py"),
        ("importlib", "import_module"),
        ("marshal", "loads"),
        ("types", "FunctionType"),
        ("builtins", "__import__"),
        ("builtins", "vars"),
        ("functools", "reduce"),
        ("distutils.spawn", "spawn"),
        ("multiprocessing.util", "spawnv_passfds"),
        ("logging.config", "fileConfig"),
        ("smtplib", "SMTP"),
        ("_ctypes", "dlopen"),
        ("zipimport", "zipimporter"),
        ("sqlite3", "connect"),
        ("torch.hub", "load"),
        ("torch.utils.cpp_extension", "load_inline"),
        ("pkgutil", "resolve_name"),
        ("pip", "main"),
        ("timeit", "timeit"),
        ("runpy", "run_path"),
        ("operator", "attrgetter"),
        ("scipy.stats._distn_infrastructure", "rv_sample"),
    ],
)
def test_known_gadgets_are_named(module, name):
    stream = b"\x80\x04" + short(module) + short(name) + b"\x93."
    assert [(h.sort, h.name) for h in follow(stream).hits] == [("danger", f"{module}.{name}")]


def test_a_name_on_no_list_is_unknown():
    assert hits(b"\x80\x02cmypackage.steps\nClip\n)\x81.") == [
        ("unknown", "mypackage.steps.Clip", "mypackage.steps.Clip()")
    ]


def test_a_name_given_to_the_judge_is_allowed_and_a_danger_never():
    stream = b"\x80\x02cmypackage.steps\nClip\n)\x81."
    assert not walk(stream, 0, len(stream), Names([("mypackage.steps", "Clip")])).hits
    assert Names([("os", "system")]).judge("os", "system").level == "danger"


def test_memo_filled_by_put_after_get_is_followed():
    # The decoy is put into slot 0 and then overwritten: a machine that keeps the first would read "collections".
    stream = (
        b"\x80\x04" + short("collections") + b"q\x000" + short("os") + b"q\x000"
        b"h\x00" + short("getpid") + b"\x93)R."
    )  # fmt: skip
    assert [h.name for h in follow(stream).hits] == ["os.getpid"]


def test_memoize_counts_filled_slots_not_the_highest():
    # PUT 5 fills one slot, so MEMOIZE writes slot 1, as CPython does.
    stream = b"\x80\x04" + short("os") + b"q\x05" + short("getpid") + b"\x94" + b"00h\x05h\x01\x93)R."
    assert pickle.loads(stream) == os.getpid()
    assert [h.name for h in follow(stream).hits] == ["os.getpid"]


@pytest.mark.parametrize("index", [70, 300, 100_000, 2**31])
def test_far_memo_slots_are_followed(index):
    put = b"r" + struct.pack("<I", index)
    get = b"j" + struct.pack("<I", index)
    stream = b"\x80\x04" + short("os") + put + b"0" + get + short("getpid") + b"\x93)R."
    assert [h.name for h in follow(stream).hits] == ["os.getpid"]


def test_a_computed_name_is_unknown():
    stream = b"\x80\x04c_codecs\nencode\n" + short("os") + short("latin1") + b"\x86R" + short("x") + b"\x93."
    assert [h.sort for h in follow(stream).hits] == ["unknown"]


def test_what_a_refused_call_gives_is_not_callable_either():
    stream = b"\x80\x02cbuiltins\ngetattr\ncnumpy\nndarray\nX\x06\x00\x00\x00tofile\x86R(tR."
    found = hits(stream)
    assert found[0][2] == "getattr(numpy.ndarray, 'tofile')"
    assert found[1][2] == "getattr(numpy.ndarray, 'tofile')()"


@pytest.mark.parametrize(
    "stream",
    [
        b"\x80\x02cbuiltins\ntype\n(X\x01\x00\x00\x00a)}tR.",  # three arguments make a class
        b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R.",
        b"\x80\x02cnumpy\nmemmap\n)R.",  # may be mentioned, not called
        b"\x80\x02cfunctools\npartial\n)R)R.",  # an object made, then called
        b"\x80\x02K\x01)R.",
    ],
)
def test_allowed_names_used_otherwise_are_hits(stream):
    assert follow(stream).hits


@pytest.mark.parametrize("code", [b"\x82\x05", b"\x83\x05\x00", b"\x84\x05\x00\x00\x00"])
def test_extension_codes_are_unknown(code):
    assert hits(b"\x80\x02" + code + b")R.")[0][:2] == ("unknown", "<extension code 5>")


def test_changing_a_class_in_place_is_tampering():
    assert hits(b"\x80\x02cnumpy\nndarray\n}X\x01\x00\x00\x00aK\x01sb.")[0][:2] == (
        "tampering",
        "numpy.ndarray",
    )


@pytest.mark.parametrize(
    "tail",
    [
        b"",
        b"\xff",
        b"X\xff\xff\xff\x7f",
        b"h\x09.",
        b"R.",
        b"a.",
        b"\x95\xff\xff\xff\xff\xff\xff\xff\xff",
        b"t.",
    ],
)
def test_a_payload_before_the_break_is_a_hit(tail):
    found = follow(b"\x80\x02" + PID + b")R" + tail)
    assert not found.complete
    assert found.error
    assert [h.name for h in found.hits] == ["os.getpid"]


def test_python2_names_are_mapped_only_below_protocol_3():
    assert not follow(b"\x80\x02ccopy_reg\n_reconstructor\n.").hits
    assert follow(b"\x80\x02c__builtin__\nset\n.").hits == []
    assert hits(b"\x80\x04cUserDict\nUserDict\n.")[0][0] == "unknown"


def test_a_pickle_in_bytes_is_offered_for_a_look():
    inner = pickle.dumps(Call(eval, "1"))
    found = follow(pickle.dumps({"a": inner, "b": bytearray(inner)}, 5))
    assert len(found.nested) == 2
    start, end = found.nested[0]
    data = pickle.dumps({"a": inner, "b": bytearray(inner)}, 5)
    assert data[start:end] == inner


def test_hostile_text_cannot_steer_a_terminal():
    stream = b"\x80\x02cos\nsystem\nX\x05\x00\x00\x00\x1b[2Jx\x85R."
    assert "\x1b" not in follow(stream).hits[0].expression


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates() | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner) | st.frozensets(st.text()),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(PLAIN, st.integers(0, 5))
def test_plain_data_is_followed_to_its_end_and_clean(value, protocol):
    data = pickle.dumps(value, protocol)
    found = follow(data)
    assert (found.complete, found.end, found.hits) == (True, len(data), [])
    assert found.opcodes + 1 == sum(1 for _ in pickletools.genops(data))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data):
    found = follow(data)
    assert found.complete or found.error


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 255), max_size=6), st.integers(0, 5))
def test_a_damaged_pickle_never_hides_what_cpython_would_import(edits, protocol):
    """Whatever CPython resolves on a damaged stream, the machine has seen too."""
    data = bytearray(pickle.dumps([1, "a", Call(os.getpid), (2, b"xy")], protocol))
    for i, value in enumerate(edits):
        data[(i * 37 + value) % len(data)] = value
    met: set[str] = set()

    class Loud(pickle.Unpickler):
        def find_class(self, module, name):
            met.add(f"{module}.{name}")
            return collections.OrderedDict

    import io

    try:
        Loud(io.BytesIO(bytes(data))).load()
    except Exception:
        pass
    seen = {h.name for h in follow(bytes(data)).hits}
    assert {n for n in met if not _allowed(n)} <= seen


def _allowed(full: str) -> bool:
    module, _, name = full.rpartition(".")
    return Names().judge(module, name, 4).allowed


@pytest.mark.parametrize("protocol", range(6))
def test_standard_library_data_is_clean(protocol):
    values = [datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), decimal.Decimal("1.5"), uuid.UUID(int=1),
              collections.OrderedDict(a=1), collections.defaultdict(list), collections.Counter("aa"), b"ab", {1}, 1j,
              frozenset([1]), slice(1, 2), range(3), type(None), bytearray(b"x"), ..., collections.deque([1])]  # fmt: skip
    data = pickle.dumps(values, protocol)
    found = follow(data)
    assert (found.complete, found.hits) == (True, [])


@pytest.mark.slow
def test_memory_stays_flat_over_many_small_dicts():
    data = pickle.dumps([{"id": i, "name": f"n{i}", "v": i * 0.5} for i in range(30_000)])
    tracemalloc.start()
    try:
        found = follow(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.complete
    assert peak < len(data)  # a list of all opcodes takes some fifty times the file


def test_deep_nesting_is_followed_without_recursion():
    stream = b"\x80\x02" + b")" + b"\x85" * 200_000 + b"."
    assert follow(stream).complete
    assert follow(b"]" * 200_000 + b"a" * 199_999 + b".").complete


def test_lists_that_hold_themselves_are_survived():
    loop: list = []
    loop.append((loop, loop))
    assert follow(pickle.dumps(loop)).complete
    twice = b"]2\x85a2\x85a."
    assert len(pickle.loads(twice)) == 2 and follow(twice).complete


def test_no_builtin_is_allowed_that_can_reach_others():
    for name in dir(builtins):
        judged = Names().judge("builtins", name)
        if name in (
            "eval",
            "exec",
            "open",
            "compile",
            "__import__",
            "setattr",
            "globals",
            "vars",
            "map",
            "input",
        ):
            assert judged.level == "danger"


def object_array(inner: bytes) -> bytes:
    """What joblib writes for an array of objects: a wrapper, and behind it a pickle of its own."""
    wrapper = short("joblib.numpy_pickle") + short("NumpyArrayWrapper") + b"\x93)\x81"
    dtype = short("numpy") + short("dtype") + b"\x93" + short("O8") + b"\x85R"
    state = b"}(" + short("dtype") + dtype + short("shape") + b"K\x01\x85u"
    return b"\x80\x04" + wrapper + state + b"b" + inner + b"."


def test_object_arrays_a_thousand_deep_end_the_walk_and_not_the_interpreter():
    data = b"\x80\x02N."
    assert follow(object_array(object_array(data))).complete
    for _ in range(1000):
        data = object_array(data)
    found = follow(data)
    assert not found.complete
    assert "more than 16 deep" in found.error


def test_a_call_within_an_object_array_is_found():
    found = follow(object_array(pickle.dumps(Call(eval, "1+1"), 2)))
    assert found.complete and found.arrays == 1
    assert [h.expression for h in found.hits] == ["eval('1+1')"]


def test_the_twin_in_python_held_as_many_tuples_as_a_file_told_it_to(monkeypatch):
    from assay.methods.pickles import state

    monkeypatch.setattr(state, "HELD_LIMIT", 1000)

    def walked(data: bytes):
        return walk(data, 0, len(data), Names(), python=True)

    held = walked(b"\x80\x04(" + b"K\x01\x85" * 2500 + b"t.")
    assert "more tuples and lists at once" in held.error
    assert walked(b"\x80\x04(" + b"K\x01\x85" * 900 + b"t.").complete
    assert walked(b"\x80\x04" + b"K\x01\x850" * 5000 + b"N.").complete  # made, and thrown away
    shared = b"K\x01\x85\x94" + b"h\x00" * 5000  # one, held often
    assert walked(b"\x80\x04(" + shared + b"t.").complete


DTYPE = b"\x80\x02cnumpy\ndtype\n(X\x02\0\0\0V8K\0K\1tR"
SYSTEM = b"0cos\nsystem\nX\2\0\0\0id\x85R."


@pytest.mark.parametrize("python", [False, True])
def test_the_fields_of_a_dtype_that_hold_themselves_end_no_walk(python):
    ring = b"](K\1e2\x85a"  # a list, which holds a tuple, which holds the list
    data = DTYPE + b"(K\3X\1\0\0\0|N" + ring + ring + b"K\x08K\1K\0tb" + SYSTEM
    found = follow(data, python=python)
    assert found.complete
    assert [(h.sort, h.name) for h in found.hits] == [("lie", "numpy.dtype"), ("danger", "os.system")]


@pytest.mark.parametrize("python", [False, True])
def test_a_number_too_long_to_be_spelled_out_hides_no_call(python):
    number = (
        b"\x8b" + struct.pack("<I", 1900) + b"\x7f" * 1900
    )  # Python spells out 4,300 digits, and this has 4,576
    found = follow(b"\x80\x02cos\nsystem\n" + number + b"\x85R.", python=python)
    assert found.complete
    assert [(h.sort, h.expression) for h in found.hits] == [("danger", "os.system(...)")]


@pytest.mark.parametrize("python", [False, True])
@pytest.mark.parametrize("name", [b"bytearray", b"range"])
def test_what_is_asked_for_may_be_more_than_a_float_holds(name, python):
    found = follow(b"\x80\x03cbuiltins\n" + name + b"\n\x8a\xc8" + b"\x7f" * 200 + b"\x85R.", python=python)
    assert found.complete
    assert [(h.sort, h.what) for h in found.hits] == [("bomb", "more than 1e+300 values")]
