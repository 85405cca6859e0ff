"""Canonical JSON (RFC 8785) and the digests made of it."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

SAFE = 2**53 - 1  # the largest integer that every reader of JSON takes as it stands


def plain(value: Any) -> Any:
    """Return ``value`` as JSON types: tuples become lists, enums text, integers past 2**53-1 text."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(v) for v in value), key=str)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        if type(value) is not int:  # an IntEnum speaks by its name
            return str(value)
        return value if -SAFE <= value <= SAFE else str(value)
    if isinstance(value, (float, str)):
        return value
    return str(value)


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a JSON value. NaN and infinity raise ValueError."""
    return rfc8785.dumps(value)


def sha256(data: bytes) -> str:
    """Return ``sha256:<hex>`` of the bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_of(value: Any) -> str:
    """Return ``sha256:<hex>`` of the canonical JSON of ``value`` (made plain first)."""
    return sha256(canonical(plain(value)))
