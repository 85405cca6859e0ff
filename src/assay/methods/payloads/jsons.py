"""JSON and JSON lines into rows, in the shapes that SageMaker, MLflow and pandas write.

    {"instances": [[1, 2]]}  {"instances": [{"age": 3}]}  {"instances": [{"features": [1, 2]}]}
    {"inputs": [[1, 2]]}  {"inputs": {"age": [3, 4]}}     {"columns": ["age"], "data": [[3]]}  (split)
    {"dataframe_split": {…}}  {"dataframe_records": […]}  [{"age": 3}]  [[1, 2]]  [1, 2]  {"age": 3}

Each line of JSON lines is one row: a list, an object, or {"features": […]}. NaN and Infinity are no JSON; a name that
stands twice in an object is refused, since readers differ on which of the two counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec

from assay.kernel.serving import Rows
from assay.methods.payloads.bounds import Bounds
from assay.methods.payloads.refused import PayloadRefused

_DECODER = msgspec.json.Decoder()
ENVELOPES = ("instances", "inputs", "dataframe_records", "dataframe_split")
_SPLIT = {"columns", "data", "index"}
_DEEPEST = 64  # levels beneath which nothing is looked at; no row is nested so deeply
_SCALARS = {int, float, str, bool, type(None)}


def read(body: bytes, bounds: Bounds) -> Rows:
    """Return the rows of a JSON document; PayloadRefused where it is none or of another shape."""
    _hold_cells(body, bounds)
    try:
        found = _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _malformed(error, "JSON")
    objects = body.count(b"{")
    if objects and _doubled(body, found, objects):
        _check_names(body)
    rows, names = unwrapped(found)
    # Numbers alone: one list of all rows, one for each row, no object but the envelope and no text but its name
    envelope = 1 if type(found) is dict else 0
    plain = objects == envelope and body.count(b"[") == len(rows) + 1 and body.count(b'"') == 2 * envelope
    return shaped(rows, names, bounds, plain=plain)


def read_lines(body: bytes, bounds: Bounds) -> Rows:
    """Return the rows of JSON lines; PayloadRefused where a line is no row."""
    _hold_cells(body, bounds)
    if body.count(b"\n") > bounds.rows:
        bounds.hold_shape(body.count(b"\n"), 1)
    try:
        found = _DECODER.decode_lines(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        _malformed(error, "JSON lines")
    objects = body.count(b"{")
    if objects and _doubled(body, found, objects):
        for line in body.split(b"\n"):
            if line.strip():
                _check_names(line)
    return shaped(found, (), bounds, plain=False)


def shaped(rows: Any, names: Sequence[str], bounds: Bounds, *, plain: bool) -> Rows:
    """Return rows of equal length from lists, objects or single values. plain: nothing but numbers is in them."""
    if not isinstance(rows, list) or not rows:
        raise PayloadRefused("empty", "there is no row in it", remedy='send {"instances": [[…]]}')
    if len(rows) > bounds.rows:  # before any is looked at
        bounds.hold_shape(len(rows), 1)
    first = type(rows[0])
    if first is dict:
        rows, names = _of_objects(rows, bounds)
    elif first is not list:
        rows = [[value] for value in rows]
        plain = False
    if not plain and set(map(type, rows)) != {list}:
        raise PayloadRefused(
            "shape", "its rows are of different kinds", remedy="send all as lists, or all as objects"
        )
    wide = len(rows[0])
    bounds.hold_shape(len(rows), wide)
    if len(rows) > 1 and len(set(map(len, rows))) > 1:
        raise PayloadRefused("ragged", "its rows have different numbers of values")
    if names and len(names) != wide:
        raise PayloadRefused("ragged", f"it names {len(names):,} columns, and a row has {wide:,} values")
    if not plain:
        for row in rows:
            _hold_row(row, bounds)
    return Rows(tuple(names), rows)


def _hold_row(row: list[Any], bounds: Bounds) -> None:
    kinds = set(map(type, row))
    if str in kinds:
        bounds.hold_text(max(len(value) for value in row if type(value) is str))
    if not kinds <= _SCALARS:
        for value in row:
            _hold_value(value, bounds, 3)


def _hold_value(value: Any, bounds: Bounds, depth: int) -> None:
    if type(value) is dict:
        raise PayloadRefused(
            "shape", "a value in a row is an object", remedy="send one value for each column"
        )
    if type(value) is list:
        if depth > bounds.depth:
            raise PayloadRefused("depth", f"it is nested deeper than {bounds.depth} levels")
        if set(map(type, value)) <= {int, float, bool}:
            return
        for inner in value:
            _hold_value(inner, bounds, depth + 1)
    elif type(value) is str:
        bounds.hold_text(len(value))


def decoded(text: str) -> Any:
    """Return the value of a JSON text; msgspec.DecodeError or RecursionError where it is none."""
    return _DECODER.decode(text)


def unwrapped(
    found: Any, envelopes: Sequence[str] = ENVELOPES, *, alone: bool = True, columns: bool = False
) -> tuple[Any, Sequence[str]]:
    """Return the rows beneath an envelope, and the names of their columns where it gives them.

    alone: whether an envelope counts only where nothing else stands beside it but parameters. columns: whether an object of
    equally long lists with no envelope around it is columns too.
    """
    if type(found) is not dict:
        if type(found) is list:
            flat = found and type(found[0]) not in (list, dict)
            return ([found] if flat else found), ()
        return [found], ()
    key = next((k for k in envelopes if k in found), "")
    if key and (not alone or set(found) <= {key, "parameters", "signature_name", "params"}):
        inner = found[key]
        if type(inner) is dict:
            return ([inner], ()) if key in ("instances", "dataframe_records") else _of_columns(inner)
        return (inner if type(inner) is list else [inner]), ()
    if "data" in found and (set(found) <= _SPLIT or (not alone and type(found.get("columns")) is list)):
        return _of_columns({k: v for k, v in found.items() if k in _SPLIT})
    if columns and not (len(found) == 1 and "features" in found):
        return _of_columns(found)
    return [found], ()


def _of_columns(found: dict[str, Any]) -> tuple[Any, Sequence[str]]:
    """Return the rows of pandas' split orient, or of an object of columns."""
    if "data" in found and set(found) <= _SPLIT:
        names = found.get("columns", [])
        if type(names) is not list or not all(type(n) in (str, int) for n in names):
            raise PayloadRefused("shape", "its columns are no list of names")
        return found["data"], _named([str(n) for n in names])
    if not found or not all(type(v) is list for v in found.values()):
        return [found], ()
    columns = list(found.values())
    if len(set(map(len, columns))) > 1:
        raise PayloadRefused("ragged", "its columns have different numbers of values")
    return [list(row) for row in zip(*columns, strict=True)], tuple(found)


