from __future__ import annotations

import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods import masking


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("email", "johndoe@email.com", "*******@email.com"),
        ("email", "no address", "**********"),
        ("email", "a@b@c.example", "***@c.example"),
        ("card", "4000008224814322", "************4322"),
        ("card", "4000-0082-2481-4322", "****-****-****-4322"),
        ("card", "1234567", "*******"),
        ("phone", "669-792-1661", "***-***-1661"),
        ("phone", "ext. 12", "***. **"),
        ("iban", "DE89 3704 0044", "DE** **** ****"),
        ("ip", "10.1.2.3", "10.1.2.*"),
        ("ip", "2001:db8:1:2::3", "2001:db8:1:*"),
        ("ip", "nothing", "****"),
        ("mac", "00:1a:2b:3c:4d:5e", "00:1a:2b*********"),
        ("name", "Ada Byron", "****"),
        ("birth_date", "1980-05-17", "1980"),
        ("birth_date", "17 May 1980", "****"),
    ],
)
def test_by_hand(kind, text, shown):
    assert masking.PARTIAL[kind](text) == shown


@given(st.text())
def test_a_number_shows_at_most_its_last_four_digits_and_no_more_than_half(text):
    shown = masking.last_digits(text)
    digits = [c for c in text if c.isdigit()]
    left = [c for c in shown if c.isdigit()]
    assert left == (digits[-4:] if len(digits) >= 8 else [])
    assert not any(c.isalpha() for c in shown)


@given(st.text())
def test_an_address_shows_its_domain_only(text):
    shown = masking.email(text)
    assert len(shown) == len(text)
    assert re.fullmatch(r"\**(@[^@]*)?", shown, re.S)


@given(st.text(), st.binary(min_size=16, max_size=32))
def test_a_keyed_digest_is_that_of_hmac(text, key):
    expected = hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]
    assert masking.keyed(key)(text) == expected


@given(st.text(min_size=1, max_size=60))
def test_no_mask_fails_on_any_text(text):
    for mask in masking.PARTIAL.values():
        assert isinstance(mask(text), str)
