"""Texts of DOCX and XLSX files: their archives unpacked within bounds, their XML read as a stream without entities."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers import expat

from assay.engines.documents.bounds import COLUMNS, NESTING, Room, TooMuch
from assay.engines.documents.part import Part, running

_CHUNK = 1 << 16
_DEEPEST = 4 * NESTING


class _Archive:
    """A zip whose members are read within bounds, however large it says they are."""

    def __init__(self, raw: bytes, room: Room) -> None:
        try:
            self.zip = zipfile.ZipFile(io.BytesIO(raw))
        except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
            raise ValueError(f"it is no whole archive: {error}") from None
        self.room = room
        self.names = self.zip.namelist()
        for _ in self.names:
            room.take_member()

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give a member's bytes; nothing where there is none of that name."""
        if name not in self.names:
            return
        try:
            with self.zip.open(name) as opened:
                while chunk := opened.read(_CHUNK):
                    self.room.take_bytes(len(chunk))
                    yield chunk
        except (zipfile.BadZipFile, RuntimeError, EOFError, NotImplementedError, OSError) as error:
            raise ValueError(f"{name[:80]} cannot be unpacked: {error}") from None


def _parse(
    chunks: Iterator[bytes],
    begin: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
) -> None:
    """Read XML as a stream. A document type, and so every entity, is refused; names come without their prefix."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0

    def refuse(*_: object) -> None:
        raise TooMuch("it declares a document type, where entities hide; it was not read")

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise TooMuch(f"its XML nests deeper than {_DEEPEST} levels; it was not read")
        begin(name.rpartition(":")[2], attributes)

    def ended(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name.rpartition(":")[2])

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.CharacterDataHandler = data
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ValueError(f"its XML cannot be read: {error}") from None


def _paragraphs(chunks: Iterator[bytes], room: Room) -> list[str]:
    out: list[str] = []
    held: list[str] = []
    inside = False

    def begin(name: str, _: dict[str, str]) -> None:
        nonlocal inside
        inside = name in ("t", "delText", "instrText")
        if name in ("tab", "br", "cr"):
            held.append(" ")

    def end(name: str) -> None:
        nonlocal inside
        inside = False
        if name in ("p", "tc"):
            if held:
                out.append("".join(held))
            held.clear()

    def data(text: str) -> None:
        if inside:
            room.take_text(len(text))
            held.append(text)

    try:
        _parse(chunks, begin, end, data)
    except TooMuch:
        if out:
            out.append("".join(held))
            raise TooMuchAfter(out) from None
        raise
    return [*out, "".join(held)] if held else out


class TooMuchAfter(TooMuch):
    """TooMuch, with the texts that were read until then."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__("it holds more than may be read; the rest was not read")
        self.texts = texts


def docx(raw: bytes, name: str, room: Room) -> Iterator[Part]:
    """Give the text of a Word document: body, headers, footers, notes, comments, and its properties."""
    archive = _Archive(raw, room)
    wanted = [n for n in archive.names if re.fullmatch(r"word/[^/]{1,80}\.xml", n) and not _furniture(n)]
    if "word/document.xml" not in wanted:
        raise ValueError("it is no Word document")
    for member in sorted(wanted, key=lambda n: (n != "word/document.xml", n)):
        try:
            texts = _paragraphs(archive.chunks(member), room)
        except TooMuchAfter as cut:
            yield running(posixpath.basename(member), cut.texts)
            raise
        if texts:
            yield running(posixpath.basename(member), texts)
    properties = _properties(archive)
    if properties:
        yield Part("docProps", properties)


def _furniture(name: str) -> bool:
    return any(w in name for w in ("styles", "settings", "fontTable", "numbering", "webSettings", "theme"))


def _properties(archive: _Archive) -> dict[str, list[str | None]]:
    held: dict[str, list[str | None]] = {}
    at = ""

    def begin(name: str, _: dict[str, str]) -> None:
        nonlocal at
        at = {"creator": "author", "lastModifiedBy": "last author", "Manager": "manager"}.get(name, "")

    def data(text: str) -> None:
        if at and text.strip():
            held.setdefault(at, []).append(text[:400])

    for member in ("docProps/core.xml", "docProps/app.xml"):
        if member in archive.names:
            _parse(archive.chunks(member), begin, lambda _: None, data)
    return held


