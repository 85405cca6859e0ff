"""What a replica answers, which untrusted code has written: columns of plain values, as many rows as were asked about."""

from __future__ import annotations

import json
from array import array
from typing import Any

import msgspec

from assay.engines.serving.frames import Garbage
from assay.engines.serving.packing import Wants

Columns = dict[str, list[Any]]

_COLUMNS: msgspec.msgpack.Decoder[tuple[list[str], str, list[bytes | list[Any]]]] = msgspec.msgpack.Decoder(
    tuple[list[str], str, list[bytes | list[Any]]]
)
_FAILED: msgspec.msgpack.Decoder[tuple[int, str, str, int]] = msgspec.msgpack.Decoder(
    tuple[int, str, str, int]
)
_BODY: msgspec.msgpack.Decoder[tuple[str, bytes]] = msgspec.msgpack.Decoder(tuple[str, bytes])
_MOST_COLUMNS = 10_000
_LONGEST_NAME = 1000
_STATUSES = (400, 406, 413, 415, 500, 504)
_PLAIN = {str, int, float, bool, type(None)}


def columns(payload: bytes, rows: int) -> Columns:
    """Return an answer's columns; Garbage where they are none, or not of so many rows (0: of any number)."""
    try:
        names, kinds, held = _COLUMNS.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Garbage(str(error)) from None
    if (
        not names
        or len(names) > _MOST_COLUMNS
        or not len(names) == len(kinds) == len(held) == len(set(names))
    ):
        raise Garbage("its columns are none")
    out: Columns = {}
    if not rows:
        rows = len(held[0]) // (8 if type(held[0]) is bytes else 1)
    for name, kind, values in zip(names, kinds, held, strict=True):
        if len(name) > _LONGEST_NAME:
            raise Garbage("a name that is too long")
        if kind in "dq" and type(values) is bytes and len(values) == 8 * rows:
            found = array(kind)
            found.frombytes(values)
            out[name] = found.tolist()
        elif (
            kind == "v" and type(values) is list and len(values) == rows and set(map(type, values)) <= _PLAIN
        ):
            out[name] = values
        else:
            raise Garbage(f"a column that is none, or not of {rows} rows")
    return out


def failure(payload: bytes) -> tuple[int, str, str, int]:
    """Return a failure: status, a sentence for the caller (or nothing), one for the log, and which row (or -1)."""
    try:
        status, said, reason, row = _FAILED.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Garbage(str(error)) from None
    return status if status in _STATUSES else 500, said[:500], reason[:500], row


def body(payload: bytes) -> tuple[str, bytes]:
    """Return the content type and the body that a script wrote."""
    try:
        media, content = _BODY.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Garbage(str(error)) from None
    if not media.isascii() or not media.isprintable() or len(media) > 200:
        media = "application/octet-stream"
    return media, content


def info(payload: bytes) -> tuple[dict[str, Any], Wants]:
    """Return what a model says of itself and how it is asked; Garbage where that cannot be read."""
    try:
        raw = json.loads(payload)
        features, wide = raw["features"], raw.get("wide", 0)
        fine = (
            isinstance(features, list)
            and all(isinstance(n, str) and len(n) <= _LONGEST_NAME for n in features)
            and type(wide) is int
            and 0 <= wide <= 1 << 24
            and raw.get("asked") in ("matrix", "cells", "body")
        )
        if not fine:
            raise ValueError("features that are none")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Garbage(f"it says nothing of itself that can be read: {str(error)[:100]}") from None
    return raw, Wants(tuple(features), wide or len(features), raw["asked"])
