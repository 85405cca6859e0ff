"""An event as the bytes that the tree hashes: canonical JSON (RFC 8785), by the quick way where it gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from assay.kernel.canonical import SAFE, canonical, plain


class Leaf(msgspec.Struct):
    """An event's fields in the order of their names, so that they need not be sorted each time it is written."""

    action: str
    actor: str
    detail: Mapping[str, Any]
    inputs: Mapping[str, str]
    outcome: str
    rows: Mapping[str, str | None]
    schema: str
    seq: int
    subject: str
    time: str


_LEAST = -SAFE
_encode = msgspec.json.Encoder(order="deterministic").encode


def leaf_bytes(leaf: Leaf) -> bytes:
    """Return the canonical JSON of an event. ValueError for NaN and infinity."""
    if _is_simple(leaf.detail) and (not leaf.inputs or _is_simple(leaf.inputs)):  # the rest is text
        quick = _encode(leaf)
        if quick.isascii():  # code points and UTF-16 units sort alike
            return quick
    told = {"inputs": plain(dict(leaf.inputs)), "detail": plain(dict(leaf.detail))}
    return canonical(msgspec.structs.asdict(leaf) | told)


def _is_simple(value: Any) -> bool:
    """Whether a value is JSON as it stands, and holds nothing that encoders write in several ways."""
    kind = type(value)
    if kind is dict:
        for name, inner in value.items():
            kind = type(inner)
            if kind is int:
                if not _LEAST <= inner <= SAFE:
                    return False
            elif kind is not str and not _is_simple(inner):
                return False
            if type(name) is not str:
                return False
        return True
    if kind is list:
        return all(map(_is_simple, value))
    return kind is str or kind is bool or value is None or (kind is int and -SAFE <= value <= SAFE)
