"""Messages between us and a model's worker: a length, a kind, and bytes, each bounded."""

from __future__ import annotations

import json
import struct
from typing import IO, Any

MAX_MESSAGE = 1 << 30
_HEAD = struct.Struct(">cQ")


def send(stream: IO[bytes], kind: bytes, body: bytes) -> None:
    """Write a message. kind: one byte."""
    stream.write(_HEAD.pack(kind, len(body)))
    stream.write(body)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[bytes, bytes]:
    """Read a message; EOFError when the stream ends, ValueError when it is larger than any is."""
    head = _exactly(stream, _HEAD.size)
    kind, length = _HEAD.unpack(head)
    if length > MAX_MESSAGE:
        raise ValueError(f"a message of {length} bytes")
    return kind, _exactly(stream, length)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    parts = []
    while length:
        part = stream.read(min(length, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def pack_table(table: Any) -> bytes:
    """Return an Arrow table as IPC bytes."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def unpack_table(body: bytes) -> Any:
    """Read an Arrow table from IPC bytes."""
    import pyarrow as pa

    with pa.ipc.open_stream(body) as reader:
        return reader.read_all()


def pack_asked(of: Any, table: Any) -> bytes:
    """Return a table with the class that it is asked about, or with more as JSON."""
    said = json.dumps(of).encode()
    return struct.pack(">I", len(said)) + said + pack_table(table)


def unpack_asked(body: bytes) -> tuple[Any, Any]:
    """Read what pack_asked wrote."""
    (length,) = struct.unpack_from(">I", body)
    return json.loads(body[4 : 4 + length]), unpack_table(body[4 + length :])


def pack_answer(table: Any) -> bytes:
    """Return a model's answer as IPC bytes, categories written out."""
    import pyarrow as pa

    for at, column in enumerate(table.columns):
        if pa.types.is_dictionary(column.type):
            decoded = pa.chunked_array(
                [chunk.dictionary_decode() for chunk in column.chunks], column.type.value_type
            )
            table = table.set_column(at, table.column_names[at], decoded)
    return pack_table(table)


def unpack_answer(body: bytes) -> Any:
    """Read an Arrow table that untrusted code has written; ValueError on anything but plain columns."""
    from assay.methods.payloads.arrows import read_plain

    return read_plain(body)


def pack_json(value: Any) -> bytes:
    """Return JSON bytes."""
    return json.dumps(value, default=str).encode()
