"""A delimited text file changed: only the bytes of the changed cells are others; line ends, quotes and spelling stay."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from assay.engines.blobs import digest_file
from assay.engines.inplace import columnar, rewriting
from assay.engines.inplace.cells import Irregular
from assay.engines.inplace.files import FilePlace, verify
from assay.engines.inplace.place import Edits, Undo, changed_meanwhile
from assay.engines.inplace.rewriting import cell
from assay.engines.tables.delimited import HEAD
from assay.engines.tables.dialect import Dialect, named, sniff
from assay.engines.tables.seam import seam
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput

_QUOTE = b'"'
_BOM = b"\xef\xbb\xbf"


class CsvPlace(FilePlace):
    """One CSV or TSV file, gzipped or not."""

    _narrow: tuple[Path, list[str]] | None = None  # columns of it as they were planned on

    def narrowed(self, reads: Callable[[Sequence[str]], Sequence[str] | None]) -> Asset:
        """Return the columns that are needed, as a table of their own; or the file where its bytes alone do not tell them."""
        dialect, names = self._dialect()
        columns = reads(names)
        if columns is None:
            return self._asset
        try:
            with opened(self.path) as source:
                path = columnar.write(source, dialect, names, columns, self.scratch / "narrowed")
        except Irregular:
            return self._asset
        self._narrow = (path, list(columns))
        return replace(self._asset, uri=str(path), format="parquet")

    def change(self, edits: Edits) -> Undo:
        """Write the changed table beside it: bytes that are not changed are copied, and changed columns read again."""
        fresh = self._beside()
        try:
            self._fast(fresh, edits)
        except Irregular:
            fresh.unlink(missing_ok=True)
            return super().change(edits)
        if self.digest() != self._asset.digest:
            raise changed_meanwhile(self.uri)
        return Undo(self._asset.digest, digest_file(fresh), (), tuple(edits.adds))

    def _fast(self, fresh: Path, edits: Edits) -> None:
        """Write and verify; Irregular where the file has to be read cell by cell, and that is done instead."""
        dialect, names = self._dialect()
        new = edits.changes.column("new").to_pylist()
        if any(v and any(c in v for c in "\r\n\0") for v in new):
            raise Irregular
        added = [n for n, _ in edits.adds]
        with (
            seam(self.uri, "the file cannot be written"),
            opened(self.path) as source,
            sink(fresh, packed(self.path)) as out,
        ):
            rewriting.rewrite(source, out, dialect.delimiter.encode(), names, edits)
        after, after_names = self._dialect(fresh)
        if (after.delimiter, after_names) != (dialect.delimiter, [*names, *added]):
            raise Irregular
        changed = set(edits.columns()) & set(names)
        old, touched = self._narrow or (None, [])
        if old is None or not changed <= set(touched):
            old, touched = None, [n for n in names if n in changed] or names[:1]
        for name, was, now in zip(names, dialect.candidates, after.candidates, strict=False):
            if name not in touched and was != now:
                raise Irregular
        if old is None:
            with opened(self.path) as source:
                old = columnar.write(source, dialect, names, touched, self.scratch / "old")
        with opened(fresh) as source:
            now_ = columnar.write(source, after, after_names, [*touched, *added], self.scratch / "new")
        verify(old, now_, "parquet", edits, self.scratch / "verified", self.path)

    def _write(self, to: Path, edits: Edits) -> None:
        with (
            seam(self.uri, "the file cannot be written"),
            opened(self.path) as source,
            sink(to, packed(self.path)) as out,
        ):
            dialect, names = self._dialect()
            delimiter = dialect.delimiter.encode()
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

    def _dialect(self, path: Path | None = None) -> tuple[Dialect, list[str]]:
        """Return the dialect and the names of the columns, as the reader of tables tells them."""
        with opened(path or self.path) as source:
            data = source.read(HEAD + 1)
        text = data[:HEAD].decode("utf-8", "replace")
        tab = self._asset.format.startswith("tsv")
        try:
            found = sniff(text, whole=len(data) <= HEAD, delimiter="\t" if tab else "")
        except ValueError as error:
            raise BadInput(str(error), where=self.uri) from None
        return found, named(found.header)[0]


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
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as zipped:
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
