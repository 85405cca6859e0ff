"""Ground truth that comes by itself, late by days: taken in from files, kept by the hour of the label, joined by id."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from assay.engines.capture import records, sources
from assay.engines.capture.decoding import truth_values
from assay.engines.capture.records import Meta, Record, Side
from assay.engines.capture.sealing import Sealer, frames
from assay.engines.durable import sync
from assay.kernel.errors import BadInput, UsageError

if TYPE_CHECKING:
    from assay.engines.capture.records import Events
    from assay.engines.capture.sources import Manifest

SUFFIX = ".jsonl.sealed"
IDS = ("eventid", "event_id", "inferenceid", "inference_id", "id")
LABELS = ("label", "truth", "ground_truth", "groundtruth", "data", "actual", "target", "y")
TIMES = ("time", "at", "label_time", "labelled_at", "timestamp")
LONGEST_ID, LONGEST = (
    64,
    1 << 20,
)  # characters of an id, as SageMaker's have, and of what is true of one event
_AHEAD = 86_400.0  # seconds that a clock elsewhere may be before ours
_AT_ONCE = 20_000
_encode = msgspec.json.Encoder().encode


@dataclass
class Label:
    """What is true of one event. id: the caller's inference id, or the event's; data: CSV; at: seconds since 1970, or 0."""

    id: str
    data: str
    kind: str = "CSV"
    at: float = 0.0


@dataclass
class Given:
    """Ground truth of a file; damaged: lines that are none."""

    labels: list[Label] = field(default_factory=list)
    damaged: int = 0


def _usable(id: str, data: str) -> bool:
    """Whether an event may have this id, and its truth be this text: no NaN, nothing infinite, nothing of megabytes."""
    if not 0 < len(id) <= LONGEST_ID or not id.isprintable():
        return False
    if not len(data.strip()) > 0 or len(data) > LONGEST or "\0" in data:
        return False
    try:
        return math.isfinite(float(data))
    except ValueError:  # a text, or several values
        return True


def of_files(root: Path) -> Given:
    """Return the ground truth of a file or folder of SageMaker's ground-truth JSON lines; BadInput where there is none."""
    out = Given()
    for name, size in sources.listed(str(root)):
        with sources.opened(sources.place(str(root), name), size) as opened:
            for block in records.blocks(opened):
                for found in _of_block(block, out):
                    out.labels.append(found)
    if not out.labels:
        raise BadInput(
            "there is no ground truth in it",
            where=str(root),
            remedy='a line reads {"groundTruthData": {"data": "1", "encoding": "CSV"}, "eventMetadata": {"eventId": "…"}}',
        )
    return out


def _of_block(block: bytes, out: Given) -> Iterator[Label]:
    events, damaged = records.of_lines(block)
    out.damaged += damaged
    for id, other, truth, kind in zip(
        events.ids, events.inferences, events.truths, events.truth_kinds, strict=True
    ):
        if truth is None or not _usable(id or other, truth):
            out.damaged += 1
        else:
            yield Label(id or other, truth, kind)


def of_table(columns: Mapping[str, Any], where: str, now: float, damaged: int = 0) -> Given:
    """Return the ground truth of a table's columns, name → values: an id, a label, and perhaps when it became known.

    now: seconds since 1970, which no label became known long after. damaged: rows that could not be read. UsageError where no
    column is an id, or none a label; BadInput where no row holds both.
    """
    id, label = _column(columns, IDS, "id", where), _column(columns, LABELS, "label", where)
    when = next((n for n in columns if n.lower() in TIMES), None)
    times: Iterable[Any] = columns[when] if when else [None] * len(columns[id])
    out = Given(damaged=damaged)
    for one, value, at in zip(columns[id], columns[label], times, strict=True):
        moment = _moment(at)
        known = moment is not None and 0 <= moment <= now + _AHEAD
        if one is None or value is None or not known or not _usable(str(one), str(value)):
            out.damaged += 1
        else:
            out.labels.append(Label(str(one), _written(value), at=moment or 0.0))
    if not out.labels:
        raise BadInput(
            "there is no ground truth in it",
            where=where,
            remedy="a row has an id of up to 64 characters, a label, and perhaps the time at which it became known",
        )
    return out


