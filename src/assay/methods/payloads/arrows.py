"""Parquet and Arrow streams into rows, and back.

Both are read by compiled code, so that what they claim is held against the bounds before anything is unpacked: the sizes in
a Parquet file's footer, the kinds of an Arrow stream's messages. Columns are flat: numbers, truth values, texts, times.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.serving import Rows
from assay.methods.payloads.bounds import BOUNDS, Bounds
from assay.methods.payloads.refused import PayloadRefused

if TYPE_CHECKING:
    import pyarrow

_UNPACKED = 64 << 20  # bytes of all columns of a Parquet file
_LONG_NAME = 4096


def read(body: bytes, bounds: Bounds = BOUNDS) -> Rows:
    """Return the rows of an Arrow stream of plain columns, neither compressed nor coded by dictionaries."""
    try:
        found = read_plain(body)
    except ValueError as error:
        why = f": it has {error}" if str(error).endswith("columns") or "of the type" in str(error) else ""
        raise PayloadRefused(
            "malformed",
            f"no Arrow stream of plain columns can be read from it{why}",
            remedy="write columns of texts and numbers, uncompressed",
        ) from None
    _hold_schema(found.schema, bounds)
    return _rows(found, bounds)


def read_parquet(body: bytes, bounds: Bounds = BOUNDS) -> Rows:
    """Return the rows of a Parquet file of plain columns, whose footer says that they are few and small enough."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if len(body) < 12 or body[-4:] != b"PAR1":
        raise PayloadRefused("malformed", "it is a Parquet file that is cut short, or is encrypted")
    (footer,) = struct.unpack("<I", body[-8:-4])
    if footer > len(body) - 12 or footer > 1 << 20:
        raise PayloadRefused("malformed", "it is a Parquet file whose footer is no footer")
    try:
        opened = pq.ParquetFile(
            pa.BufferReader(body), thrift_string_size_limit=1 << 20, thrift_container_size_limit=100_000
        )
        said = opened.metadata
        bounds.hold_shape(said.num_rows, said.num_columns)
        claimed = 0
        for group in range(said.num_row_groups):
            for column in range(said.num_columns):
                claimed += max(0, said.row_group(group).column(column).total_uncompressed_size)
        if claimed > _UNPACKED:
            raise PayloadRefused(
                "bytes", f"it unpacks to {claimed:,} bytes and may have {_UNPACKED:,}", status=413
            )
        _hold_schema(opened.schema_arrow, bounds)
        found = pa.Table.from_batches(
            _bounded(opened.iter_batches(batch_size=4096, use_threads=False)), opened.schema_arrow
        )
        found.validate(full=True)
    except PayloadRefused:
        raise
    except (ValueError, pa.ArrowException, OSError, MemoryError, OverflowError) as error:
        del error
        raise PayloadRefused("malformed", "no Parquet file of plain columns can be read from it") from None
    return _rows(found, bounds)


def _bounded(batches: Any) -> Any:
    """Hand batches on until they are larger than the footer may have said."""
    total = 0
    for batch in batches:
        total += batch.nbytes
        if total > _UNPACKED:
            raise PayloadRefused("bytes", f"it unpacks to more than {_UNPACKED:,} bytes", status=413)
        yield batch


def _hold_schema(schema: pyarrow.Schema, bounds: Bounds) -> None:
    bounds.hold_shape(1, len(schema))
    for field in schema:
        if len(field.name) > _LONG_NAME:
            bounds.hold_text(len(field.name) + bounds.text)
        if not plain(field.type):
            raise PayloadRefused(
                "shape",
                f"it has a column of the type {str(field.type)[:60]}",
                remedy="send numbers, truth values, texts and times",
            )
    if len(set(schema.names)) < len(schema):
        raise PayloadRefused("names", "a column is named twice")


def _rows(found: pyarrow.Table, bounds: Bounds) -> Rows:
    import pyarrow as pa
    import pyarrow.compute as pc

    bounds.hold_shape(found.num_rows, found.num_columns)
    for column in found.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            bounds.hold_text(pc.max(pc.binary_length(column)).as_py() or 0)
        elif pa.types.is_floating(column.type) and pc.any(pc.is_inf(column)).as_py():
            raise PayloadRefused("number", "there is an Infinity in it", remedy="send null")
    return Rows(tuple(found.column_names), None, found)


def plain(kind: Any) -> bool:
    """Whether a type is of numbers, truth values, texts or times; of a nested or coded one it is not."""
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


def table(columns: Mapping[str, Sequence[Any]]) -> pyarrow.Table:
    """Return columns as a table; one whose values are of different kinds is a column of texts."""
    import pyarrow as pa

    made = {}
    for name, values in columns.items():
        try:
            made[name] = pa.array(values)
        except (pa.ArrowException, OverflowError):
            made[name] = pa.array([None if v is None else str(v) for v in values], pa.string())
    return pa.table(made)


def write(found: pyarrow.Table, kind: str) -> bytes:
    """Return a table as a Parquet file or an Arrow stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    if kind == "parquet":
        import pyarrow.parquet as pq

        pq.write_table(found, sink)
    else:
        with pa.ipc.new_stream(sink, found.schema) as writer:
            writer.write_table(found)
    return bytes(sink.getvalue())


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


def _field(header: bytes, at: int, number: int) -> int:
    """Return where a field of a FlatBuffer's table stands, 0 where it is not there."""
    vtable = at - struct.unpack_from("<i", header, at)[0]
    (length,) = struct.unpack_from("<H", header, vtable)
    if 4 + 2 * number + 2 > length:
        return 0
    (offset,) = struct.unpack_from("<H", header, vtable + 4 + 2 * number)
    return at + offset if offset else 0


def read_plain(body: bytes) -> pyarrow.Table:
    """Return a table of plain columns from an Arrow stream that untrusted code has written; ValueError on anything else.

    Compressed buffers are refused before they are unpacked (they could claim any size), as are dictionaries, nested
    and extension types; every offset and string is checked.
    """
    import pyarrow as pa

    try:
        _only_plain_messages(body)
        with pa.ipc.open_stream(body) as reader:
            for field in reader.schema:
                if not plain(field.type):
                    raise ValueError(f"a column of the type {str(field.type)[:60]}")
            found = reader.read_all()
        found.validate(full=True)
        for column in found.columns:
            _hold_times(column)
    except (
        pa.ArrowException,
        OSError,
        MemoryError,
        struct.error,
        IndexError,
        EOFError,
        OverflowError,
    ) as error:
        raise ValueError(f"no table can be read ({str(error)[:100]})") from None
    return found


def _hold_times(column: pyarrow.ChunkedArray) -> None:
    """Raise OverflowError or ValueError where a time lies before or after all that Python's own calendar holds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if not pa.types.is_temporal(kind) or pa.types.is_interval(kind):
        return
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp(kind.unit))  # of a zone that nobody knows, too
    pc.min_max(column).as_py()
