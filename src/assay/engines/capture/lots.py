"""The events of a pinned capture, file after file, of the period and variant that are asked for."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assay.engines.capture import packing, records, sources
from assay.engines.capture.gathering import seconds
from assay.engines.capture.sources import Manifest
from assay.kernel.errors import AssayError, BadInput, UsageError

if TYPE_CHECKING:
    from assay.engines.capture.records import Events

_ENOUGH = 16_384  # events that are taken apart together
_AT_ONCE = 65_536  # events of a Parquet capture that are read at once


def lots(manifest: Manifest, secret: bytes | None) -> Iterator[tuple[Events, dict[str, int]]]:
    """Give the events of the period, those of small files together."""
    waiting = records.Events()
    for events, lost in events_of(manifest, secret):
        held = _within(events, manifest)
        waiting = waiting.beside(held) if len(waiting) else held
        if len(waiting) >= _ENOUGH:
            yield waiting, lost
            waiting = records.Events()
        elif lost:
            yield records.Events(), lost
    yield waiting, {}


def events_of(manifest: Manifest, secret: bytes | None = None) -> Iterator[tuple[Events, dict[str, int]]]:
    """Give the events of every file in turn, and what of it could not be read: why → how many."""
    for file in manifest.files:
        where = sources.place(manifest.root, file.name)
        variant = records.variant_of(f"{manifest.root.rstrip('/')}/{file.name}")
        try:
            for events, damaged in _events(where, file.size, variant, secret):
                yield events, {"a line is no captured event": damaged} if damaged else {}
        except BadInput as error:  # of a frame that was changed: what stood before it was read
            yield records.Events(), {error.what: 1}
        except AssayError:
            raise
        except (OSError, EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            yield records.Events(), {"a file is cut short or damaged": 1}  # what stood before that was read


def _events(where: str, size: int, variant: str, secret: bytes | None) -> Iterator[tuple[Events, int]]:
    low = where.lower()
    with sources.opened(where, size) as given:
        if low.endswith(sources.SEALED):
            if secret is None:
                raise UsageError(
                    "the capture is encrypted",
                    where=where,
                    remedy="read it in the home that it was captured in",
                )
            for events in packing.unsealed(given, secret, packed=low.endswith(sources.PACKED)):
                yield (
                    events,
                    0,
                )  # what was being written when it was pinned is no frame, and is in the next reading
        elif low.endswith(".parquet"):
            import pyarrow as pa
            import pyarrow.parquet as pq

            whole = pq.ParquetFile(where if "://" not in where else pa.BufferReader(given.read()))
            for batch in whole.iter_batches(_AT_ONCE):
                yield records.of_batch(batch, variant), 0
        else:
            for block in records.blocks(given):
                yield records.of_lines(block, variant)


def _within(events: Events, manifest: Manifest) -> Events:
    """Return the events of the period and the variant that are asked for; what has no captured side is ground truth alone.

    A shadow answered nobody what it was asked: it is in what is asked of it by name, and in nothing else.
    """
    mark = [a is not None or b is not None for a, b in zip(events.inputs, events.outputs, strict=True)]
    if manifest.variant:
        mark = [m and v == manifest.variant for m, v in zip(mark, events.variants, strict=True)]
    elif any(events.shadows):
        mark = [m and not s for m, s in zip(mark, events.shadows, strict=True)]
    if manifest.start is not None or manifest.end is not None:
        start, end = manifest.start or float("-inf"), manifest.end
        end = float("inf") if end is None else end
        times = seconds(events).to_pylist()
        mark = [m and t is not None and start <= t < end for m, t in zip(mark, times, strict=True)]
    return events if all(mark) else events.kept(mark)
