"""Spans taken from files: OTLP as JSON or protobuf, one document or a line each, and X-Ray's segments; gzip of any of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assay.engines import xrayservice
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.kernel.span import Span
from assay.methods.traces import otlp, xray
from assay.methods.traces.bounds import Bounds
from assay.methods.traces.gzipped import MEMBERS, unpacked
from assay.methods.traces.protobuf import Malformed
from assay.works.traces import intake

if TYPE_CHECKING:
    from assay.works.home import Home

BOUNDS = Bounds(
    document=256 << 20, objects=8_000_000, spans=500_000
)  # of a file, which is not sent by whoever likes


def import_files(
    home: Home,
    actor: str,
    places: Sequence[str],
    *,
    as_xray: bool | None = None,
    since: str | None = None,
    until: str | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> intake.Kept:
    """Take in files and folders of them; return what was kept. as_xray: they are segments; found by content where None.

    A place ``xray://REGION`` is an AWS account: its traces from one time to another (RFC 3339; the last hour).

    Missing where there is no file, BadInput where one holds no spans.
    """
    named = [p for p in places if p.startswith(xrayservice.SCHEME)]
    paths = [path for place in places if place not in named for path in _files(Path(place))]
    todo: list[str | Path] = [*named, *paths]
    whole = intake.Kept()
    for at, path in enumerate(todo):
        if progress is not None:
            progress(at, len(todo), Path(path).name)
        found, source = _fetched(path, since, until) if isinstance(path, str) else _read(path, as_xray)
        if not found.spans and not found.rejected:
            raise BadInput("it holds no spans", where=str(path), remedy="check the file, or the time")
        for start in range(0, max(len(found.spans), 1), intake.SPANS):
            part = found.spans[start : start + intake.SPANS]
            rejected, why = (found.rejected, found.why) if not start else (0, "")
            done = intake.enter(
                home, actor, part, source=source, action="traces.import", rejected=rejected, why=why
            )
            for name in ("spans", "known", "traces", "rejected", "bytes"):
                setattr(whole, name, getattr(whole, name) + getattr(done, name))
            whole.event, whole.why = done.event, whole.why or done.why
    return whole


def _files(place: Path) -> list[Path]:
    found = (
        [place]
        if place.is_file()
        else sorted(p for p in place.rglob("*") if p.is_file() and not p.is_symlink())
    )
    if not found:
        raise Missing(f"there is no file in {place}", remedy="check the path")
    return found


def _fetched(url: str, since: str | None, until: str | None) -> tuple[otlp.Read, str]:
    end = dt.datetime.fromisoformat(until) if until else dt.datetime.now(dt.UTC)
    start = dt.datetime.fromisoformat(since) if since else end - dt.timedelta(hours=1)
    if start >= end:
        raise UsageError("the time ends before it begins", remedy="see --since and --until")
    found = otlp.Read()
    for document in xrayservice.fetch(url, start, end):
        try:
            xray.read(document, found, BOUNDS)
        except Malformed as error:
            found.reject(str(error))
    return found, "xray"


def _read(path: Path, as_xray: bool | None) -> tuple[otlp.Read, str]:
    if path.stat().st_size > BOUNDS.document:
        raise BadInput(f"it is larger than {BOUNDS.document >> 20} MB", where=str(path), remedy="split it")
    data = path.read_bytes()
    try:
        if data[:2] == b"\x1f\x8b":
            data = unpacked(data, BOUNDS.document, MEMBERS)
        return _found(data.removeprefix(b"\xef\xbb\xbf"), as_xray)
    except Malformed as error:
        raise BadInput(
            f"it holds no spans that can be read: {error}",
            where=str(path),
            remedy="OTLP as JSON or protobuf, or X-Ray's segments with --xray",
        ) from None


def _found(data: bytes, as_xray: bool | None) -> tuple[otlp.Read, str]:
    if data[:4096].lstrip()[:1] not in (b"{", b"["):
        if as_xray:
            raise Malformed("it is no JSON")
        return otlp.read_protobuf(data, BOUNDS), "otlp"
    if as_xray or (as_xray is None and _segments(data)):
        return xray.read_all(data, BOUNDS), "xray"
    try:
        return _lines(data), "otlp"
    except Malformed:
        if (
            data[:1] != b"\n"
        ):  # which is how a message of protobuf begins, too, and what follows is its length
            raise
        return otlp.read_protobuf(data, BOUNDS), "otlp"


def _segments(data: bytes) -> bool:
    return b'"resourceSpans"' not in data[: 1 << 16] and (b'"trace_id"' in data or b'"Segments"' in data)


def _lines(data: bytes) -> otlp.Read:
    """Read one document, or one a line, as the collector's file exporter writes them."""
    try:
        return otlp.read_json(data, BOUNDS)
    except Malformed:
        lines = [line for line in data.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
    whole = otlp.Read()
    spans: list[Span] = []
    for line in lines:
        part = otlp.read_json(line, BOUNDS)
        spans += part.spans
        if part.rejected:
            whole.reject(part.why, part.rejected)
        if len(spans) > BOUNDS.spans:
            raise Malformed(f"there are more than {BOUNDS.spans} spans")
    whole.spans = spans
    return whole
