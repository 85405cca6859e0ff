"""DSSE envelopes around in-toto statements."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding that is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def statement(
    subject: Sequence[Mapping[str, Any]], predicate_type: str, predicate: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an in-toto Statement v1; each subject has ``name`` and ``digest``."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": list(subject),
        "predicateType": predicate_type,
        "predicate": dict(predicate),
    }


def envelope(payload: bytes, signer: Callable[[bytes], bytes], keyid: str = "") -> dict[str, Any]:
    """Return a signed envelope as JSON."""
    signature = base64.b64encode(signer(pae(PAYLOAD_TYPE, payload))).decode()
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"sig": signature, "keyid": keyid}],
    }


def opened(raw: Mapping[str, Any], verifier: Callable[[bytes, bytes], bool]) -> dict[str, Any]:
    """Return the statement inside an envelope; ValueError when no signature on it verifies."""
    try:
        if raw["payloadType"] != PAYLOAD_TYPE:
            raise ValueError("its payload is of another type")
        payload = base64.b64decode(raw["payload"], validate=True)
        kind = raw["payloadType"]
        if not isinstance(kind, str):
            raise TypeError("the payload's type is no text")
        signed = pae(kind, payload)
        signatures = [base64.b64decode(s["sig"], validate=True) for s in raw["signatures"][:16]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("this is not a DSSE envelope") from error
    if not any(verifier(s, signed) for s in signatures):
        raise ValueError("no signature on it verifies")
    return dict(json.loads(payload))
