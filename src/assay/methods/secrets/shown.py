"""How a secret is shown: never whole. Its beginning, how long it is, and a fingerprint under a key."""

from __future__ import annotations

from collections.abc import Callable

SHOWN = 4


def masked(secret: bytes) -> str:
    """Return the first characters of a secret, at most four and at most a quarter of it, and how many it has."""
    text = secret.decode("utf-8", "replace")
    head = "".join(c if c.isprintable() else "·" for c in text[: min(SHOWN, len(text) // 4)])
    return f"{head}… ({len(text):,} characters)"


def fingerprint(mac: Callable[[bytes], bytes], rule: str, secret: bytes) -> str:
    """Return 16 hex digits that name a secret to whoever has the key, and say nothing to anybody else.

    mac: HMAC-SHA-256 under the key.
    """
    return mac(b"assay.secret/1\0" + rule.encode() + b"\0" + secret).hex()[:16]
