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
    """Read an Arrow table that untrusted code has written; ValueError on anything but plain columns.

    Compressed buffers are refused before they are unpacked (they could claim any size), as are dictionaries, nested
    and extension types; every offset and string is checked.
    """
    import pyarrow as pa

    try:
        _only_plain_messages(body)
        with pa.ipc.open_stream(body) as reader:
            for field in reader.schema:
                if not _plain(field.type):
                    raise ValueError(f"a column of the type {str(field.type)[:60]}")
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, MemoryError, struct.error, IndexError, EOFError) as error:
        raise ValueError(f"no table can be read ({str(error)[:100]})") from None
    return table


def _plain(kind: Any) -> bool:
    import pyarrow as pa

    is_ = pa.types
    return bool(
        is_.is_integer(kind)
        or is_.is_floating(kind)
        or is_.is_boolean(kind)
        or is_.is_string(kind)
        or is_.is_large_string(kind)
        or is_.is_null(kind)
        or is_.is_temporal(kind)
        or is_.is_decimal(kind)
    )


def _only_plain_messages(body: bytes) -> None:
    """Look at each message's own header: one schema, then record batches that are not compressed."""
    import pyarrow as pa

    reader = pa.ipc.MessageReader.open_stream(body)
    kinds = []
    for message in iter(reader):
        kinds.append(message.type)
        if message.type != ("schema" if len(kinds) == 1 else "record batch"):
            raise ValueError(f"a message of the type {message.type}")
        if message.type == "record batch" and _compressed(message.metadata.to_pybytes()):
            raise ValueError("compressed columns")
    if not kinds:
        raise ValueError("no schema")


def _compressed(header: bytes) -> bool:
    """Whether a message's FlatBuffer names a compression: field 3 of the RecordBatch that is field 2 of the Message.

    Source: format/Message.fbs of Apache Arrow.
    """
    (message,) = struct.unpack_from("<I", header, 0)
    batch = _field(header, message, 2)
    if not batch:
        raise ValueError("a record batch without its header")
    batch += struct.unpack_from("<I", header, batch)[0]
    return _field(header, batch, 3) != 0


def _field(header: bytes, table: int, number: int) -> int:
    """Return where a field of a FlatBuffer's table stands, 0 where it is not there."""
    vtable = table - struct.unpack_from("<i", header, table)[0]
    (length,) = struct.unpack_from("<H", header, vtable)
    if 4 + 2 * number + 2 > length:
        return 0
    (offset,) = struct.unpack_from("<H", header, vtable + 4 + 2 * number)
    return table + offset if offset else 0


def pack_json(value: Any) -> bytes:
    """Return JSON bytes."""
    return json.dumps(value, default=str).encode()
