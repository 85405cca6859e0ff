from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.recognise import digits

# Numbers that the issuers and standards publish for tests.
CARDS = [
    "4111111111111111",
    "4012888888881881",
    "4222222222222",
    "5555555555554444",
    "5105105105105100",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
    "3530111333300000",
    "30569309025904",
    "38520000023237",
    "6200000000000005",
]
IBANS = [
    "GB82 WEST 1234 5698 7654 32",
    "DE89370400440532013000",
    "FR1420041010050500013M02606",
    "NO9386011117947",
]


@pytest.mark.parametrize("number", [c for c in CARDS if len(c) != 14 or c[:2] != "38"])
def test_cards(number):
    assert digits.card(number)
    assert not digits.card(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize(
    "number", ["0" * 16, "1234567812345670", "9111111111111111", "41111111", "4" * 16, ""]
)
def test_no_cards(number):
    assert not digits.card(number)


@pytest.mark.parametrize("text", IBANS)
def test_iban(text):
    assert digits.iban(text)
    assert not digits.iban(text[:-1] + ("0" if text[-1] != "0" else "1"))
    assert not digits.iban("ZZ" + text[2:])


@given(st.text(max_size=40))
def test_any_text_is_judged(text):
    for judge in (digits.iban, digits.ssn):
        if text:
            assert judge(text) in (True, False)


@given(st.text("0123456789", min_size=1, max_size=18))
def test_luhn_catches_each_single_slip(text):
    check = next(str(d) for d in range(10) if digits.luhn(text + str(d)))
    whole = text + check
    for place in range(len(whole)):
        slip = whole[:place] + str((int(whole[place]) + 3) % 10) + whole[place + 1 :]
        assert not digits.luhn(slip)


@given(st.text("0123456789", min_size=11, max_size=11))
def test_verhoeff_catches_slips_and_swaps(text):
    whole = next(text + str(d) for d in range(10) if digits.verhoeff(text + str(d)))
    for place in range(11):
        slip = whole[:place] + str((int(whole[place]) + 1) % 10) + whole[place + 1 :]
        assert not digits.verhoeff(slip)
        if whole[place] != whole[place + 1]:
            assert not digits.verhoeff(whole[:place] + whole[place + 1] + whole[place] + whole[place + 2 :])


def test_known_numbers():
    assert digits.verhoeff("2363")  # the example of 236 with check 3
    assert digits.ssn("123-45-6789")
    for wrong in ("000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000"):
        assert not digits.ssn(wrong)


@given(st.lists(st.text("0123456789 -", max_size=24), max_size=20))
def test_cards_judged_at_once_are_those_judged_one_by_one(texts):
    import pyarrow as pa

    from assay.methods.recognise.cards import are_cards

    texts = (
        texts + CARDS + [c + "0" for c in CARDS] + ["4111 1111 1111 1111", " 4111111111111111", "4111-1111"]
    )
    plain, valid = are_cards(pa.array(texts))
    for text, is_plain, is_valid in zip(texts, plain, valid, strict=True):
        bare = text.replace(" ", "").replace("-", "")
        assert is_valid == (bool(is_plain) and digits.card(bare))
