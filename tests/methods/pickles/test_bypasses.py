"""Streams that once hid a call from the machine. Each is loaded here, to show that the call is really made: the
payload makes an empty folder and does nothing else."""

from __future__ import annotations

import functools
import io
import os
import pickle
import struct

import joblib
import numpy as np
import pytest

from assay.methods.pickles.machine import walk
from assay.methods.pickles.names import Names


def follow(data, **options):
    return walk(data, 0, len(data), Names(), **options)


def short(text):
    return b"\x8c" + bytes([len(text)]) + text.encode()


def glob(module, name):
    return f"c{module}\n{name}\n".encode()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "made"


def payload(folder):
    """os.mkdir(folder), read through memo slots 0 and 1 of a fresh pickle: elsewhere they mean something else."""
    return (
        b"\x80\x04" + short("os") + b"\x94" + short("mkdir") + b"\x94" + b"00"
        b"h\x00h\x01\x93" + short(str(folder)) + b"\x85R."
    )  # fmt: skip


# A loader that goes on in the same pickle would read the payload's two names as these.
DECOY = b"\x80\x04" + short("collections") + b"q\x000" + short("OrderedDict") + b"q\x010"
WRAPPER = glob("joblib.numpy_pickle", "NumpyArrayWrapper")
DTYPE = glob("numpy", "dtype")


def dtype(code, state=b""):
    return DTYPE + short(code) + b"\x89\x88\x87R" + state


def fields(kind, count=40):
    """The state of a wrapper: ``count`` items of a dtype."""
    return (
        short("subclass") + glob("numpy", "ndarray")
        + short("shape") + b"K" + bytes([count]) + b"\x85"
        + short("order") + short("C")
        + short("dtype") + kind
        + short("allow_mmap") + b"\x89"
    )  # fmt: skip


def stream(before, folder, room=320):
    """A joblib file: what makes the wrapper and its state, BUILD, a pickle where raw numbers are expected, an end."""
    return DECOY + before + b"b" + payload(folder).ljust(room, b"N") + b"."


