"""Spans that code inside a sandbox tells of itself: a file of JSON lines, or a message. Only times and short names cross."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from assay.engines.regular import opened
from assay.kernel.printable import printable

VARIABLE = "ASSAY_SPANS"  # names the file that a job may write
FILE = "spans.jsonl"
_MOST = 500
_BYTES = 256 << 10
_NAME = 80
_TIME = 1 << 63

Told = list[tuple[str, int, int]]


def read_file(path: Path) -> Told:
    """Return what a job has told, as far as it is told well: (name, start, end) in nanoseconds since 1970.

    Only a regular file is read, and its first 256 kB. What is no such line is passed over.
    """
    try:
        source = opened(path)
    except OSError:
        return []
    with source:
        lines = source.read(_BYTES).split(b"\n")
    return [t for line in lines[: 4 * _MOST] if (t := _line(line)) is not None][:_MOST]


def tell(path: str, name: str, start: int, end: int) -> None:
    """Write one span into the file that a job was given; where it cannot be written, the job goes on without."""
    line = json.dumps({"name": name, "start": start, "end": end}) + "\n"
    with contextlib.suppress(OSError), Path(path).open("a", encoding="utf-8") as out:
        out.write(line)


def _line(line: bytes) -> tuple[str, int, int] | None:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return one(raw.get("name"), raw.get("start"), raw.get("end")) if isinstance(raw, dict) else None


def one(name: Any, start: Any, end: Any) -> tuple[str, int, int] | None:
    """Return one told span, or None where it is not well told."""
    if not isinstance(name, str) or not name.strip():
        return None
    for value in (start, end):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _TIME:
            return None
    return (printable(name.strip()[:_NAME]), start, end) if end >= start else None


def read_message(body: bytes) -> Told:
    """Return what a model's worker has told of an answer: JSON, a list of [name, start, end]."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(raw, list):
        return []
    return [
        t for part in raw[:16] if isinstance(part, list) and len(part) == 3 and (t := one(*part)) is not None
    ]
