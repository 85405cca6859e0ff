"""The walk of a sweep: what each file is, and how it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from assay.engines import documents
from assay.engines.blobs import digest_file
from assay.engines.isolation.grant import Level
from assay.engines.regular import opened, why
from assay.engines.sampling import drawn
from assay.engines.tables.listing import tables_of
from assay.engines.tables.opening import open_table
from assay.engines.tables.source import SUFFIXES
from assay.kernel.errors import AssayError, Refused
from assay.kernel.handles import Tree, Work
from assay.kernel.report import Skipped
from assay.methods.recognise.custom import Allowed, Identifier
from assay.methods.recognise.inventory import ROWS, Item
from assay.methods.recognise.kinds import KINDS
from assay.methods.recognise.telling import Columns, Told

AT_ONCE = 50  # documents that one reader is given
AT_ONCE_BYTES = 256 << 20
CELLS = 1_000_000
_UNKNOWN = "it is of no kind that is read"
_ALLOWED = "the allow list leaves nothing of it to look at"
TOLD = 1_000  # of what was not read, how much is told by name


class Sweep:
    """One sweep. found: what was looked at; beyond: how many items were left because there were too many."""

    def __init__(
        self,
        tree: Tree,
        work: Work,
        own: Sequence[Identifier],
        allowed: Allowed | None,
        sample: int,
        most: int,
    ) -> None:
        self.tree, self.work, self.own, self.allowed = tree, work, own, allowed
        self.sample, self.most = sample, most
        self.found: list[Item] = []
        self.beyond = 0
        self._waiting: list[tuple[str, Path]] = []
        self._waiting_bytes = 0
        self._no_sandbox = ""

    @property
    def unread(self) -> int:
        """Return how many items were not read, or not to their end."""
        return sum(bool(i.why) for i in self.found)

    def run(self) -> None:
        """Look at everything."""
        if self.tree.asset.format == "postgres":
            self._database(self.tree.asset.uri, self.tree.asset.name, "postgres", 0, "")
            return
        seen = 0
        for name, path in self.tree.files():
            seen += 1
            if len(self.found) + len(self._waiting) >= self.most:
                self.beyond += 1
                continue
            self.work.progress(seen, seen, "items")
            self._file(name, path)
        self._documents()
        for name, said in self.tree.refused:
            self.found.append(Item(name, "", why=said))
        self.found.sort(key=lambda i: i.name)

    def _file(self, name: str, path: Path) -> None:
        try:
            self._one(name, path)
        except OSError as error:
            self.found.append(Item(name, "", why=f"it cannot be read: {why(error)}"))

    def _one(self, name: str, path: Path) -> None:
        with opened(path) as source:
            head = source.read(1024)
        format = _format(name, head)
        if not head:
            self.found.append(Item(name, format or "empty", 0, digest_file(path)))
        elif format in ("duckdb", "sqlite"):
            self._database(f"{format}://{path}", name, format, path.stat().st_size, digest_file(path))
        elif format:
            self._table(str(path), Item(name, format, path.stat().st_size, digest_file(path)), format)
        elif documents.kind(name, head):
            size = path.stat().st_size
            if self._waiting and self._waiting_bytes + size > AT_ONCE_BYTES:
                self._documents()
            self._waiting.append((name, path))
            self._waiting_bytes += size
            if len(self._waiting) >= AT_ONCE:
                self._documents()
        else:
            self.found.append(Item(name, "", path.stat().st_size, digest_file(path), why=_UNKNOWN))

    def _database(self, source: str, name: str, format: str, size: int, digest: str) -> None:
        try:
            names = tables_of(source)
        except AssayError as error:
            self.found.append(Item(name, format, size, digest, why=str(error)[:300]))
            return
        if not names:
            self.found.append(Item(name, format, size, digest))
        for number, table in enumerate(names):
            if len(self.found) >= self.most:
                self.beyond += len(names) - number
                return
            self._table(f"{source}::{table}", Item(f"{name}::{table}", format, size, digest), "")

    def _table(self, source: str, item: Item, format: str) -> None:
        scratch = self.work.scratch / f"sweep-{len(self.found)}"
        self.found.append(item)
        try:
            table = open_table(source, name=item.name, scratch=scratch, format=format, cores=1)
        except AssayError as error:
            item.why = str(error)[:300]
            return
        try:
            columns = Columns([(c.name, c.type) for c in table.columns], self.own, self.allowed)
            item.rows = table.rows
            rows = min(self.sample, item.rows) if self.sample else item.rows
            if columns.names:
                size = max(256, min(65_536, CELLS // len(columns.names)))
                rng = self.work.rng(f"sample/{item.name}")
                for batch in drawn(table.batches(columns.names, size), rng, rows, item.rows):
                    columns.feed(batch)
            else:
                columns.rows = rows
            item.found = [("", t) for t in columns.told()]
            item.why = _left(table, rows, item.rows)
            if columns.nothing_left:
                item.why = _ALLOWED
        except AssayError as error:
            item.why = str(error)[:300]
        finally:
            table.close()

    def _documents(self) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if not waiting:
            return
        items = {
            n: Item(n, documents.kind(n, _head(p)), p.stat().st_size, digest_file(p)) for n, p in waiting
        }
        self.found += items.values()
        level: Level = getattr(self.work, "isolation", "full")
        try:
            if self._no_sandbox:
                raise Refused(self._no_sandbox)
            for document in documents.read(waiting, self.work.scratch, level, span=self.work.span):
                item = items[document.name]
                item.why = document.why
                self._read(document, item)
        except Refused as error:
            self._no_sandbox = str(error)
            for item in items.values():
                item.why = item.why or f"documents are read in the sandbox only: {error}"[:300]

    def _read(self, document: documents.Document, item: Item) -> None:
        running = Columns([("text", "text")], self.own, self.allowed, running=True)
        for part, columns in document.parts:
            if list(columns) == ["text"]:
                running.feed_column("text", pa.array(columns["text"], pa.string()))
                item.rows += len(columns["text"])
                continue
            table = Columns([(c, "text") for c in columns], self.own, self.allowed)
            for column, values in columns.items():
                table.feed_column(column, pa.array(values, pa.string()))
            item.rows += table.rows
            item.found += [(part, t) for t in table.told()]
        item.found += [("", _in_text(t)) for t in running.told()]
        if running.nothing_left:
            item.why = item.why or _ALLOWED

    def skipped(self) -> Iterator[Skipped]:
        """Give what was not read, and why; kinds of files that are not read at all by their suffix."""
        unknown = Counter(
            Path(i.name).suffix.lower() or "(no suffix)" for i in self.found if i.why == _UNKNOWN
        )
        for suffix, count in sorted(unknown.items()):
            yield Skipped(f"{count:,} files {suffix}", "they are of no kind that is read")
        told = 0
        for item in self.found:
            if item.why and item.why != _UNKNOWN:
                told += 1
                if told <= TOLD:
                    yield Skipped(item.name, item.why)
        if told > TOLD:
            yield Skipped(f"{told - TOLD:,} more items", "the report's data say of each why")
        if self.beyond:
            yield Skipped(f"{self.beyond:,} items", f"there are more than {self.most:,}")

    def table(self) -> pa.Table:
        """Return the inventory: a row for each kind in each column or part of each item."""
        rows: list[dict[str, Any]] = [row for item in self.found for row in item.rows_of()]
        kinds = {"rows": pa.int64(), "bytes": pa.int64(), "share": pa.float64(), "confidence": pa.float64()}
        schema = pa.schema([(name, kinds.get(name, pa.string())) for name in ROWS])
        return pa.Table.from_pylist(rows, schema=schema)


def _in_text(told: Told) -> Told:
    """In running text an occurrence is what there is: it weighs what a column of it weighs."""
    kind = KINDS.get(told.type)
    return replace(told, severity=kind.severity) if kind else told


def _left(table: Any, rows: int, total: int) -> str:
    lost = sum(p.count for p in table.problems if p.rule in ("table.ragged_rows", "table.rejected_rows"))
    why = [f"{lost:,} rows could not be read"] if lost else []
    why += [f"{rows:,} of {total:,} rows were drawn"] if rows < total else []
    others = [c.name for c in table.columns if c.type in ("binary", "other")]
    why += [f"values of {', '.join(others[:5])} are not read"] if others else []
    return "; ".join(why)


def _head(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(1024)


def _format(name: str, head: bytes) -> str:
    """Return what a table's file is, or "" where it is none; .txt is text here."""
    low = name.lower()
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if head.startswith(b"PAR1"):
        return "parquet"
    packed = low.endswith(".gz") and head[:2] == b"\x1f\x8b"
    found = (
        SUFFIXES.get(Path(low.removesuffix(".gz")).suffix, "") if not low.endswith(".gz") or packed else ""
    )
    if found in ("duckdb", "sqlite") or low.removesuffix(".gz").endswith(".txt") or (found == "parquet"):
        return ""
    return found + (".gz" if packed and found else "")