NEW = WRAPPER + b")\x81"
TRICKS = {
    "a dtype of two, one of them objects": NEW + b"}(" + fields(dtype("m8[s],O8")) + b"u",
    "a state changed through the memo": NEW + b"}q\x09(" + fields(dtype("f8")) + b"u"
    + b"h\x09(" + short("dtype") + dtype("O8") + b"u0",
    "made by a helper of scikit-learn": glob("sklearn.neighbors._kd_tree", "newObj") + WRAPPER + b"\x85R"
    + b"}(" + fields(dtype("O8")) + b"u",
    "turned into one": glob("sklearn.utils._metadata_requests", "MethodMapping") + b")\x81"
    + b"}(" + fields(dtype("O8")) + b"ub" + b"N}" + short("__class__") + WRAPPER + b"s\x86",
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_an_object_array_of_joblib_passed_off_as_something_else(trick, folder):
    data = stream(TRICKS[trick], folder)
    try:
        joblib.load(io.BytesIO(data))
    except Exception:  # what matters happens before
        pass
    found = follow(data)
    assert found.hits or not found.complete
    assert folder.exists(), "the payload did not run, so that this shows nothing"


def test_a_slot_that_was_far_and_came_near_is_counted_once(folder):
    """Counted twice, MEMOIZE would fill another slot than CPython does."""
    far, near = 70_000, 10_000
    put = lambda at: b"r" + struct.pack("<I", at)
    head = b"\x80\x04N" + put(far) + put(near) + put(far + 1) + put(far) + b"0"
    # With slot 4 four are filled, so MEMOIZE fills slot 4; a machine that counted five would leave "collections" there.
    data = (
        head + short("collections") + b"q\x040" + short("os") + b"\x940"
        b"h\x04" + short("mkdir") + b"\x93" + short(str(folder)) + b"\x85R."
    )  # fmt: skip
    pickle.loads(data)
    assert folder.exists()
    assert [h.name for h in follow(data).hits] == ["os.mkdir"]


def test_a_second_pickle_after_a_frame_that_is_too_long(folder):
    """A reader of files goes on where the frame ends, and not where the first pickle does."""
    second = payload(folder)
    # After the first STOP, still inside its frame, text begins that would swallow the second pickle.
    inside = b"N." + b"\x80\x04X" + struct.pack("<I", len(second) + 1)
    data = b"\x80\x04\x95" + struct.pack("<Q", len(inside)) + inside + second + b" 0N."
    source = io.BytesIO(data)
    assert pickle.load(source) is None
    pickle.load(source)
    assert folder.exists()
    assert not follow(data).complete


@pytest.mark.parametrize(
    "made",
    [
        glob("copyreg", "__newobj__") + glob("numpy", "memmap") + b"%s\x86R",
        glob("copyreg", "_reconstructor") + b"(" + glob("numpy", "memmap") + glob("numpy", "memmap") + b"%stR",
        glob("numpy.random._pickle", "__generator_ctor") + b"%s" + glob("numpy", "memmap") + b"\x86R",
        glob("pandas.core.indexes.base", "_new_Index")
        + glob("numpy", "memmap") + b"}(" + short("filename") + b"%s" + short("mode") + short("w+")
        + short("shape") + b"K\x04u\x86R",
    ],
    ids=["__newobj__", "_reconstructor", "__generator_ctor", "_new_Index"],
)  # fmt: skip
def test_an_allowed_helper_opens_no_file_for_it(made, tmp_path):
    target = tmp_path / "victim"
    target.write_bytes(bytes(64))
    data = (
        b"\x80\x02"
        + made.replace(b"%s", b"X" + struct.pack("<I", len(str(target))) + str(target).encode())
        + b"."
    )
    assert follow(data).hits


def test_a_memmap_read_back_as_an_array_is_clean(tmp_path):
    array = np.memmap(tmp_path / "m", "float64", "w+", shape=(3,))
    for protocol in range(6):
        assert not follow(pickle.dumps(np.asanyarray(array), protocol)).hits
    joblib.dump({"a": array, "b": np.zeros(3)}, tmp_path / "j")
    found = follow((tmp_path / "j").read_bytes())
    assert (found.complete, found.hits) == (True, [])


@pytest.mark.parametrize("module", ["xgboost.core", "lightgbm.basic"])
def test_a_booster_is_made_and_never_called(module):
    """Called with arguments it opens a file or an address."""
    called = b"\x80\x02" + glob(module, "Booster") + b"(NNX\x06\x00\x00\x00/etc/xtR."
    assert follow(called).hits
    partial = b"\x80\x02" + glob("functools", "partial") + glob(module, "Booster") + b"\x85R."
    assert follow(partial).hits
    assert not follow(b"\x80\x02" + glob(module, "Booster") + b")\x81}b.").hits


def test_torch_rebuilds_nothing_by_a_function_of_the_pickles_choice():
    helper = glob("torch._tensor", "_rebuild_from_type_v2")
    tail = glob("torch", "Tensor") + b")}tR."
    assert follow(b"\x80\x02" + helper + b"(" + glob("builtins", "eval") + tail).hits
    assert follow(b"\x80\x02" + helper + b"(" + glob("numpy", "memmap") + tail).hits
    assert not follow(b"\x80\x02" + helper + b"(" + glob("torch._utils", "_rebuild_tensor_v2") + tail).hits


def test_a_danger_met_after_a_thousand_unknown_names_is_still_told():
    data = (
        b"\x80\x02"
        + b"".join(glob("mine", f"n{i}") + b"0" for i in range(1500))
        + glob("os", "getpid")
        + b")R."
    )
    assert any(h.sort == "danger" for h in follow(data).hits)


@pytest.mark.parametrize("compress", [0, 3])
def test_structured_arrays_of_joblib_are_followed(tmp_path, compress):
    plain = np.zeros(5, [("a", "f8"), ("b", "i4", (2,)), ("c", [("d", "U3")])])
    objects = np.zeros(5, [("a", "O"), ("b", "i4")])
    times = np.zeros(3, "M8[ns]")
    joblib.dump([plain, objects, times, plain.astype(plain.dtype)], tmp_path / "j", compress=compress)
    data = (tmp_path / "j").read_bytes()
    if compress:
        import zlib

        data = zlib.decompress(data)
    found = follow(data)
    assert (found.complete, found.hits, found.arrays) == (True, [], 4), found.error


def test_the_folder_is_only_made_by_the_payload(folder):
    assert not folder.exists()
    pickle.loads(payload(folder))
    assert os.listdir(folder) == []


HELD = [("builtins", "getattr"), ("builtins", "type"), ("functools", "partial"), ("_codecs", "encode"), ("copyreg", "__newobj__")]  # fmt: skip


@pytest.mark.parametrize("held", HELD)
def test_a_getattr_held_by_a_partial_reached_every_module_through_numpy(held):
    """NumPy asks objects for ``__array__`` and their items for ``sin``, and calls what they hold."""
    partial, name = glob("functools", "partial"), glob(*held)
    state = b"(" + name + b")}}t"
    for data in (
        partial + b"(" + name + b"K\x01tR.",
        partial + b"(" + name + b"K\x01t\x81.",
        b"(" + partial + name + b"o.",
        partial + b"(" + glob("builtins", "len") + b"tR" + state + b"b.",
        glob("copyreg", "__newobj__") + b"(" + partial + name + b"tR.",
        partial + glob("builtins", "tuple") + b"]\x85RR.",  # what it is given is computed
    ):
        assert follow(b"\x80\x04" + data).hits, data


def test_a_partial_of_a_plain_function_passes():
    held = functools.partial(np.clip, a_min=0.0, a_max=1.0)
    for protocol in (2, 4, 5):
        found = follow(pickle.dumps(held, protocol))
        assert (found.complete, found.hits) == (True, [])