def _column(columns: Mapping[str, Any], names: tuple[str, ...], what: str, where: str) -> str:
    found = next((n for wanted in names for n in columns if n.lower() == wanted), None)
    if found is None:
        raise UsageError(
            f"no column is called {what}",
            where=where,
            remedy=f"call one of {', '.join(list(columns)[:6])} {what!r}",
        )
    return found


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n\r') else text


def _moment(value: Any) -> float | None:
    """Return seconds since 1970, 0 where nothing is said; None for what is no time."""
    if value is None or value == "":
        return 0.0
    from datetime import UTC, datetime

    try:
        seconds = float(value)
        return seconds if math.isfinite(seconds) else None
    except (TypeError, ValueError, OverflowError):
        pass
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def keep(root: Path, secret: bytes, labels: Iterable[Label], now: float) -> list[Path]:
    """Write labels below a folder, by the hour in which each became known, sealed and on the disk; return the files."""
    hours: dict[str, list[Label]] = {}
    for label in labels:
        hour = time.strftime("%Y/%m/%d/%H", time.gmtime(label.at or now))
        hours.setdefault(hour, []).append(label)
    made = []
    for hour, found in sorted(hours.items()):
        folder = root / hour
        new = [p for p in (folder, *folder.parents) if p.is_relative_to(root) and not p.exists()]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{time.strftime('%M-%S', time.gmtime(now))}-{os.urandom(8).hex()}{SUFFIX}"
        fresh, sealer = path.with_name(path.name + ".new"), Sealer(secret)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(sealer.head)
            for at in range(0, len(found), _AT_ONCE):
                out.write(sealer.frame(b"".join(map(_line, found[at : at + _AT_ONCE]))))
            out.flush()
            os.fsync(out.fileno())
        fresh.rename(path)
        for place in {folder, *(p.parent for p in new)}:
            sync(place)
        made.append(path)
    return made


def _line(label: Label) -> bytes:
    record = Record(ground_truth_data=Side(label.data, label.kind), event_metadata=Meta(label.id))
    return _encode(record) + b"\n"


class Joined:
    """Ground truth by id. Fills in what is true of events: by their inference id where they have one, else by their own id.

    A label that came later stands instead of an earlier one. matched: of how many labels an event was met.
    """

    def __init__(self, labels: Iterable[Label]) -> None:
        self.by_id = {label.id: (label.data, label.kind) for label in labels}

    def __len__(self) -> int:
        return len(self.by_id)

    def __call__(self, events: Events) -> None:
        """Fill in the truths of events that carry none."""
        for i, (id, other) in enumerate(zip(events.ids, events.inferences, strict=True)):
            if events.truths[i] is None:
                found = self.by_id.get(other or id)
                if found is not None:
                    events.truths[i], events.truth_kinds[i] = found

    def of_rows(self, events: list[str], inferences: list[str]) -> list[str | None]:
        """Return what is true of each row, rows of one event one after another."""
        out: list[str | None] = []
        before, nth = None, 0
        for id, other in zip(events, inferences, strict=True):
            nth = nth + 1 if (id, other) == before else 0
            before = (id, other)
            found = self.by_id.get(other or id)
            values = truth_values(*found) if found else []
            out.append(values[nth] if nth < len(values) else None)
        return out


def of_manifest(manifest: Manifest, secret: bytes) -> Joined:
    """Return the ground truth that was pinned with a capture, by id."""
    labels: list[Label] = []
    given = Given()
    for file in manifest.truths:
        with sources.opened(sources.place(manifest.truth_root, file.name), file.size) as opened:
            for block in frames(opened, secret):
                labels += _of_block(block, given)
    return Joined(labels)
