"""Files of one kind of log taken in: read, split, decoded record by record, and written as Parquet by day.

What a file holds that cannot be read is counted and kept aside with its reason; the rest of the file goes in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from assay.engines.digests import digest_file
from assay.engines.logs.parquet import Writer, Written
from assay.engines.logs.reading import Stream
from assay.methods.logs.sniff import SOURCES
from assay.methods.logs.source import Source, bounded
from assay.methods.logs.split import Piece, pieces

BEFORE = "it was imported before"
KEPT = 10_000  # bad records of one share that are kept whole; more are counted
_KEPT_BYTES = 1 << 16  # of one of them


@dataclass
class Taken:
    """What became of one file. skipped: why it was not taken at all; known: bytes at its head that were taken before."""

    path: str
    digest: str = ""
    content: str = ""
    lying: int = 0
    length: int = 0
    records: int = 0
    bad: int = 0
    known: int = 0
    skipped: str = ""


@dataclass
class Share:
    """What became of a share of files: each of them, the Parquet files, and where bad records lie."""

    files: list[Taken] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    aside: str = ""


def take(
    paths: Sequence[str], source: str, folder: str, name: str, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Take files in and return a Share as JSON; Parquet and bad records go below ``folder``, under ``name``.

    options: ``known``: digest of a content that was taken → its length; ``time``: the field that holds the time.
    """
    kind, base = SOURCES[source], Path(folder)
    share, writer, aside = Share(), Writer(kind, base, name), _Aside(base / f"{name}.bad.jsonl")
    known = {str(k): int(v) for k, v in options.get("known", {}).items()}
    try:
        for path in paths:
            taken = _one(Path(path), kind, writer, aside, known, options)
            if not taken.skipped and taken.content:
                known[taken.content] = taken.length
            share.files.append(taken)
        share.written = writer.done()
    finally:
        aside.close()
    share.aside = f"{name}.bad.jsonl" if aside.count else ""
    return asdict(share)


def _one(
    path: Path,
    kind: Source,
    writer: Writer,
    aside: _Aside,
    known: Mapping[str, int],
    options: Mapping[str, Any],
) -> Taken:
    taken = Taken(str(path))
    if (
        kind.unique and kind.name != "cloudwatch"
    ):  # its records are told apart by their names; the file only by its bytes
        taken.digest = taken.content = digest_file(path)
        if taken.digest in known:
            taken.skipped = BEFORE
            return taken
        with Stream(path, None) as stream:
            _records(stream, kind, path, taken, writer, aside, options)
            _settled(stream, taken, aside)
        return taken
    with Stream(path, list(known.values())) as look:  # digested before anything of it is taken
        look.finish()
    taken.digest, taken.content, taken.lying, taken.length = (
        look.digest,
        look.content,
        look.lying,
        look.length,
    )
    if taken.content in known:
        taken.skipped = BEFORE
        return taken
    # A log that has grown since: what stands at its head was taken, and what follows it is new.
    taken.known = max((n for n, digest in look.prefixes.items() if known.get(digest) == n), default=0)
    with Stream(path) as stream:
        if not _passed(stream, taken.known):
            taken.known = 0
    with Stream(path) as stream:
        _passed(stream, taken.known)
        _records(stream, kind, path, taken, writer, aside, options)
        _settled(stream, taken, aside)
    return taken


def _passed(stream: Stream, length: int) -> bool:
    """Pass over the head of a file; False where it ends within a line, which may have grown since it was taken."""
    last = b"\n"
    while length and (block := stream.read(min(length, 1 << 20))):
        length -= len(block)
        last = block[-1:]
    return last == b"\n"


def _settled(stream: Stream, taken: Taken, aside: _Aside) -> None:
    """Look whether the file was read to its end, and is the one that was digested."""
    if stream.broken:
        taken.bad += 1
        aside.put(taken.path, f"byte {stream.length} of its content", stream.broken, b"")
    stream.finish()
    if stream.content != taken.content:
        taken.bad += 1
        aside.put(taken.path, "the whole file", "it changed while it was read; import it again", b"")
        taken.content, taken.digest = stream.content, stream.digest
    taken.length, taken.lying = stream.length, stream.lying


def _records(
    stream: Stream,
    kind: Source,
    path: Path,
    taken: Taken,
    writer: Writer,
    aside: _Aside,
    options: Mapping[str, Any],
) -> None:
    about = {"folder": path.parent.name, "time": options.get("time")}
    read, opened, add = kind.read, kind.opened, writer.add
    parts = pieces(stream.read, text=kind.text)
    for piece in _joined(parts, kind) if kind.continues is not None else parts:
        if piece.reason is not None:
            taken.bad += 1
            aside.put(taken.path, piece.place, piece.reason, piece.data)
            continue
        sound = _is_text(piece.data)
        for number, (raw, context) in enumerate(opened(piece.data), 1):
            try:
                bounded(raw)
                if not sound:
                    raw.decode("utf-8")
                values = read(raw, {**about, **context} if context else about)
            except (ValueError, OverflowError, RecursionError) as error:
                taken.bad += 1
                place = piece.place if raw is piece.data else f"{piece.place}, record {number}"
                said = "it is no UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
                aside.put(taken.path, place, said, raw)
            else:
                add(values, raw)
                taken.records += 1


def _is_text(data: bytes) -> bool:
    """Whether all of it is UTF-8, and so whatever stands within it; else each record is looked at by itself."""
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _joined(parts: Any, kind: Source) -> Any:
    """Give text lines with those that go on with them behind; JSON is given as it is."""
    held: list[bytes] = []
    place, size = "", 0
    for piece in parts:
        text = piece.reason is None and not piece.data.startswith((b"{", b"["))
        if held and text and kind.continues is not None and kind.continues(piece.data) and size < 1 << 20:
            held.append(piece.data)
            size += len(piece.data)
            continue
        if held:
            yield Piece(b"\n".join(held), place)
            held = []
        if text:
            held, place, size = [piece.data], piece.place, len(piece.data)
        else:
            yield piece
    if held:
        yield Piece(b"\n".join(held), place)


class _Aside:
    """A file of bad records: where each stood, why it is bad, and what it was."""

    def __init__(self, path: Path) -> None:
        self._path, self.count = path, 0
        self._out: TextIO | None = None

    def put(self, file: str, place: str, reason: str, raw: bytes) -> None:
        """Keep a bad record."""
        self.count += 1
        if self.count > KEPT:
            return
        if self._out is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._out = self._path.open("w", encoding="utf-8")
        text = raw[:_KEPT_BYTES].decode("utf-8", "backslashreplace")
        row = {"file": file, "place": place, "reason": reason, "bytes": len(raw), "raw": text}
        self._out.write(json.dumps(row, ensure_ascii=True) + "\n")

    def close(self) -> None:
        """Close the file."""
        if self._out is not None:
            self._out.close()
