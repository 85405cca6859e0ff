"""Writers of protocol buffers, FlatBuffers and GGUF, enough of each to make models; no framework is needed."""

from __future__ import annotations

import struct


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: bytes | str | int) -> bytes:
    """A field: a text or message, or a number."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def message(*fields: tuple[int, bytes | str | int]) -> bytes:
    return b"".join(field(n, v) for n, v in fields)


# ---- TensorFlow


def node(operator: str, name: str = "", inputs=(), **texts: str) -> bytes:
    """A NodeDef with attributes that are texts."""
    attributes = [
        (5, message((1, key), (2, message((8, message((1, 7), (8, v))) if key == "value" else (2, v)))))
        for key, v in texts.items()
    ]
    return message((1, name or operator.lower()), (2, operator), *((3, i) for i in inputs), *attributes)


def graph(*nodes: bytes, functions=()) -> bytes:
    """A GraphDef; functions are lists of nodes."""
    library = [
        (1, message((1, message((1, f"f{i}"))), *((3, n) for n in inner)))
        for i, inner in enumerate(functions)
    ]
    return message(*((1, n) for n in nodes), *([(2, message(*library))] if library else []))


def saved_model(*nodes: bytes, functions=(), assets=()) -> bytes:
    """A SavedModel of one MetaGraph."""
    meta = message(
        (1, message((4, "serve"), (5, "2.16"))),
        (2, graph(*nodes, functions=functions)),
        *((6, message((1, message((1, "x"))), (2, a))) for a in assets),
    )
    return message((1, 1), (2, meta))


# ---- FlatBuffers, written from the front: a table's children follow it


class Flat:
    """A table: values are (form, number), Flat, a text, bytes, or a list of Flat."""

    def __init__(self, **values):
        self.values = {int(k[1:]): v for k, v in values.items()}


def flat(root: Flat, identifier: bytes = b"") -> bytes:
    """A buffer whose root is a table."""
    out = bytearray(4) + identifier
    where = _table(out, root)
    out[:4] = struct.pack("<I", where)
    return bytes(out)


def _pad(out: bytearray, to: int = 4) -> None:
    out.extend(bytes(-len(out) % to))


def _table(out: bytearray, table: Flat) -> int:
    _pad(out, 8)
    count = max(table.values, default=-1) + 1
    vtable = len(out)
    out.extend(bytes(4 + 2 * count))
    _pad(out, 8)
    at = len(out)
    out.extend(struct.pack("<i", at - vtable))
    places = {}
    for index, value in table.values.items():
        width = struct.calcsize(value[0]) if isinstance(value, tuple) else 4
        _pad(out, width)
        places[index] = len(out)
        struct.pack_into("<H", out, vtable + 4 + 2 * index, len(out) - at)
        out.extend(struct.pack("<" + value[0], value[1]) if isinstance(value, tuple) else bytes(4))
    struct.pack_into("<2H", out, vtable, 4 + 2 * count, len(out) - at)
    for index, value in table.values.items():
        if not isinstance(value, tuple):
            target = _value(out, value)
            struct.pack_into("<I", out, places[index], target - places[index])
    return at


def _value(out: bytearray, value) -> int:
    if isinstance(value, Flat):
        return _table(out, value)
    _pad(out)
    at = len(out)
    if isinstance(value, str):
        out.extend(struct.pack("<I", len(value.encode())) + value.encode() + b"\0")
    elif isinstance(value, bytes):
        out.extend(struct.pack("<I", len(value)) + value)
    elif value and isinstance(value[0], int):
        out.extend(struct.pack(f"<I{len(value)}i", len(value), *value))
    else:
        out.extend(struct.pack("<I", len(value)) + bytes(4 * len(value)))
        for i, item in enumerate(value):
            target = _table(out, item)
            struct.pack_into("<I", out, at + 4 + 4 * i, target - (at + 4 + 4 * i))
    return at


def tflite(*operators: str | int, tensors: int = 2, uses: int = 0, buffer: int = 0) -> bytes:
    """A model that calls each operator once: a number of a built-in one, or the name of one that is not."""
    codes = [
        Flat(f0=("b", 32), f1=o, f3=("i", 32))
        if isinstance(o, str)
        else Flat(f0=("b", min(o, 127)), f3=("i", o))
        for o in operators
    ]
    graph_ = Flat(
        f0=[Flat(f0=[1, 4], f2=("I", buffer), f3=f"t{i}") for i in range(tensors)],
        f1=[0],
        f2=[tensors - 1],
        f3=[Flat(f0=("I", i), f1=[uses], f2=[tensors - 1]) for i in range(len(operators))],
    )
    model = Flat(f0=("I", 3), f1=codes, f2=[graph_], f3="made by hand", f4=[Flat(), Flat(f0=b"\0" * 16)])
    return flat(model, b"TFL3")


# ---- GGUF


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def gguf(keys=None, tensors=(("w", (32, 2), 0),), *, version=3, count=None, trailing=b"", offset=0) -> bytes:
    """A model: keys are texts or numbers, tensors (name, shape, type)."""
    widths = {0: (1, 4), 1: (1, 2), 2: (32, 18), 8: (32, 34)}
    out = b"GGUF" + struct.pack("<IQQ", version, len(tensors) if count is None else count, len(keys or {}))
    for key, value in (keys or {}).items():
        out += text(key)
        if isinstance(value, str):
            out += struct.pack("<I", 8) + text(value)
        elif isinstance(value, list):
            out += struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
        else:
            out += struct.pack("<II", 4, value)
    at, data = offset, b""
    for name, shape, kind in tensors:
        items = 1
        for n in shape:
            items *= n
        size = items // widths[kind][0] * widths[kind][1]
        out += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, at)
        size += -size % 32
        data += bytes(size)
        at += size
    return out + bytes(-len(out) % 32) + data + trailing
