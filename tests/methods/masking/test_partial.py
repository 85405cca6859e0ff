from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.masking.digest import Digest
from assay.methods.masking.partial import Window
from assay.methods.masking.pseudonym import KINDS, Pseudonyms


@pytest.mark.parametrize(
    ("window", "text", "out"),
    [
        (Window(domain=True), "johndoe@email.com", "*******@email.com"),
        (Window(first=1, domain=True), "johndoe@email.com", "j******@email.com"),
        (Window(last=4), "+1-202-555-0143", "+*-***-***-0143"),
        (Window(first=2, last=2), "AT61 1904 3002", "AT** **** **02"),
        (Window(last=4), "1234567", "*******"),  # half and more would stay: none does
        (Window(last=4, separators=False), "12-34-5678", "******5678"),
        (Window(first=1, length=False), "Lovelace", "L****"),
        (Window(length=False), "Ada Lovelace", "**** ****"),
        (Window(sign="#"), "é😀a", "###"),
        (Window(domain=True), "no at", "** **"),
        (Window(first=2), "", ""),
    ],
)
def test_what_stays_is_what_the_policy_says(window, text, out):
    assert window(text) == out


@given(st.text(max_size=40), st.integers(0, 6), st.integers(0, 6), st.booleans())
def test_no_more_stays_than_is_said(text, first, last, separators):
    out = Window(first, last, separators=separators, sign="\x01")(text)
    assert len(out) == len(text)
    kept = [c for c in out if c != "\x01" and c.isalnum()]
    assert len(kept) <= first + last and 2 * len(kept) <= max(1, len(text)) + 1


def test_digests_fold_what_they_are_told_to():
    key = bytes(32)
    plain, fold = Digest(key, 32), Digest(key, fold=True)
    assert plain.one("Ada") != plain.one("ada ") and len(plain.one("")) == 32
    assert fold.one(" ÉVA ") == fold.one("e\u0301va") != fold.one("eva")
    assert Digest(b"1" * 32).one("a") != Digest(key).one("a")


@pytest.mark.parametrize("kind", KINDS)
def test_stand_ins_are_the_same_for_the_same_and_spread(kind):
    make = Pseudonyms(bytes(32), kind)
    made = make([f"Person {k}" for k in range(300)])
    assert len(set(made)) > 140
    assert make(["Ada Lovell", " ada lovell ", "", "  "]) == [make.one("Ada Lovell")] * 2 + ["", "  "]
    assert Pseudonyms(b"1" * 32, kind).one("x y") != make.one("x y")
