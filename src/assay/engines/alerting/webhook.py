"""A webhook: JSON, signed with a secret that the receiver knows.

``Assay-Signature: t=1767225600,v1=HEX``: v1 is HMAC-SHA-256 under the secret of the text ``t.body``. A receiver computes it anew,
compares in constant time, and refuses a ``t`` that is minutes old; ``Assay-Event`` is the same for what it has been told before.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence

from assay.engines.alerting.alert import Alert, Delivered
from assay.engines.alerting.reaching import post
from assay.engines.alerting.trying import delivered


def send(
    alert: Alert,
    url: str,
    secret: bytes,
    hosts: Sequence[str],
    *,
    ca: str = "",
    pause: Callable[[float], None] = time.sleep,
) -> Delivered:
    """Send an alert; Undelivered where nobody takes it."""
    body = json.dumps(told(alert), ensure_ascii=False, allow_nan=False).encode()

    def once() -> tuple[int, str, str]:
        moment = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "Assay-Event": alert.key,
            "Assay-Signature": f"t={moment},v1={signature(secret, moment, body)}",
        }
        return post(url, body, headers, hosts, ca)

    return delivered(once, "the webhook", pause=pause)


def signature(secret: bytes, moment: int, body: bytes) -> str:
    """Return the signature of a body that is sent at a moment, in hex."""
    return hmac.new(secret, b"%d." % moment + body, hashlib.sha256).hexdigest()


def told(alert: Alert) -> dict[str, object]:
    """Return an alert as the JSON that is sent."""
    return {
        "schema": "assay.alert/1",
        "key": alert.key,
        "matter": alert.matter or alert.key,
        "over": alert.over,
        "title": alert.title,
        "severity": alert.severity,
        "source": alert.source,
        "at": alert.at,
        "findings": list(alert.lines),
        **alert.detail,
    }
