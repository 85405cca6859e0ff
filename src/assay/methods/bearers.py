"""Tokens that callers bear: how one is drawn, taken apart and held against the hash that is kept of it.

A token is ``assay_<id>_<secret>``: the id finds what is kept of it, the secret is 256 random bits, of which SHA-256 is kept.
What is drawn from so many needs no slow hash: nobody finds it by trying.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

ADMIN = "admin"  # the scope of a token that opens the management API
_TOKEN = re.compile(r"assay_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


def draw() -> tuple[str, str, str]:
    """Return a new token: its id, the whole of it as a caller sends it, and the hash that is kept."""
    id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return id, f"assay_{id}_{secret}", digest(secret)


def digest(secret: str) -> str:
    """Return what is kept of a secret: SHA-256, hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def parts(token: str) -> tuple[str, str] | None:
    """Return id and secret of what a caller sent; None where it is no token."""
    found = _TOKEN.fullmatch(token)
    return (found[1], found[2]) if found else None


def matches(secret: str, kept: str) -> bool:
    """Whether a secret is the one whose hash is kept; in a time that does not tell how much of it is right."""
    return hmac.compare_digest(digest(secret), kept)