def xlsx(raw: bytes, name: str, room: Room) -> Iterator[Part]:
    """Give each sheet of a workbook as a table: the first row that has more than one text names its columns."""
    archive = _Archive(raw, room)
    if "xl/workbook.xml" not in archive.names:
        raise ValueError("it is no workbook")
    shared = _shared(archive, room)
    titles = _titles(archive)
    sheets = [n for n in archive.names if re.fullmatch(r"xl/worksheets/[^/]{1,80}\.xml", n)]
    for place, member in enumerate(sorted(sheets, key=_number)):
        title = titles[place] if place < len(titles) else posixpath.basename(member)
        part = _sheet(archive, member, title, shared, room)
        if part.columns:
            yield part
    for member in archive.names:
        if re.fullmatch(r"xl/(?:comments/)?comments?[^/]{0,40}\.xml", member):
            yield running(posixpath.basename(member), _paragraphs_of_t(archive.chunks(member), room))
    properties = _properties(archive)
    if properties:
        yield Part("docProps", properties)


def _number(name: str) -> tuple[int, str]:
    found = re.search(r"(\d{1,9})\.xml$", name)
    return (int(found.group(1)) if found else 0, name)


def _paragraphs_of_t(chunks: Iterator[bytes], room: Room) -> list[str]:
    return _texts(chunks, room, "comment")


def _texts(chunks: Iterator[bytes], room: Room, item: str) -> list[str]:
    out: list[str] = []
    held: list[str] = []
    inside = False

    def begin(name: str, _: dict[str, str]) -> None:
        nonlocal inside
        inside = name == "t"

    def end(name: str) -> None:
        nonlocal inside
        inside = False
        if name == item:
            out.append("".join(held))
            held.clear()

    def data(text: str) -> None:
        if inside:
            room.take_text(len(text))
            held.append(text)

    _parse(chunks, begin, end, data)
    return out


def _shared(archive: _Archive, room: Room) -> list[str]:
    return (
        _texts(archive.chunks("xl/sharedStrings.xml"), room, "si")
        if "xl/sharedStrings.xml" in archive.names
        else []
    )


def _titles(archive: _Archive) -> list[str]:
    out: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            out.append(str(attributes.get("name", ""))[:80])

    _parse(archive.chunks("xl/workbook.xml"), begin, lambda _: None, lambda _: None)
    return out


class _Cells:
    """The cells of a sheet as they stream by. What repeats a shared string counts as text again."""

    def __init__(self, shared: list[str], room: Room) -> None:
        self.shared, self.room = shared, room
        self.rows: list[dict[int, str]] = []
        self.at, self.kind, self.inside, self.held = 0, "", False, [""]

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        if name == "row":
            self.rows.append({})
            self.at = 0
        elif name == "c":
            self.at = _column(attributes.get("r", ""), self.at)
            self.kind, self.held = attributes.get("t", ""), []
        self.inside = name in ("v", "t")

    def end(self, name: str) -> None:
        """Take the end of an element."""
        self.inside = False
        if name != "c":
            return
        text = "".join(self.held).strip()
        if self.kind == "s" and text.isdigit() and len(text) < 9 and int(text) < len(self.shared):
            text = self.shared[int(text)]
        if text and self.rows and self.at < COLUMNS:
            self.room.take_text(len(text))
            self.rows[-1][self.at] = text
        self.at += 1

    def data(self, text: str) -> None:
        """Take text."""
        if self.inside:
            self.held.append(text)


def _column(reference: str, otherwise: int) -> int:
    letters = "".join(c for c in reference[:4] if c.isalpha())
    if not letters or not letters.isascii():
        return otherwise
    place = 0
    for char in letters.upper():
        place = place * 26 + ord(char) - 64
    return place - 1


def _sheet(archive: _Archive, member: str, title: str, shared: list[str], room: Room) -> Part:
    cells = _Cells(shared, room)
    _parse(archive.chunks(member), cells.begin, cells.end, cells.data)
    rows = [r for r in cells.rows if r]
    if not rows:
        return Part(title)
    head = next((k for k, r in enumerate(rows[:10]) if len(r) > 1), 0)
    named = rows[head] if all(not _is_number(v) for v in rows[head].values()) else {}
    places = sorted({p for r in rows for p in r})
    names: dict[int, str] = {}
    for place in places:
        wanted = named.get(place, f"column {place + 1}")[:200]
        names[place] = wanted if wanted not in names.values() else f"{wanted} ({place + 1})"
    body = [r for k, r in enumerate(rows) if not (named and k == head)]
    columns: dict[str, list[str | None]] = {names[p]: [r.get(p) for r in body] for p in places}
    return Part(title, columns)


def _is_number(text: Any) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
