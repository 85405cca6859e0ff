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


def pack_json(value: Any) -> bytes:
    """Return JSON bytes."""
    return json.dumps(value, default=str).encode()
