"""Envelopes: the published pre-authentication encoding, and signatures by a key of our own."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from assay.methods import dsse

KEY = Ed25519PrivateKey.generate()


def check(signature, data):
    try:
        KEY.public_key().verify(signature, data)
    except InvalidSignature:
        return False
    return True


def test_the_published_encoding():
    """The example of the DSSE protocol."""
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert dsse.pae("ü", "é".encode()) == "DSSEv1 2 ü 2 é".encode()


@given(st.text(max_size=8), st.binary(max_size=20), st.text(max_size=8), st.binary(max_size=20))
def test_no_two_messages_have_one_encoding(kind, payload, other, content):
    same = (kind, payload) == (other, content)
    assert (dsse.pae(kind, payload) == dsse.pae(other, content)) == same


def test_a_statement_is_signed_and_opened():
    made = dsse.statement([{"name": "m", "digest": {"sha256": "00"}}], "https://p/v1", {"a": 1})
    assert made["_type"] == "https://in-toto.io/Statement/v1" and made["predicateType"] == "https://p/v1"
    raw = dsse.envelope(json.dumps(made).encode(), KEY.sign, "k")
    assert dsse.opened(raw, check) == made
    assert raw["payloadType"] == "application/vnd.in-toto+json" and raw["signatures"][0]["keyid"] == "k"
    KEY.public_key().verify(
        base64.b64decode(raw["signatures"][0]["sig"]),
        b"DSSEv1 28 application/vnd.in-toto+json %d " % len(json.dumps(made)) + json.dumps(made).encode(),
    )


def test_one_good_signature_among_others_suffices_and_none_does_not():
    raw = dsse.envelope(b"{}", KEY.sign)
    other = dsse.envelope(b"{}", Ed25519PrivateKey.generate().sign)
    assert dsse.opened(raw | {"signatures": other["signatures"] + raw["signatures"]}, check) == {}
    with pytest.raises(ValueError, match="no signature"):
        dsse.opened(other, check)
    with pytest.raises(ValueError, match="no signature"):
        dsse.opened(raw | {"signatures": []}, check)


@pytest.mark.parametrize(
    "change", [{"payload": "e30 "}, {"payloadType": 3}, {"signatures": [{}]}, {"signatures": 1}]
)
def test_what_is_no_envelope(change):
    with pytest.raises(ValueError, match="DSSE"):
        dsse.opened(dsse.envelope(b"{}", KEY.sign) | change, check)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"payload": base64.b64encode(b"[]").decode()}, "no signature"),
        ({"payloadType": "text/plain"}, "not a DSSE envelope"),  # a statement of another type is none of ours
    ],
)
def test_payload_and_type_are_signed(change, said):
    with pytest.raises(ValueError, match=said):
        dsse.opened(dsse.envelope(b"{}", KEY.sign) | change, check)


@pytest.mark.parametrize(
    "forge",
    [
        {"payload": base64.b64encode(b"{} ").decode()},
        {"signatures": [{"sig": "AAAA", "keyid": ""}]},
        {"signatures": "x"},
        {"payload": "not base64!"},
        {"payload": None},
    ],
)
def test_a_forged_envelope_is_not_opened(forge):
    with pytest.raises(ValueError, match=r"no signature|not a DSSE envelope|DSSE"):
        dsse.opened(dsse.envelope(b"{}", KEY.sign) | forge, check)


def test_another_type_signed_by_the_same_key_is_no_statement():
    """A key may sign other things too; the type is signed with the payload so that one cannot pass for the other."""
    signature = base64.b64encode(KEY.sign(dsse.pae("text/plain", b"{}"))).decode()
    envelope = {
        "payload": base64.b64encode(b"{}").decode(),
        "payloadType": "text/plain",
        "signatures": [{"sig": signature}],
    }
    with pytest.raises(ValueError, match="not a DSSE envelope"):
        dsse.opened(envelope, check)
