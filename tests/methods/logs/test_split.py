"""A file taken apart gives the same records however it is written and however large it is."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.logs import split
from assay.methods.logs.sniff import SOURCES

RECORDS = [{"eventID": str(n), "x": "é" * n, "y": {"z": [n, ']}\\"']}} for n in range(40)]


def records(data, *, text=False, block=None):
    source = io.BytesIO(data)
    read = (lambda n: source.read(min(n, block))) if block else source.read
    good, bad = [], []
    for piece in split.pieces(read, text=text):
        if piece.reason:
            bad.append(piece)
        else:
            good += [json.loads(raw) for raw, _ in SOURCES["cloudtrail"].opened(piece.data)]
    return good, bad


@pytest.mark.parametrize("block", [None, 7, 1000])
@pytest.mark.parametrize("whole", [1 << 20, 400])
@pytest.mark.parametrize(
    "data",
    [
        json.dumps({"Records": RECORDS}),
        json.dumps({"Records": RECORDS}, ensure_ascii=False, indent=2),
        json.dumps(RECORDS, ensure_ascii=False),
        "\n".join(json.dumps(r) for r in RECORDS),
        "\r\n".join(json.dumps(r) for r in RECORDS) + "\r\n\r\n",
        "".join(json.dumps(r) for r in RECORDS),
        json.dumps({"Records": RECORDS[:9]}) + "\n" + json.dumps({"Records": RECORDS[9:]}),
        json.dumps({"Records": RECORDS[:9]}) + json.dumps({"Records": RECORDS[9:]}),
    ],
    ids=[
        "document",
        "indented",
        "array",
        "lines",
        "crlf",
        "run on",
        "documents in lines",
        "documents run on",
    ],
)
def test_each_way_of_writing(data, whole, block, monkeypatch):
    monkeypatch.setattr(split, "WHOLE", whole)
    monkeypatch.setattr(split, "_BLOCK", min(whole, 64))
    assert records(data.encode(), block=block) == (RECORDS, [])


@given(st.integers(1, 2000))
def test_what_stands_before_a_cut_is_not_lost(cut):
    data = json.dumps({"Records": RECORDS}).encode()
    good, bad = records(data[: max(20, len(data) - cut)])
    assert good == RECORDS[: len(good)] and len(bad) == 1
    lost = sum(len(json.dumps(r)) + 2 for r in RECORDS[len(good) :])
    assert lost <= cut + 300  # no more than what was cut off, and the record it was cut in


def test_what_cannot_be_read_is_told_with_its_place():
    data = b'{"Records": [' + json.dumps(RECORDS[1]).encode() + b', {"a": nonsense}, {}]}'
    good, bad = records(data)
    assert good == [RECORDS[1]] and "record 2" in bad[0].place and bad[0].data.startswith(b'{"a": nonsense')


def test_a_line_without_an_end_is_passed_over_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(split, "WHOLE", 1000)
    monkeypatch.setattr(split, "_BLOCK", 100)
    found = list(split.pieces(io.BytesIO(b"a\n" + b"x" * 5000 + b"\nb\n").read, text=True))
    assert [p.data for p in found if not p.reason] == [b"a", b"b"]
    assert [p.place for p in found if p.reason] == ["line 2"]


def test_brackets_without_an_end_end_in_a_sentence():
    good, bad = records(b'{"Records":[' + b"[" * 200_000)
    assert not good and len(bad) == 1
