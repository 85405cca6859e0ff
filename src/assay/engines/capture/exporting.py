"""Captured events as plain files in SageMaker's layout, which existing tools read: JSON lines, or Parquet."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from assay.engines.capture.gathering import seconds
from assay.engines.capture.handle import Labels
from assay.engines.capture.lots import events_of
from assay.engines.capture.packing import parquet
from assay.engines.capture.records import Captured, Events, Meta, Record, Side
from assay.engines.remote import filesystem
from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    from assay.engines.capture.sources import Manifest

EVENTS = 100_000  # in a file
_encode = msgspec.json.Encoder().encode
_MODES = {"input": "INPUT", "output": "OUTPUT"}


def export(
    manifest: Manifest, target: str, *, format: str, secret: bytes | None, labels: Labels | None
) -> tuple[int, int, int]:
    """Write events to ``target``, a folder or a URL; return how many events, files, and damaged pieces there were.

    format: jsonl or parquet. labels: fills in ground truth, which is then merged into the records. UsageError where the
    target holds files already.
    """
    fs, prefix = filesystem(target if "://" in target else f"file://{target}")
    if fs.exists(prefix) and fs.find(prefix):
        raise UsageError("there are files in it already", where=target, remedy="name an empty folder")
    waiting: dict[str, Events] = {}
    total = files = damaged = 0
    suffix = "jsonl" if format == "jsonl" else "parquet"

    def write(folder: str) -> None:
        nonlocal files
        events = waiting.pop(folder)
        data = b"".join(lines(events)) if format == "jsonl" else parquet(events)
        place = f"{prefix.rstrip('/')}/{folder}"
        fs.makedirs(place, exist_ok=True)
        files += 1
        with fs.open(f"{place}/{files:06d}.{suffix}", "wb") as out:
            out.write(data)

    for events, lost in events_of(manifest, secret):
        damaged += sum(lost.values())
        if labels is not None:
            labels(events)
        for folder, part in _apart(events, manifest):
            total += len(part)
            waiting[folder] = waiting[folder].beside(part) if folder in waiting else part
            if len(waiting[folder]) >= EVENTS:
                write(folder)
    for folder in sorted(waiting):
        write(folder)
    return total, files, damaged


def _apart(events: Events, manifest: Manifest) -> Iterator[tuple[str, Events]]:
    """Give the events of a period by the folder that each belongs into: endpoint/variant/yyyy/mm/dd/hh."""
    times = seconds(events).to_pylist()
    start = float("-inf") if manifest.start is None else manifest.start
    end = float("inf") if manifest.end is None else manifest.end
    folders = [
        f"{manifest.endpoint or 'endpoint'}/{v or 'AllTraffic'}/{time.strftime('%Y/%m/%d/%H', time.gmtime(t or 0))}"
        if start <= (t or 0) < end
        else ""
        for v, t in zip(events.variants, times, strict=True)
    ]
    for folder in sorted(set(folders) - {""}):
        yield folder, events.kept([f == folder for f in folders])


def lines(events: Events) -> Iterator[bytes]:
    """Give events as SageMaker writes them, merged with ground truth where it is known; nothing of ours is in them."""
    for i, id in enumerate(events.ids):
        sides = Captured()
        for side, mode in _MODES.items():
            text = getattr(events, f"{side}s")[i]
            if text is not None:
                made = Side(
                    text, getattr(events, f"{side}_kinds")[i], getattr(events, f"{side}_types")[i], mode
                )
                setattr(sides, f"endpoint_{side}", made)
        truth = events.truths[i]
        record = Record(
            sides,
            msgspec.UNSET if truth is None else Side(truth, events.truth_kinds[i] or "CSV", "text/csv"),
            Meta(id, events.inferences[i] or msgspec.UNSET, events.times[i]),
        )
        yield _encode(record) + b"\n"
