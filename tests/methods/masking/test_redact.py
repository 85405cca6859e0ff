from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assay.methods.masking.redact import LONGEST, Redacted, label
from assay.methods.recognise.forms import FORMS

KINDS = [f.type for f in FORMS]
EVERY = Redacted(FORMS, {k: label(k) for k in [*KINDS, "name"]}, people=True)


def test_each_kind_is_replaced_where_it_stands():
    text = (
        "Write to ann@x.example, card 4111 1111 1111 1111, 123-45-6789 from 10.1.2.3, call +1-202-555-0143, "
        "IBAN DE89 3704 0044 0532 0130 00."
    )
    assert EVERY.one(text) == ("Write to <EMAIL>, card <CARD>, <SSN> from <IP>, call <PHONE>, IBAN <IBAN>.")


def test_people_by_a_title_or_a_known_given_name():
    assert EVERY.one("Dr. Mia Brown and Peter Falk met.") == "<NAME> and <NAME> met."
    assert (
        EVERY.one("ÅSA Öberg") == "ÅSA Öberg"
    )  # a name that no list holds is not found, and the docs say so
    for plain in ("New York Times", "the Old Mill Road", "Hello World", "grace and faith", ""):
        assert EVERY.one(plain) == plain


def test_texts_at_once_are_as_texts_one_by_one():
    texts = [
        "ann@x.example",
        "nothing",
        "",
        "Peter Falk, 10.1.2.3",
        "😀 a@b.example",
        "4111111111111111",
        "Mr. X Ray",
    ]
    assert EVERY(texts) == [EVERY.one(t) for t in texts]


@given(st.lists(st.text(alphabet="aA1 @.-+😀\n\x00é4", max_size=40), max_size=8))
def test_any_texts_at_once_are_as_one_by_one(texts):
    assert EVERY(texts) == [EVERY.one(t) for t in texts]


def test_occurrences_that_overlap_are_replaced_once():
    masked = Redacted(FORMS, {"email": label("email"), "card": label("card")})
    assert masked.one("4111111111111111@bank.example") == "<EMAIL>"


def test_a_text_too_long_is_unfit_and_long_ones_take_no_quadratic_time():
    assert EVERY(["a" * (LONGEST + 1)]) == [None]
    many = "a@b.example " * 5_000
    assert EVERY([many]) == ["<EMAIL> " * 5_000]
