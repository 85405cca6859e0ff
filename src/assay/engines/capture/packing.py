"""Captured events as Parquet, sealed or plain, and as the plain files that other tools read."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from assay.engines.capture import records
from assay.engines.capture.sealing import Sealer, frames
from assay.engines.capture.sources import PACKED
from assay.engines.durable import sync

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.engines.capture.records import Events

PIECE = 16 << 20  # bytes of a Parquet file in one frame
KEPT = 600  # seconds that lines stay after they were packed: whoever began to read them may finish


def table(events: Events) -> pa.Table:
    """Return events in columns, as PARQUET names them."""
    import pyarrow as pa

    types: dict[str, Any] = {"status": pa.int32(), "at": pa.float64(), "shadow": pa.bool_()}
    names = records.PARQUET.items()
    return pa.table({c: pa.array(getattr(events, n), types.get(c, pa.string())) for c, n in names})


def parquet(events: Events) -> bytes:
    """Return events as the bytes of a Parquet file."""
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(table(events), out, compression="zstd")
    return out.getvalue()


def pack(path: Path, secret: bytes) -> Path:
    """Make sealed Parquet of a file of sealed lines, beside it, and return it; the lines go when nobody reads them any more.

    Whoever lists a capture takes the Parquet where both are there, so that no event is there twice.
    """
    packed = path.with_name(path.name.removesuffix(".jsonl.sealed") + PACKED)
    events = records.Events()
    with path.open("rb") as opened:
        for block in frames(opened, secret):
            events = events.beside(records.of_lines(block)[0])
    data, sealer = parquet(events), Sealer(secret)
    fresh = packed.with_name(packed.name + ".new")
    with fresh.open("wb") as out:
        out.write(sealer.head)
        for at in range(0, len(data), PIECE):
            out.write(sealer.frame(data[at : at + PIECE], packed=False))
    sync(fresh)
    fresh.rename(packed)
    sync(packed.parent)
    return packed


def tidy(root: Path, now: float | None = None) -> int:
    """Remove lines that were packed a while ago; return how many files went."""
    gone, now = 0, time.time() if now is None else now
    for packed in root.rglob(f"*{PACKED}"):
        lines = packed.with_name(packed.name.removesuffix(PACKED) + ".jsonl.sealed")
        with contextlib.suppress(OSError):
            if now - packed.stat().st_mtime > KEPT and lines.exists():
                lines.unlink()
                gone += 1
    return gone


def unsealed(opened: BinaryIO, secret: bytes, *, packed: bool) -> Iterator[Events]:
    """Give the events of a sealed file: of lines, frame by frame; of Parquet, batch by batch."""
    if not packed:
        for block in frames(opened, secret):
            yield records.of_lines(block)[0]
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = b"".join(frames(opened, secret))
    for batch in pq.ParquetFile(pa.BufferReader(data)).iter_batches():
        yield records.of_batch(batch)
