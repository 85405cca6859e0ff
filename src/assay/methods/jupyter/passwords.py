"""How well a Jupyter password hash, or a token, withstands guessing; neither is ever kept.

Sources: ``jupyter_server.auth.security`` for the forms ``algorithm:salt:digest`` and ``argon2:$argon2id$…``; RFC 9106 and
OWASP's password storage sheet for what Argon2 should cost.
"""

from __future__ import annotations

import re
from collections import Counter
from math import log2
from typing import Literal

Strength = Literal["strong", "weak", "broken", "unknown"]
LEAST_MEMORY = 7 * 1024  # KiB, the least of OWASP's equal settings (7 MiB with five passes)
LEAST_TOKEN = 64.0  # bits that nobody guesses over a network
_ARGON2 = re.compile(
    r"argon2:\$argon2(id|i|d)\$v=\d+\$m=(\d{1,9}),t=(\d{1,9}),p=\d{1,9}\$[^$]{8,}\$[^$]{16,}"
)
_PLAIN = re.compile(r"([a-z0-9_]{2,20}):[0-9a-f]{4,}:([0-9a-f]{16,})", re.IGNORECASE)
_FAST = ("sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b", "blake2s")


def judged(hashed: str) -> tuple[Strength, str]:
    """Return how strong the hash of a password is, and what it is."""
    if found := _ARGON2.fullmatch(hashed):
        memory, passes = int(found[2]), int(found[3])
        said = f"argon2{found[1]} of {memory / 1024:.0f} MiB and {passes} pass{'es' * (passes != 1)}"
        fine = found[1] != "d" and memory >= LEAST_MEMORY and memory * passes >= 5 * LEAST_MEMORY
        return ("strong" if fine else "weak"), said
    if found := _PLAIN.fullmatch(hashed):
        name = found[1].lower()
        if name in ("md5", "sha1"):
            return "broken", f"one round of {name}"
        if name in _FAST:
            return "weak", f"one round of {name}, which a graphics card guesses billions of times a second"
    return "unknown", "in a form that is not known"


def bits(token: str) -> float:
    """Return about how many bits of chance a token holds at most: its letters' entropy times its length."""
    n = len(token)
    return -sum(k * log2(k / n) for k in Counter(token).values()) if n else 0.0
