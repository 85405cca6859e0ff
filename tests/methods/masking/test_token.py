"""Tokens: AES-SIV as RFC 5297 has it, and nothing but the key turns them back."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.masking.token import PATTERN, PREFIX, Tokens, WrongKey

KEY = bytes(range(64))
TOKENS = Tokens(KEY)


def test_the_cipher_is_that_of_rfc_5297():
    key = bytes.fromhex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    data = bytes.fromhex("101112131415161718191a1b1c1d1e1f2021222324252627")
    plain = bytes.fromhex("112233445566778899aabbccddee")
    made = AESSIV(key).encrypt(plain, [data])  # appendix A.1
    assert made.hex() == "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c"


def test_a_token_is_the_iv_and_the_ciphertext_and_nothing_else():
    token = TOKENS.one("ann@x.example")
    body = token.removeprefix(PREFIX)
    sealed = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    assert AESSIV(KEY).decrypt(sealed, None) == b"\x01ann@x.example"


@given(st.text(max_size=300))
def test_round_trip_of_any_text(text):
    token = TOKENS.one(text)
    assert token == TOKENS.one(text)
    assert PATTERN.fullmatch(token)
    assert TOKENS.read(token) == text
    assert TOKENS.read_inside(f"<{token}>, {token}") == f"<{text}>, {text}"


@given(st.text(max_size=60))
def test_with_a_nonce_no_two_are_alike_and_all_come_back(text):
    tokens = Tokens(KEY, equal=False)
    one, two = tokens.one(text), tokens.one(text)
    assert one != two and len(one) == len(two)
    assert TOKENS.read(one) == tokens.read(two) == TOKENS.read_inside(one) == text
    with pytest.raises(WrongKey):
        tokens.read(one[:8] + ("A" if one[8] != "A" else "B") + one[9:])


def test_another_key_or_a_changed_token_is_refused():
    token = TOKENS.one("ann@x.example")
    with pytest.raises(WrongKey):
        Tokens(bytes(64)).read(token)
    other = "A" if token[20] != "A" else "B"
    with pytest.raises(WrongKey):
        TOKENS.read(token[:20] + other + token[21:])


@pytest.mark.parametrize(
    "text", ["", "tok1_", "tok1_AAAA", "tok1_😀", "tok1_" + "!" * 30, "****", "tok3_" + "A" * 40]
)
def test_what_is_no_token_is_not_read(text):
    assert TOKENS.read(text) is None
