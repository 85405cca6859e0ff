"""The type of captured texts: the narrowest that holds every value of a column without a loss, over all its parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["empty", "boolean", "integer", "number", "timestamp", "text"]
_LONG = 19  # digits: a whole number of as many is an identifier, and would lose its last ones
_DATED = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$"


def narrowed(texts: pa.Array) -> tuple[Kind, pa.Array]:
    """Return the kind of some texts (nulls are no value), and the values as that kind."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if texts.null_count == len(texts):
        return "empty", pa.nulls(len(texts))
    first = texts.drop_null()[:50]
    for kind, type_ in (("integer", pa.int64()), ("number", pa.float64())):
        try:
            first.cast(type_)  # Arrow takes 20 times as long to fail as to succeed, on a value after another
            values = texts.cast(type_)
        except pa.ArrowInvalid:
            continue
        if _padded(texts):
            return "text", texts
        return kind, values  # type: ignore[return-value]
    low = pc.utf8_lower(first)
    words = pa.array(["true", "false"])
    if pc.all(pc.is_in(low, words)).as_py():
        low = pc.utf8_lower(texts)
        if pc.all(pc.is_in(low.drop_null(), words)).as_py():
            return "boolean", pc.equal(low, "true")
    if pc.all(pc.match_substring_regex(first, _DATED)).as_py():
        dated = pc.match_substring_regex(texts, _DATED)
        if pc.all(dated).as_py():
            try:
                return "timestamp", texts.cast(pa.timestamp("us"))
            except pa.ArrowInvalid:
                return "text", texts
    return "text", texts


def _padded(texts: pa.Array) -> bool:
    """Whether a number is written with leading zeros, or with so many digits that it would lose some.

    Looked up in the bytes themselves: regular expressions took as long as all else that is done to a column.
    """
    import numpy as np
    import pyarrow.compute as pc

    _, ends, data = texts.buffers()
    places = np.frombuffer(ends, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    sizes = np.diff(places)
    if data is not None and len(data):
        held = np.frombuffer(data, np.uint8)
        last = len(held) - 1
        at = places[:-1][sizes > 1]
        signed = (held[at] == _MINUS) | (held[at] == _PLUS)
        first = at + signed
        after = held[np.minimum(first + 1, last)]
        enough = (sizes[sizes > 1] > 1 + signed) & (held[np.minimum(first, last)] == _ZERO)
        if bool((enough & (after >= _ZERO) & (after <= _NINE)).any()):
            return True
    if not len(sizes) or int(sizes.max()) < _LONG:
        return False
    suspect = texts.filter(pc.greater_equal(pc.binary_length(texts), _LONG))
    return bool(pc.any(pc.match_substring_regex(suspect, r"^[+-]?\d{19,}$")).as_py())


_PLUS, _MINUS, _ZERO, _NINE = b"+-09"


def kind_of(type_: pa.DataType) -> Kind:
    """Return the kind of values that came with a type of their own, as JSON's do."""
    import pyarrow as pa

    if pa.types.is_null(type_):
        return "empty"
    if pa.types.is_boolean(type_):
        return "boolean"
    if pa.types.is_integer(type_):
        return "integer"
    if pa.types.is_floating(type_):
        return "number"
    return "timestamp" if pa.types.is_timestamp(type_) else "text"


def common(kinds: Iterable[Kind]) -> Kind:
    """Return the kind that holds values of all of these."""
    found = set(kinds) - {"empty"}
    if not found:
        return "empty"
    if found <= {"integer", "number"}:
        return "number" if "number" in found else "integer"
    return found.pop() if len(found) == 1 else "text"


def values_of(cells: Sequence[object]) -> pa.Array:
    """Return cells of JSON as an array of their own type; as texts where they are of several."""
    import pyarrow as pa

    try:
        return pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        pass
    numbers = all(c is None or (isinstance(c, (int, float)) and not isinstance(c, bool)) for c in cells)
    if numbers:
        try:
            return pa.array([None if c is None else float(c) for c in cells], pa.float64())  # type: ignore[arg-type]
        except OverflowError:
            pass
    return pa.array([None if c is None else _text(c) for c in cells], pa.string())


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)


def as_kind(values: pa.Array, kind: Kind) -> pa.Array:
    """Return an array of a narrower kind as one of ``kind``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    types = {
        "empty": pa.null(), "boolean": pa.bool_(), "integer": pa.int64(), "number": pa.float64(),
        "timestamp": pa.timestamp("us"), "text": pa.string(),
    }  # fmt: skip
    if values.type == types[kind]:
        return values
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), types[kind])
    if kind == "text" and pa.types.is_boolean(values.type):
        return pc.if_else(values, "true", "false")
    if kind == "text" and pa.types.is_floating(values.type):  # as JSON writes it: 1.0 and not 1
        return pa.array([None if v is None else repr(v) for v in values.to_pylist()], pa.string())
    return values.cast(types[kind], safe=False)
