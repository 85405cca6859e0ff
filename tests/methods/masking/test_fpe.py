from __future__ import annotations

import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.masking.ff1 import FF1
from assay.methods.masking.fpe import FormatCipher, NumberCipher, luhn_sums
from assay.methods.masking.shape import ALPHABETS, SEPARATORS
from assay.methods.recognise.digits import luhn

KEY = bytes(range(32))
SHAPE = FormatCipher(KEY, ALPHABETS["shape"])
CARDS = ["4111-1111-1111-1111", "378282246310005", "5555 5555 5555 4444", "79927398713"]


def kind(text):
    for number, alphabet in enumerate((string.digits, string.ascii_uppercase, string.ascii_lowercase)):
        if text in alphabet:
            return number
    return text


def test_digits_are_ff1_of_the_digits():
    numerals = np.array([[int(c) for c in "4111111111111111"]])
    expected = "".join(map(str, FF1(KEY, 10).encrypt(numerals)[0]))
    assert SHAPE.encrypt(["4111111111111111"]) == [expected]
    dashed = "-".join(expected[k : k + 4] for k in range(0, 16, 4))
    assert SHAPE.encrypt(["4111-1111-1111-1111"]) == [dashed]


@given(st.lists(st.text(string.ascii_letters + string.digits + "-/. ", max_size=24), max_size=6))
def test_round_trip_keeps_the_shape_of_any_text(texts):
    done = SHAPE.encrypt(texts)
    for before, after in zip(texts, done, strict=True):
        if after is not None:
            assert [kind(c) for c in before] == [kind(c) for c in after]
            assert SHAPE.decrypt([after]) == [before]
    assert done == [SHAPE.encrypt([t])[0] for t in texts]  # alone as among others


@given(st.text(max_size=30))
def test_a_text_with_any_other_letter_is_left_alone(text):
    own = set(string.ascii_letters + string.digits) | SEPARATORS
    done = SHAPE.encrypt([text])[0]
    if set(text) - own:
        assert done is None
    elif done is not None:
        assert SHAPE.decrypt([done]) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "12345",
        "ab-12",
        "-",
        "...",
        "A" * 200,
        "1234567\x00",
        "1234567é",
        "１２３４５６７",
        "1234567😀",
        "x1234\n567",
    ],
)
def test_too_few_values_or_another_character_is_unfit(text):
    assert SHAPE.encrypt([text, "1234567"])[0] is None


def test_an_empty_text_holds_nothing():
    assert SHAPE.encrypt(["", "1234567"])[0] == ""
    assert SHAPE.encrypt([]) == []


def test_a_shape_is_permuted():
    every = [f"A{k:05d}" for k in range(0, 100_000, 7)]
    done = SHAPE.encrypt(every)
    assert len(set(done)) == len(every)
    assert SHAPE.decrypt(done) == every


@pytest.mark.parametrize(("first", "last"), [(0, 0), (4, 0), (0, 4), (4, 4)])
def test_cards_keep_their_check_and_what_is_said(first, last):
    cipher = FormatCipher(KEY, ALPHABETS["digits"], first=first, last=last, luhn=True)
    done = cipher.encrypt(CARDS[:3])
    for before, after in zip(CARDS, done, strict=False):
        digits = "".join(c for c in after if c.isdigit())
        assert luhn(digits)
        assert after != before
        plain = "".join(c for c in before if c.isdigit())
        assert digits[:first] == plain[:first]
        assert not last or digits[-last:] == plain[-last:]
    assert cipher.decrypt(done) == CARDS[:3]


def test_a_number_that_does_not_check_and_too_short_a_middle_are_unfit():
    assert FormatCipher(KEY, ALPHABETS["digits"], luhn=True).encrypt(["4111111111111112"]) == [None]
    middle = FormatCipher(KEY, ALPHABETS["digits"], first=6, last=4, luhn=True)
    assert middle.encrypt(["4111111111111111"]) == [None]  # 10^6 / 10 values are too few
    assert FormatCipher(KEY, ALPHABETS["digits"], first=6, last=4).encrypt(["4111111111111111"]) != [None]
    assert FormatCipher(KEY, ALPHABETS["digits"], first=20).encrypt(["4111111111111111"]) == [None]


def test_kept_characters_are_the_tweak():
    cipher = FormatCipher(KEY, ALPHABETS["digits"], last=4)
    one, other = cipher.encrypt(["1234567890001111", "1234567890002222"])
    assert one[:-4] != other[:-4]


def test_an_alphabet_of_ones_own():
    cipher = FormatCipher(KEY, ("αβγδεζηθικ",))
    done = cipher.encrypt(["αβγ-δεζη", "abc"])
    assert set(done[0]) <= set("αβγδεζηθικ-") and done[1] is None
    assert cipher.decrypt([done[0]]) == ["αβγ-δεζη"]


def test_luhn_sums():
    rows = np.array([[7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3], [7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 4]])
    assert luhn_sums(rows).tolist() == [0, 1]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=8), st.sampled_from([0, 6, 9, 18]))
def test_whole_numbers_come_back_with_as_many_digits(numbers, digits):
    cipher = NumberCipher(KEY, digits)
    done, fit = cipher.encrypt(np.array(numbers))
    again, _ = cipher.decrypt(done)
    for before, after, back, fits in zip(numbers, done.tolist(), again.tolist(), fit.tolist(), strict=True):
        if fits:
            assert back == before
            assert (after < 0) == (before < 0)
            assert abs(after) < 10**digits if digits else len(str(abs(after))) == len(str(abs(before)))
        else:
            assert abs(before) >= 10**digits if digits else abs(before) < 10**6 or before == -(2**63)


def test_small_ids_are_a_permutation_within_their_digits():
    done, fit = NumberCipher(KEY, 6).encrypt(np.arange(10**6))
    assert fit.all()
    assert (np.sort(done) == np.arange(10**6)).all()
