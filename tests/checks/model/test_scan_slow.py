"""Files made to take a reader's time or memory: each is read or refused in a moment."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import time
import tracemalloc
import zlib

import pytest
from tests.checks.model.test_scan_behind import field, varint

from assay.checks.model.scan import check
from assay.kernel.asset import Asset
from assay.kernel.severity import Severity
from assay.works.bench import FileTree


@pytest.fixture
def scanned(tmp_path, work):
    def scan(content, name):
        path = tmp_path / name
        path.write_bytes(content)
        return check(FileTree(Asset("tree", name, str(path), "sha256:0"), path), work=work)

    return scan


def _paddle(shape):
    described = b"\x08\x05" + shape
    return bytes(16) + struct.pack("<I", len(described)) + described


def _entry(shared, key, value=b""):
    return varint(shared) + varint(len(key)) + varint(len(value)) + key + value


def _checkpoint(*entries):
    """A table of one block, and its index."""
    block = b"".join(entries) + struct.pack("<II", 0, 1)
    index = _entry(0, b"k", varint(0) + varint(len(block))) + struct.pack("<II", 0, 1)
    places = varint(0) + varint(0) + varint(len(block) + 5) + varint(len(index))
    return (
        block
        + bytes(5)
        + index
        + bytes(5)
        + places.ljust(40, b"\0")
        + (0xDB4775248B80FB57).to_bytes(8, "little")
    )


def _safetensors(axes):
    header = json.dumps({"a": {"dtype": "F32", "shape": [9] * axes, "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4)


def _key(name):
    return b"L" + struct.pack(">q", len(name)) + name


def _ubjson(trees, children=b"[$l#i\1\xff\xff\xff\xff"):
    tree = b"{" + _key(b"left_children") + children + _key(b"right_children") + children
    tree += _key(b"tree_param") + b"{" + _key(b"num_nodes") + b"S" + _key(b"1") + b"}}"
    return b"{" + _key(b"learner") + b"[" + tree * trees + b"]}"


def _tflite(graphs, tensors):
    """So many graphs that are one, and so many tensors in it that are one."""
    out = bytearray(4) + b"TFL3"
    of_tensor = len(out)
    out += struct.pack("<HH", 4, 4)
    of_graph = len(out)
    out += struct.pack("<HHHH", 6, 8, 4, 0)
    of_model = len(out)
    out += struct.pack("<HHHHHH", 10, 8, 0, 0, 4, 0)
    struct.pack_into("<I", out, 0, len(out))
    out += struct.pack("<iI", len(out) - of_model, 4)
    for count, table, more in ((graphs, of_graph, struct.pack("<I", 4)), (tensors, of_tensor, b"")):
        out += struct.pack("<I", count)
        target = len(out) + 4 * count
        for _ in range(count):
            out += struct.pack("<I", target - len(out))
        out += struct.pack("<i", target - table) + more
    return bytes(out)


def _twice(keys, times):
    return ("{" + ",".join([*(f'"k{i}":1' for i in range(keys)), *['"a":1'] * times]) + "}").encode()


def _template(text):
    return json.dumps({"chat_template": text}).encode()


def _folders(count):
    """A 7z of so many folders of nothing, and as many members in them."""

    def number(value):
        return bytes([0xC0 | value >> 16]) + struct.pack("<H", value & 0xFFFF)

    names = b"\0" + "".join(f"f{i}\0" for i in range(count)).encode("utf-16-le")
    header = (
        b"\1\4\6\0"
        + number(count)
        + b"\x09"
        + bytes(count + 1)
        + b"\7\x0b"
        + number(count)
        + b"\0"
        + b"\1\1\0" * count
    )
    header += (
        b"\x0c"
        + bytes(count + 2)
        + b"\5"
        + number(count)
        + b"\x11\xe0"
        + struct.pack("<I", len(names))[:3]
        + names
        + b"\0\0"
    )
    start = struct.pack("<QQI", 0, len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + header


def _promised(calls):
    """An object of R whose calls each name a function by two million letters, said once."""

    def number(value):
        return struct.pack(">i", value)

    name = number(1) + number(8) + number(2_000_000) + b"a" * 2_000_000
    call = number(6) + (number(0x1FF) + number(2)) * 3 + number(0x1FF) + number(254)
    return (
        b"X\n"
        + number(2)
        + number(262657)
        + number(131840)
        + number(19)
        + number(calls + 1)
        + name
        + call * calls
    )


def _fat(calls):
    """Calls with a tuple of tuples of tuples of texts, which is spelled out for each."""
    fat = b"(" + b"\x8c\x02ab" * 16 + b"tq\x01"
    fat += b"".join(b"0(" + bytes([0x68, n]) * 16 + b"tq" + bytes([n + 1]) for n in (1, 2))
    return b"\x80\x02" + fat + b"0cos\nsystem\nq\x040" + b"h\x04h\x03R" * calls + b"."


SLOW = {
    "packed.pdiparams": lambda: _paddle(field(2, b"\xff" * 600_000)),
    "axes.pdiparams": lambda: _paddle(b"\x10\x7f" * 400_000),
    "keys.index": lambda: _checkpoint(*(_entry(65536 * i, b"a" * 65536) for i in range(16)), _entry(65536 * 16, b"") * 100_000),
    "axes.index": lambda: _checkpoint(_entry(0, b"", b"\x08\x01"), _entry(0, b"w", b"\x08\x01" + field(2, field(2, b"\x08\x7f") * 200_000))),
    "axes.safetensors": lambda: _safetensors(500_000),
    "none.ubj": lambda: _ubjson(1, b"[$Z#L" + struct.pack(">q", 3_000_000_000)),
    "shared.tflite": lambda: _tflite(5000, 5000),
    "twice.json": lambda: _twice(6000, 6000),
    "tokenizer_config.json": lambda: _template("{{ x['a'" + "*100" * 6 + "] }}"),
    "tokenizer.json": lambda: _template("{{ x['a'" + "|replace('a', 'aaaaaaaaaa')" * 12 + "] }}"),
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_what_takes_time_without_end_is_refused(scanned, name):
    content = SLOW[name]()
    begun = time.process_time()
    report = scanned(content, name)
    assert time.process_time() - begun < 8
    assert any(f.severity >= Severity.HIGH for f in report.findings)
    assert not report.coverage.complete


@pytest.mark.parametrize(
    "name, made",
    [
        ("many.ubj", lambda: _ubjson(20_000)),
        ("many.7z", lambda: _folders(12_000)),
        ("many.rds", lambda: _promised(1000)),
        ("lines.txt", lambda: ("[\n" * 199 + "1,\n" * 1_000_000 + "x\n]").encode()),
        ("many.gz", lambda: gzip.compress(b"text\n", mtime=0) + gzip.compress(b"", mtime=0) * 50_000),
        ("fat.pkl", lambda: _fat(2000)),
        ("spaces.pmml", lambda: b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY" + b" " * 60_000 + b"x"),
        ("tokenizer_config.json", lambda: _template("{{" * 300_000)),
        ("many.tokenizer_config.json", lambda: _template("{{a.__b}}\n" * 20_000)),
    ],
)
def test_what_is_of_great_number_is_read_in_time_that_grows_with_it(scanned, name, made):
    content = made()
    begun = time.process_time()
    scanned(content, name)
    assert time.process_time() - begun < 6


def test_calls_without_number_do_not_fill_the_memory(scanned):
    text = b"X" + struct.pack("<I", 250) + b"a" * 250
    content = b"\x80\x02" + text + b"\x85q\x010cos\nsystem\nq\x02" + b"h\x02h\x01R" * 30_000 + b"."
    tracemalloc.start()
    report = scanned(content, "calls.pkl")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 << 20
    (found,) = [f for f in report.findings if f.rule == "model.scan.unsafe_callable"]
    assert found.count == 30_000


def test_a_template_that_reaches_out_does_so_beside_one_that_grows(scanned):
    report = scanned(_template("{{ x['a'" + "*100" * 6 + "] }}{{ y.__class__ }}"), "tokenizer_config.json")
    assert any(f.rule == "model.scan.template_code" for f in report.findings)


def _doubled(deep, inner=b")\0"):
    """Code whose constants are one code, twice: the second time by reference."""

    def whole(number):
        return struct.pack("<i", number)

    made, empty = inner, b"s" + whole(0)
    for place in range(deep, -1, -1):
        made = (
            b"\xe3"
            + bytes(20)
            + b"s"
            + whole(4)
            + b"\x97\0d\0"
            + made
            + b")\0)\0"
            + empty
            + b"z\1fz\1nz\1n"
            + whole(1)
            + empty * 2
        )
        made = b")\2" + made + b"r" + whole(place)
    return made[2:-5]


def test_code_that_refers_to_itself_over_and_over_is_read_once(scanned):
    code = base64.b64encode(_doubled(30)).decode()
    layer = {"class_name": "Lambda", "config": {"function": [code, None, None]}}
    begun = time.process_time()
    report = scanned(json.dumps(layer).encode(), "config.json")
    assert time.process_time() - begun < 4
    assert any(f.rule == "model.scan.keras_code" for f in report.findings)
    assert report.coverage.complete


@pytest.mark.parametrize("tuples", [False, True])
def test_constants_of_code_are_shown_however_long_they_are(scanned, tuples):
    number = (
        b"l" + struct.pack("<i", 2000) + b"\xff\x7f" * 2000
    )  # 30,000 bits, which Python does not spell out
    pairs = b")\2" * 60 + b"N" + b"".join(b"N" for _ in range(60))
    code = base64.b64encode(_doubled(0, b")\1" + (pairs if tuples else number))).decode()
    layer = {"class_name": "Lambda", "config": {"function": [code, None, None]}}
    report = scanned(json.dumps(layer).encode(), "config.json")
    assert any(f.rule == "model.scan.keras_code" for f in report.findings)
    assert report.coverage.complete


def test_pickles_one_after_the_other_are_not_all_remembered(scanned):
    tracemalloc.start()
    report = scanned(b"\x80\x02N." * 10_000, "many.pkl")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.coverage.complete
    assert most < 2 << 20


def _hdf5(messages, more=b""):
    """A file of one object, whose header holds these messages; more: what lies behind it, at 62 and their length."""
    root = b"OHDR\x02\x02" + struct.pack("<I", len(messages)) + messages + bytes(4)
    end = 48 + len(root) + len(more)
    return (
        b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00"
        + struct.pack("<4Q", 0, 2**64 - 1, end, 48)
        + bytes(4)
        + root
        + more
    )


def _message(kind, body):
    return struct.pack("<BHB", kind, len(body), 0) + body


def _attributes(count, kind, raw):
    """So many attributes of texts."""
    space = bytes(8)
    form = bytes([0x10 | kind, 1 if kind == 9 else 0, 0, 0]) + struct.pack("<I", 16 if kind == 9 else 1)
    return (
        _message(
            0x0C, struct.pack("<BBHHHB", 3, 0, 2, len(form), len(space), 0) + b"a\0" + form + space + raw
        )
        * count
    )


def _heap(count):
    """An attribute of texts that all lie at the end of a heap of very many."""
    place = 62 + len(_attributes(1, 9, bytes(16 * 3000)))
    attribute = _attributes(1, 9, struct.pack("<IQI", 1, place, 50_000) * 3000)
    objects = b"".join(struct.pack("<HHIQ", 1 + i, 0, 0, 0) for i in range(count))
    return _hdf5(attribute, b"GCOL" + bytes(4) + struct.pack("<Q", 16 + len(objects)) + objects)


def _round():
    """A header that goes on in a block, which goes on in itself."""
    on = _message(0x10, struct.pack("<2Q", 62 + 20, 4 + 20 + 4))
    return _hdf5(on, b"OCHK" + on + bytes(4))


@pytest.mark.parametrize("name, made", [("round.h5", _round), ("heap.h5", lambda: _heap(50_000))])
def test_hdf5_that_leads_round_is_refused(scanned, name, made, monkeypatch):
    monkeypatch.setattr("assay.methods.hdf5._STEPS", 500_000)
    begun = time.process_time()
    report = scanned(made(), name)
    assert time.process_time() - begun < 10
    assert any(f.rule == "model.scan.not_understood" for f in report.findings)


def test_texts_of_hdf5_are_read_in_time_that_grows_with_their_number(scanned):
    begun = time.process_time()
    report = scanned(_hdf5(_attributes(1, 3, b"x" * 50_000)), "texts.h5")
    assert time.process_time() - begun < 4
    assert report.coverage.complete
