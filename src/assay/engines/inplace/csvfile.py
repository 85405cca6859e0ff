"""A delimited text file changed: only the bytes of the changed cells are others; line ends, quotes and spelling stay."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from assay.engines.inplace.files import FilePlace
from assay.engines.inplace.place import Edits
from assay.engines.tables.delimited import HEAD
from assay.engines.tables.dialect import named, sniff
from assay.engines.tables.seam import seam
from assay.kernel.errors import BadInput

_QUOTE = b'"'
_BOM = b"\xef\xbb\xbf"


class CsvPlace(FilePlace):
    """One CSV or TSV file, gzipped or not."""

    def _write(self, to: Path, edits: Edits) -> None:
        with (
            seam(self.uri, "the file cannot be written"),
            opened(self.path) as source,
            sink(to, packed(self.path)) as out,
        ):
            delimiter, names = self._dialect()
            places = {n: i for i, n in enumerate(names)}
            wanted = edits.by_row()
            added = [n for n, _ in edits.adds]
            fills = {n: "false" if k == "boolean" else None for n, k in edits.adds}
            row = 0
            for record in records(source):
                body, end = _parted(record)
                if not body.removeprefix(_BOM) and len(names) > 1:
                    out.write(record)  # an empty line is no row
                    continue
                if row == 0:
                    out.write(_joined(body, [cell(n, b"", delimiter) for n in added], delimiter) + end)
                else:
                    here = wanted.get(row, {})
                    cells = {places[c]: new for c, (_, new) in here.items() if c in places}
                    fresh = patched(body, cells, delimiter) if cells else body
                    tail = [cell(here[n][1] if n in here else fills[n], b"", delimiter) for n in added]
                    out.write(_joined(fresh, tail, delimiter) + end)
                row += 1

    def _dialect(self) -> tuple[bytes, list[str]]:
        """Return the delimiter and the names of the columns, as the reader of tables tells them."""
        with opened(self.path) as source:
            data = source.read(HEAD + 1)
        text = data[:HEAD].decode("utf-8", "replace")
        try:
            found = sniff(
                text, whole=len(data) <= HEAD, delimiter="\t" if self._asset.format.startswith("tsv") else ""
            )
        except ValueError as error:
            raise BadInput(str(error), where=self.uri) from None
        return found.delimiter.encode(), named(found.header)[0]


def packed(path: Path) -> bool:
    """Whether a file is gzipped."""
    with path.open("rb") as raw:
        return raw.read(2) == b"\x1f\x8b"


@contextlib.contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Give a file's bytes, unpacked."""
    with path.open("rb") as raw:
        if not packed(path):
            yield raw
            return
        with gzip.GzipFile(fileobj=raw) as unpacked:
            yield unpacked  # type: ignore[misc]


@contextlib.contextmanager
def sink(to: Path, packed: bool) -> Iterator[IO[bytes]]:
    """Give a new file to write to, gzipped or not; the same content gives the same bytes."""
    with to.open("wb") as raw:
        if not packed:
            yield raw
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as zipped:
            yield zipped  # type: ignore[misc]


def records(source: IO[bytes]) -> Iterator[bytes]:
    """Give each record with its line end: a line, or several where a quoted value holds line ends."""
    held: list[bytes] = []
    inside = False
    for line in source:
        if line.count(_QUOTE) % 2:
            inside = not inside
        if inside or held:
            held.append(line)
        if not inside:
            yield b"".join(held) if held else line
            held = []
    if held:
        yield b"".join(held)


def _parted(record: bytes) -> tuple[bytes, bytes]:
    body = record.rstrip(b"\r\n") if record.endswith(b"\n") else record
    return body, record[len(body) :]


def _joined(body: bytes, tail: list[bytes], delimiter: bytes) -> bytes:
    return delimiter.join([body, *tail])


def spans(body: bytes, delimiter: bytes) -> list[tuple[int, int]]:
    """Return where each cell of a record begins and ends, its quotes included."""
    if _QUOTE not in body:
        out, start = [], 0
        for part in body.split(delimiter):
            out.append((start, start + len(part)))
            start += len(part) + 1
        return out
    out, start, inside, mark = [], 0, False, delimiter[0]
    for place, byte in enumerate(body):
        if byte == 34:
            inside = not inside
        elif byte == mark and not inside:
            out.append((start, place))
            start = place + 1
    return [*out, (start, len(body))]


def patched(body: bytes, cells: dict[int, str | None], delimiter: bytes) -> bytes:
    """Return a record with other values in some cells (from 0)."""
    parts, at = [], 0
    for place, (start, end) in enumerate(spans(body, delimiter)):
        if place in cells:
            parts += [body[at:start], cell(cells[place], body[start:end], delimiter)]
            at = end
    return b"".join([*parts, body[at:]])


def cell(value: str | None, old: bytes, delimiter: bytes) -> bytes:
    """Return a value as it is written in place of ``old``: quoted where that was or it must be, and spelled alike."""
    if value is None:
        return b""
    was = old.strip().strip(_QUOTE).decode("utf-8", "replace")
    if value in ("true", "false") and was.lower() in ("true", "false"):
        value = value.upper() if was.isupper() else value.capitalize() if was[:1].isupper() else value
    raw = value.encode()
    if (
        old.startswith(_QUOTE)
        or any(c in raw for c in (delimiter, _QUOTE, b"\n", b"\r"))
        or raw != raw.strip()
    ):
        return _QUOTE + raw.replace(_QUOTE, _QUOTE * 2) + _QUOTE
    return raw
