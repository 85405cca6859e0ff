"""Plain text, and JSON whose records become columns by their paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from assay.engines.documents.bounds import COLUMNS, NESTING, Room, TooMuch
from assay.engines.documents.part import Part, running


def decoded(raw: bytes) -> str:
    """Return bytes as text: by their mark, as UTF-8, or else as Latin-1, which any bytes are."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return raw.decode(name, "replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def text(raw: bytes, name: str, room: Room) -> Iterator[Part]:
    """Give a text's lines; TooMuch beyond the bounds, after what was read until there."""
    if b"\0" in raw[:4096] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("it is no text")
    whole = decoded(raw)
    kept = whole[: room.text]
    yield running(name, [kept])
    room.take_text(len(whole))


def read_json(raw: bytes, name: str, room: Room) -> Iterator[Part]:
    """Give the values of a JSON document, a column a path; lists of records are rows."""
    shown = decoded(raw)
    depth = deepest = 0
    inside = escaped = False
    for char in shown:
        if inside:
            inside, escaped = (char != '"' or escaped), (char == "\\" and not escaped)
        elif char == '"':
            inside = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    if deepest > NESTING:
        raise TooMuch(f"it nests deeper than {NESTING} levels; it was not read")
    columns: dict[str, list[str | None]] = {}
    room.take_text(len(shown))
    _flatten(json.loads(shown), "", columns)
    yield Part(name, columns)


def _flatten(value: Any, path: str, columns: dict[str, list[str | None]]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten(inner, f"{path}.{str(key)[:80]}" if path else str(key)[:80], columns)
    elif isinstance(value, list):
        for inner in value:
            _flatten(inner, path, columns)
    elif value is not None and not isinstance(value, bool):
        if path not in columns and len(columns) >= COLUMNS:
            path = "(other)"
        columns.setdefault(path or "value", []).append(str(value))
