"""The files of a tree as pieces to search: long ones in parts, notebooks cell by cell, holes passed over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.checks.code.secrets._tally import Spot, Tally
from assay.engines.regular import opened, why
from assay.methods.secrets.engine import Blob, as_text
from assay.methods.secrets.notebook import cells, is_notebook
from assay.methods.secrets.rewritten import Seen, rewritten

if TYPE_CHECKING:
    from assay.engines.unfolding import Room

PART = 8 << 20
_ZEROS = memoryview(bytes(PART))
OVERLAP = 64 << 10  # bytes of one part that begin the next, so that a key of many lines is seen whole


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a blob is from. lines: how many stand before it in its file. made: whether its text was put together of parts."""

    spot: Spot
    lines: int = 0
    made: bool = False


def pieces_of(spot: Spot, data: bytes, tally: Tally, seen: Seen | None = None) -> Iterator[Blob]:
    """Give bytes that are there as pieces: a notebook by its cells, all else as it is.

    seen: the lines of a history; what stands in parts is then looked for where some of them are new.
    """
    if is_notebook(data):
        try:
            parts = list(cells(data))
        except ValueError as error:  # read as text, then
            tally.skip(
                spot.file, f"it looks like a notebook, and its cells cannot be told apart: {str(error)[:80]}"
            )
        else:
            for name, text in parts:
                member = f"{spot.member}/{name}" if spot.member else name
                yield from _whole(text, spot.member or spot.file, replace(spot, member=member), seen)
            return
    yield from _whole(data, spot.member or spot.file, spot, seen)


def _whole(data: bytes, name: str, spot: Spot, seen: Seen | None) -> Iterator[Blob]:
    """Give bytes as they are, and once more the lines whose texts stand in parts, apart or escaped."""
    yield Blob(data, name, Piece(spot))
    if seen is not None and not seen.worth(data):
        return
    for made in rewritten(name, as_text(data)):
        yield Blob(made, name, Piece(spot, made=True))


def unfolded(name: str, path: Path, tally: Tally, room: Room, scratch: Path) -> Iterator[Blob]:
    """Give a file as pieces, an archive as those of the files inside it.

    A file that a later layer of an image takes away (``.wh.NAME``) lies in the image still; the tally is told of it.
    """
    from assay.engines.unfolding import is_packed, unfold

    try:
        packed = is_packed(path)
    except OSError as error:
        tally.skip(name, f"it cannot be read: {why(error)}")
        return
    if not packed:
        yield from pieces(name, path, tally)
        return
    for part in unfold(
        path, scratch, room, lambda what, why: tally.skip(f"{name}: {what}" if what else name, why)
    ):
        folder, slash, leaf = part.inner.rpartition("/")
        if leaf.startswith(".wh."):
            tally.deleted.add((name, f"{folder}{slash}{leaf[4:]}"))
        yield from pieces(name, part.path, tally, part.member, part.inner)


def pieces(name: str, path: Path, tally: Tally, member: str = "", inner: str = "") -> Iterator[Blob]:
    """Give a file as pieces. What cannot be read is told, and what changes meanwhile is read as it then is."""
    spot = Spot(name, member, inner=inner)
    try:
        with opened(path) as source:
            size = os.fstat(source.fileno()).st_size
            tally.size += size
            if size <= PART:
                yield from pieces_of(spot, source.read(PART + 1), tally)
            else:
                yield from _parts(spot, source.fileno(), size)
    except OSError as error:
        tally.skip(name, f"it cannot be read: {why(error)}")
        return
    tally.examined += 1


def _parts(spot: Spot, handle: int, size: int) -> Iterator[Blob]:
    """Give a long file in parts that end with a line where one ends; holes, which read as zeros, are passed over."""
    at, lines = 0, 0
    while at < size:
        try:
            at = max(at, os.lseek(handle, at, os.SEEK_DATA))
        except OSError:  # nothing but a hole to the end
            return
        data = os.pread(handle, PART, at)
        if not data:
            return
        if data == _ZEROS[: len(data)]:  # where the system cannot say that it is a hole
            at += len(data)
            continue
        last = len(data) == PART and at + PART < size
        cut = data.rfind(b"\n") + 1 if last else len(data)
        data = data[: cut or len(data)]
        yield Blob(data, spot.member or spot.file, Piece(spot, lines))
        step = len(data)
        if last and step > 2 * OVERLAP:
            back = data.find(b"\n", step - OVERLAP) + 1
            step = back if back else step - OVERLAP
        lines += data.count(b"\n", 0, step)
        at += step
