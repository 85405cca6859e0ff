"""Protocol buffers, as much of them as OTLP's traces need: a table of messages, and one reader and one writer over it.

Source: protobuf.dev/programming-guides/encoding, and opentelemetry/proto/trace/v1/trace.proto of opentelemetry-proto 1.x.
A message is read as the mapping that OTLP's JSON is, but for bytes, which stay bytes, and numbers, which stay numbers.
What the table does not name is passed over. Everything is bounded before it is built.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_VARINT, _I64, _LEN, _I32 = 0, 1, 2, 5
_DEEP = 100  # messages within messages, as the official reader allows
_WIRE = {
    "fixed64": _I64, "double": _I64, "fixed32": _I32, "uint32": _VARINT, "int64": _VARINT, "enum": _VARINT,
    "bool": _VARINT, "string": _LEN, "bytes": _LEN, "hex": _LEN,
}  # fmt: skip
# field number → (name, type); a type that ends in * may come again and again; one that is a message's name is one.
MESSAGES: Mapping[str, Mapping[int, tuple[str, str]]] = {
    "TracesData": {1: ("resourceSpans", "ResourceSpans*")},
    "ResourceSpans": {1: ("resource", "Resource"), 2: ("scopeSpans", "ScopeSpans*"), 3: ("schemaUrl", "string")},
    "Resource": {1: ("attributes", "KeyValue*"), 2: ("droppedAttributesCount", "uint32")},
    "ScopeSpans": {1: ("scope", "Scope"), 2: ("spans", "Span*"), 3: ("schemaUrl", "string")},
    "Scope": {
        1: ("name", "string"), 2: ("version", "string"), 3: ("attributes", "KeyValue*"),
        4: ("droppedAttributesCount", "uint32"),
    },
    "Span": {
        1: ("traceId", "hex"), 2: ("spanId", "hex"), 3: ("traceState", "string"), 4: ("parentSpanId", "hex"),
        5: ("name", "string"), 6: ("kind", "enum"), 7: ("startTimeUnixNano", "fixed64"),
        8: ("endTimeUnixNano", "fixed64"), 9: ("attributes", "KeyValue*"), 10: ("droppedAttributesCount", "uint32"),
        11: ("events", "Event*"), 12: ("droppedEventsCount", "uint32"), 13: ("links", "Link*"),
        14: ("droppedLinksCount", "uint32"), 15: ("status", "Status"), 16: ("flags", "fixed32"),
    },
    "Event": {
        1: ("timeUnixNano", "fixed64"), 2: ("name", "string"), 3: ("attributes", "KeyValue*"),
        4: ("droppedAttributesCount", "uint32"),
    },
    "Link": {
        1: ("traceId", "hex"), 2: ("spanId", "hex"), 3: ("traceState", "string"), 4: ("attributes", "KeyValue*"),
        5: ("droppedAttributesCount", "uint32"), 6: ("flags", "fixed32"),
    },
    "Status": {2: ("message", "string"), 3: ("code", "enum")},
    "KeyValue": {1: ("key", "string"), 2: ("value", "AnyValue")},
    "AnyValue": {
        1: ("stringValue", "string"), 2: ("boolValue", "bool"), 3: ("intValue", "int64"), 4: ("doubleValue", "double"),
        5: ("arrayValue", "ArrayValue"), 6: ("kvlistValue", "KeyValueList"), 7: ("bytesValue", "bytes"),
    },
    "ArrayValue": {1: ("values", "AnyValue*")},
    "KeyValueList": {1: ("values", "KeyValue*")},
    "Response": {1: ("partialSuccess", "PartialSuccess")},
    "PartialSuccess": {1: ("rejectedSpans", "int64"), 2: ("errorMessage", "string")},
    "RpcStatus": {1: ("code", "int64"), 2: ("message", "string")},
}  # fmt: skip
_FORMS = {"fixed64": struct.Struct("<Q"), "double": struct.Struct("<d"), "fixed32": struct.Struct("<I")}
_OPTIONAL = {"AnyValue"}  # a oneof: its field is written even where it is zero


class Malformed(ValueError):
    """Bytes that are no message of the kind that was asked for, or a larger one than is read."""


def decode(data: bytes, message: str, objects: int) -> dict[str, Any]:
    """Read a message. objects: how many messages it may consist of; Malformed where it is none, or more."""
    left = [objects]
    return _message(data, 0, len(data), message, left, _DEEP)


@dataclass(frozen=True, slots=True)
class _Field:
    """How a field is read. inner: the message that it is, if it is one."""

    name: str
    kind: str
    many: bool
    wire: int
    inner: str


def _field(name: str, kind: str) -> _Field:
    plain = kind.removesuffix("*")
    inner = plain if plain in MESSAGES else ""
    return _Field(name, plain, plain != kind, _WIRE.get(plain, _LEN), inner)


_FIELDS = {m: {n: _field(*field) for n, field in fields.items()} for m, fields in MESSAGES.items()}


def _message(data: bytes, at: int, end: int, message: str, left: list[int], deep: int) -> dict[str, Any]:
    left[0] -= 1
    if left[0] < 0:
        raise Malformed("it consists of more messages than are read")
    if not deep:
        raise Malformed("its messages nest too deep")
    fields, oneof = _FIELDS[message], message == "AnyValue"
    out: dict[str, Any] = {}
    while at < end:
        tag = data[at]
        if tag < 0x80:
            at += 1
        else:
            tag, at = _varint(data, at, end)
        wire = tag & 7
        if not 0 < tag >> 3 < 1 << 29:
            raise Malformed("a field has no number")
        known = fields.get(tag >> 3)
        if known is None or wire != known.wire:
            at = _skip(data, at, end, wire)
            continue
        value: Any
        if wire == _LEN:
            size = data[at] if at < end else 0x80
            if size < 0x80:
                at += 1
            else:
                size, at = _varint(data, at, end)
            stop = at + size
            if stop > end:
                raise Malformed("a field is longer than what holds it")
            if known.inner:
                value = _message(data, at, stop, known.inner, left, deep - 1)
                if not known.many and not oneof and known.name in out:  # sent in parts, they are one
                    value = _joined(out[known.name], value, known.inner)
            elif known.kind == "string":
                value = data[at:stop].decode("utf-8", "replace")
            elif known.kind == "bytes":
                value = data[at:stop]
            else:
                value = data[at:stop].hex() if size <= 64 else "?"
            at = stop
        elif wire == _VARINT:
            raw, at = _varint(data, at, end)
            value = _number(raw, known.kind)
        else:
            size = 8 if wire == _I64 else 4
            if size > end - at:
                raise Malformed("a number is cut short")
            value = _FORMS[known.kind].unpack_from(data, at)[0]
            at += size
        if known.many:
            out.setdefault(known.name, []).append(value)
        else:
            if oneof:  # the last counts
                out.clear()
            out[known.name] = value
    return out


def _joined(one: dict[str, Any], other: dict[str, Any], message: str) -> dict[str, Any]:
    """Return one message of two parts. Lists grow where they are: to copy them for each of many parts takes its square."""
    if message == "AnyValue":
        return other or one
    for name, value in other.items():
        if isinstance(value, list) and name in one:
            one[name] += value
        else:
            one[name] = value
    return one


def _number(value: int, kind: str) -> int | bool:
    if kind == "bool":
        return value != 0
    if kind == "uint32":
        return value & 0xFFFFFFFF
    return value - (1 << 64) if value >> 63 else value


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            raise Malformed("a number has more than ten bytes")
    raise Malformed("it is cut short")


def _skip(data: bytes, at: int, end: int, wire: int) -> int:
    if wire == _VARINT:
        return _varint(data, at, end)[1]
    if wire == _LEN:
        size, at = _varint(data, at, end)
    elif wire in (_I64, _I32):
        size = 8 if wire == _I64 else 4
    else:
        raise Malformed(f"a field is of the wire type {wire}")
    if size > end - at:
        raise Malformed("a field is longer than what holds it")
    return at + size


def encode(value: Mapping[str, Any], message: str) -> bytes:
    """Write a message; what is empty or zero is left out, as proto3 does."""
    out = bytearray()
    for number, (name, kind) in MESSAGES[message].items():
        if name not in value:
            continue
        given, plain = value[name], kind.removesuffix("*")
        for one in given if kind.endswith("*") else (given,):
            if plain in MESSAGES:
                body = encode(one, plain)
                out += _tag(number, _LEN) + _packed(len(body)) + body
            elif one or message in _OPTIONAL:
                out += _tag(number, _WIRE[plain]) + _scalar(one, plain)
    return bytes(out)


def _scalar(value: Any, kind: str) -> bytes:
    if kind in ("string", "bytes", "hex"):
        body = value.encode() if kind == "string" else bytes.fromhex(value) if kind == "hex" else value
        return _packed(len(body)) + bytes(body)
    if kind in _FORMS:
        return _FORMS[kind].pack(value)
    return _packed(int(value) & 0xFFFFFFFFFFFFFFFF)


def _tag(number: int, wire: int) -> bytes:
    return _packed(number << 3 | wire)


def _packed(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