def _of_objects(rows: list[Any], bounds: Bounds) -> tuple[list[Any], Sequence[str]]:
    """Return rows and names of objects: by name, or a list under ``features``."""
    if not all(type(row) is dict for row in rows):
        raise PayloadRefused(
            "shape", "its rows are of different kinds", remedy="send all as lists, or all as objects"
        )
    if "features" in rows[0] or "data" in rows[0]:
        held = [features(row) for row in rows]
        if all(type(h) is list for h in held):
            return held, ()
    names = tuple(rows[0])
    if all(tuple(row) == names for row in rows):
        return [list(row.values()) for row in rows], _named(names, bounds)
    known = dict.fromkeys(name for row in rows for name in row)
    bounds.hold_shape(len(rows), len(known))
    names = tuple(known)
    return [[row.get(name) for name in names] for row in rows], _named(names, bounds)


def features(row: dict[str, Any]) -> Any:
    """Return what of a row lies under features, or under data and features: SageMaker's own algorithms are asked so."""
    found: Any = row
    if len(found) == 1 and type(found.get("data")) is dict:
        found = found["data"]
    found = found.get("features") if len(found) == 1 else None
    if type(found) is dict and len(found) == 1:
        found = found.get("values")
    return found


def _named(names: Sequence[str], bounds: Bounds | None = None) -> tuple[str, ...]:
    if bounds is not None and names:
        bounds.hold_text(max(map(len, names)))
    if len(set(names)) < len(names):
        raise PayloadRefused("names", "a column is named twice")
    return tuple(names)


def _hold_cells(body: bytes, bounds: Bounds) -> None:
    """Bound what the parser may make, before it does: a value and a list take at least two bytes each."""
    if len(body) > 2 * bounds.cells and body.count(b",") + body.count(b"[") > bounds.cells:
        raise PayloadRefused(
            "cells",
            f"it has more than {bounds.cells:,} values",
            status=413,
            remedy="send fewer rows at a time",
        )


def _doubled(body: bytes, found: Any, objects: int) -> bool:
    """Whether a name may stand twice: there are more colons than names, of which some may be within texts."""
    names = len(found) if objects == 1 and type(found) is dict else _names_in(found, _DEEPEST)
    return body.count(b":") > names


def _names_in(found: Any, depth: int) -> int:
    if not depth:
        raise PayloadRefused("depth", f"it is nested deeper than {_DEEPEST} levels")
    if type(found) is dict:
        return len(found) + sum(_names_in(v, depth - 1) for v in found.values() if type(v) in (dict, list))
    kinds = set(map(type, found))
    if dict not in kinds and list not in kinds:
        return 0
    return sum(_names_in(v, depth - 1) for v in found if type(v) in (dict, list))


def _check_names(body: bytes) -> None:
    try:
        json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        if isinstance(error, PayloadRefused):
            raise
        _malformed(error, "JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise PayloadRefused("names", "a name stands twice in an object", remedy="send each once")
    return made


def _malformed(error: Exception, form: str) -> NoReturn:
    if isinstance(error, UnicodeDecodeError):
        raise PayloadRefused("utf8", "it is not UTF-8") from None
    if isinstance(error, RecursionError):
        raise PayloadRefused("depth", "it is nested too deeply") from None
    said = str(error)
    if "out of range" in said:
        raise PayloadRefused("number", "a number in it is larger than any that is read") from None
    place = said[said.rfind("(") :] if said.endswith(")") and "(byte " in said else ""
    raise PayloadRefused(
        "malformed", f"it is no {form} {place}".strip(), remedy="NaN and Infinity are none either: send null"
    ) from None
