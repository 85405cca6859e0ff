"""CSV into rows: numbers as numbers, an empty field as a missing value, everything else as text.

Lines of numbers alone are read as JSON would read them, in one call; what that does not take goes field by field.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from assay.kernel.serving import Rows
from assay.methods.payloads.bounds import Bounds
from assay.methods.payloads.refused import PayloadRefused

_DECODER = msgspec.json.Decoder()
_PLAIN = b"0123456789.,-+eE\n"
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")  # no two ways to match the same digits
_WHOLE = re.compile(r"[+-]?\d{1,18}")
_INFINITE = ("inf", "infinity")


def read(body: bytes, header: str, features: Sequence[str], bounds: Bounds) -> Rows:
    """Return the rows. header: present, absent, or nothing where it is to be told from the first line."""
    if body[0] in b"{[" and _is_json(body):
        raise PayloadRefused(
            "confusion",
            "it is sent as text/csv and is JSON",
            status=415,
            remedy="send it as application/json",
        )
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    body = body.rstrip(b"\n")
    lines = body.count(b"\n") + 1
    if lines > bounds.rows + 1:
        bounds.hold_shape(lines, 1)
    if header != "present" and not body.translate(None, _PLAIN):
        rows = _numbers(body)
        if rows is not None:
            return _shaped(rows, (), bounds)
    return _by_field(body, header, features, bounds)


def _is_json(body: bytes) -> bool:
    """Whether the whole is one JSON document; a CSV may well begin with a bracket."""
    try:
        return type(_DECODER.decode(body)) in (dict, list)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _numbers(body: bytes) -> list[list[Any]] | None:
    """Return rows of numbers; None where one is not written as JSON writes it, or missing."""
    try:
        found: list[list[Any]] = _DECODER.decode(b"[[" + body.replace(b"\n", b"],[") + b"]]")
    except msgspec.MsgspecError:
        return None
    return found if all(found) else None


def _by_field(body: bytes, header: str, features: Sequence[str], bounds: Bounds) -> Rows:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise PayloadRefused("utf8", "it is not UTF-8") from None
    if "\0" in text:
        raise PayloadRefused("malformed", "there is a NUL in it")
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text), strict=True):
            if row:
                rows.append(row)
                cells += len(row)
                if cells > bounds.cells or len(rows) > bounds.rows + 1:
                    bounds.hold_shape(len(rows), max(1, cells // len(rows)))
                    raise PayloadRefused("cells", f"it has more than {bounds.cells:,} values", status=413)
    except csv.Error as error:
        if "field larger" in str(error):
            bounds.hold_text(csv.field_size_limit() + 1)
        raise PayloadRefused("malformed", f"it is no CSV near line {len(rows) + 1}") from None
    names: tuple[str, ...] = ()
    if rows and (header == "present" or (header != "absent" and _is_header(rows, features))):
        names = tuple(name.strip() for name in rows.pop(0))
        if len(set(names)) < len(names):
            raise PayloadRefused("names", "a column is named twice")
        bounds.hold_text(max(map(len, names)))
    for row in rows:
        if len(body) > bounds.text:
            bounds.hold_text(max(map(len, row)))
    made = [[value(field) for field in row] for row in rows]
    return _shaped(made, names, bounds)


def _shaped(rows: list[list[Any]], names: tuple[str, ...], bounds: Bounds) -> Rows:
    wide = len(rows[0]) if rows else 0
    bounds.hold_shape(len(rows), wide)
    if len(rows) > 1 and len(set(map(len, rows))) > 1:
        raise PayloadRefused("ragged", "its rows have different numbers of values")
    if names and len(names) != wide:
        raise PayloadRefused("ragged", f"it names {len(names):,} columns, and a row has {wide:,} values")
    return Rows(names, rows)


def value(field: str) -> Any:
    """Return a field as a number, None or text; PayloadRefused for one that is infinite."""
    if not field:
        return None
    if _WHOLE.fullmatch(field):
        return int(field)
    if _NUMBER.fullmatch(field):
        found = float(field)
        if math.isinf(found):
            raise PayloadRefused("number", "a number in it is larger than any that is read")
        return found
    if field[0] == " " or field[-1] == " ":
        bare = field.strip(" ")
        return value(bare) if not bare or _NUMBER.fullmatch(bare) else field
    if len(field) <= 9 and field.lower() == "nan":
        return None
    if len(field) <= 9 and field.lower().lstrip("+-") in _INFINITE:
        raise PayloadRefused("number", "there is an Infinity in it", remedy="leave the field empty")
    return field


def _is_header(rows: list[list[str]], features: Sequence[str]) -> bool:
    """Whether the first line names columns: half of the model's are there; or, where none are known, it is all text above numbers."""
    first = [name.strip() for name in rows[0]]
    if not all(first) or len(set(first)) < len(first) or any(_NUMBER.fullmatch(name) for name in first):
        return False
    if features:
        return 2 * len(set(first) & set(features)) >= min(len(first), len(features))
    return len(rows) > 1 and any(_NUMBER.fullmatch(field.strip()) for field in rows[1])
