"""Texts made to keep a recogniser busy: each is judged in time that grows with its length and not faster."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest

from assay.methods.recognise.forms import FORMS, HINTED_PHONE
from assay.methods.recognise.telling import Columns

PIECES = [
    "calle aaaaaaaaaa", "calle a ", "rue ", "1 rue a", "12 a ", "a.", "straße 1", "am A", "ул. a", "市a", "로1", "a@", "a@b.", "1", "1 ", "1-", "A", "AB12", "9.9", "0:", "::", "AKIA", "eyJ", "eyJa.", "://a:", "a://b:c@", "password=", "0x",
    "bc1", "1A", "+1 ", "(1", "756.", "1.2.3.4.", "12/12/", "AA11AA", "x'’.-", "-----BEGIN ", "\u0301", "丁目1", "ver ",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_no_form_takes_long(piece):
    for text in (piece * (9_000 // len(piece)), piece + "a" * 9_000, "calle " + piece * 300 + "!"):
        for form in (*FORMS, HINTED_PHONE):
            started = time.process_time()
            list(form.spans(text[:9_000]))
            assert time.process_time() - started < 1, (form.type, piece)


def test_no_column_takes_long():
    texts = [(p * 400)[:390] for p in PIECES] * 10
    names = [
        "address",
        "phone",
        "tax id",
        "patient",
        "diagnosis",
        "passport",
        "lat",
        "birthday",
        "password",
        "mrn",
    ]
    texts = [f"{t}{k}" for k, t in enumerate(texts)]
    started = time.process_time()
    for name in names:
        columns = Columns([(name, "text")])
        columns.feed_column(name, pa.array(texts))
        columns.told()
    assert time.process_time() - started < 20
