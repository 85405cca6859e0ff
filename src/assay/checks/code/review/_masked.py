"""What a finding shows of a program: no secret whole, since reports carry it to wherever they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assay.methods.review.spot import Spot

_LEAST = 4  # characters of a secret that was cut short with its line, from which on it is told from chance


def masked(spots: Sequence[Spot], source: str, name: str) -> list[Spot]:
    """Return the spots of a program with each secret in it masked, in what they say and in what they show."""
    if not spots:
        return []
    from assay.methods.secrets.engine import Blob, Engine

    blob = Blob(source.encode("utf-8", "replace"), name)
    found = {
        h.secret.decode("utf-8", "replace") for _, hits in Engine(little=True).search([blob]) for h in hits
    }
    secrets = sorted({form for s in found for form in (s, " ".join(s.split()))}, key=len, reverse=True)
    return [replace(s, message=_without(s.message, secrets), code=_without(s.code, secrets)) for s in spots]


def _without(text: str, secrets: Sequence[str]) -> str:
    """Return a text without secrets; one that is cut short ends with an ellipsis, and may end inside of one."""
    from assay.methods.secrets.shown import masked as shown

    for secret in secrets:
        text = text.replace(secret, shown(secret.encode()))
    if not text.endswith("…"):
        return text
    held = text[:-1]
    for secret in secrets:
        for length in range(min(len(secret), len(held)), _LEAST - 1, -1):
            if held.endswith(secret[:length]):
                return f"{held[:-length]}{shown(secret.encode())}…"
    return text
