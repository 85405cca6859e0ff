from __future__ import annotations

import base64
import copy
import json

import pytest

from assay.methods import dsse


def signer(data):
    return b"signed:" + data


def check(signature, data):
    return signature == signer(data)


PAYLOAD = json.dumps(dsse.statement([{"name": "m", "digest": {"sha256": "0"}}], "p", {"a": 1})).encode()


def test_what_was_signed_is_opened():
    assert dsse.opened(dsse.envelope(PAYLOAD, signer), check)["predicate"] == {"a": 1}


@pytest.mark.parametrize(
    "forge",
    [
        lambda e: e.update(payload=base64.b64encode(PAYLOAD + b" ").decode()),
        lambda e: e.update(payloadType="text/plain"),
        lambda e: e.update(signatures=[]),
        lambda e: e.update(signatures=[{"sig": "AAAA", "keyid": ""}]),
        lambda e: e.update(signatures="x"),
        lambda e: e.pop("payload"),
        lambda e: e.update(payload="not base64!"),
    ],
)
def test_a_forged_envelope_is_not(forge):
    envelope = copy.deepcopy(dsse.envelope(PAYLOAD, signer))
    forge(envelope)
    with pytest.raises(ValueError):
        dsse.opened(envelope, check)


def test_another_type_signed_by_the_same_key_is_no_statement():
    """A key may sign other things too; the type is signed with the payload so that one cannot pass for the other."""
    signature = base64.b64encode(signer(dsse.pae("text/plain", PAYLOAD))).decode()
    envelope = {
        "payload": base64.b64encode(PAYLOAD).decode(),
        "payloadType": "text/plain",
        "signatures": [{"sig": signature}],
    }
    with pytest.raises(ValueError, match="not a DSSE envelope"):
        dsse.opened(envelope, check)
