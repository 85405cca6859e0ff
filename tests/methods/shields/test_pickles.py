"""Serialised objects where values are expected, made here and harmless."""

import base64
import bz2
import gzip
import io
import lzma
import pickle
import zipfile
import zlib

import joblib
import numpy as np
import pytest

from assay.methods.shields import pickles


class Harmless:
    def __reduce__(self):
        return (print, ("",))


RAW = {protocol: pickle.dumps(Harmless(), protocol) for protocol in range(6)}


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_of_any_protocol_is_told_as_bytes_and_as_text(protocol):
    raw = RAW[protocol]
    assert pickles.holds(raw) == "a pickle"
    assert pickles.in_text(base64.b64encode(raw).decode()) == "a pickle, as base64"
    assert pickles.in_text("data:application/octet-stream;base64," + base64.b64encode(raw).decode())
    assert pickles.in_text(base64.urlsafe_b64encode(raw).decode().rstrip("=")) == "a pickle, as base64"
    assert pickles.in_text(raw.decode("latin-1")) == "a pickle"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, bz2.compress, lzma.compress])
def test_a_compressed_pickle_is_told(pack):
    assert pickles.holds(pack(RAW[4])) == "a compressed pickle"
    assert not pickles.holds(pack(b"a,b\n1,2\n" * 100))


def test_what_numpy_joblib_and_archives_hide_is_told():
    objects, numbers, plain, packed, box = (io.BytesIO() for _ in range(5))
    np.save(objects, np.array([{}], dtype=object))
    np.save(numbers, np.zeros(3))
    joblib.dump({"a": np.zeros(9)}, plain)
    joblib.dump({"a": np.zeros(9)}, packed, compress=3)
    with zipfile.ZipFile(box, "w") as archive:
        archive.writestr("archive/data.pkl", RAW[2])
    assert "NumPy" in pickles.holds(objects.getvalue())
    assert not pickles.holds(numbers.getvalue())
    assert pickles.holds(plain.getvalue()) == "a pickle"
    assert pickles.holds(packed.getvalue()) == "a compressed pickle"
    assert "archive" in pickles.holds(box.getvalue())


def test_a_pickle_cut_short_or_with_rubbish_behind_it_is_told():
    assert pickles.holds(RAW[4][:-1]) and pickles.holds(RAW[4] + b"\xff" * 50)
    assert pickles.holds(RAW[0] + b"\xff")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1,2,3\n4,5,6\n",
        b'{"instances": [[1.0, 2.0]]}',
        b"\x80",
        b"\x80\x04",
        b"c\n",
        b"(lp0\n.",
        b"country\nPRT\nGBR\n",
        b"(comment\nanother line\n",
        b"PK\x03\x04 nothing",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"PAR1" + bytes(50),
    ],
)
def test_what_is_no_pickle_is_let_be(data):
    assert not pickles.holds(data)


@pytest.mark.parametrize("seed", range(3))
def test_random_base64_is_no_pickle(seed):
    draw = np.random.default_rng(seed)
    found = [
        pickles.in_text(base64.b64encode(draw.bytes(int(n))).decode()) for n in draw.integers(12, 400, 400)
    ]
    assert not any(found)


def test_values_that_look_like_base64_are_let_be():
    for text in (
        "Never-married",
        "gASVgASV",
        "https://hotel.example/rooms/aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "A" * 300,
        "e3b0c44298fc1c149afbf4c8996fb924",
    ):
        assert not pickles.in_text(text)
