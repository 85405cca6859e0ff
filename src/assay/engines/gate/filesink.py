"""A CSV or Parquet file that is appended to, with its quarantine and the memory of its loads in files beside it.

Each is written beside and renamed: first the quarantine, then the memory, which says of which bytes it will be true, then
the store. Whoever is killed between has loaded nothing, and the next load of the same source replaces what it left.
"""

from __future__ import annotations

import glob
import os
import uuid
from collections.abc import Mapping
from pathlib import Path

from assay.engines.blobs import digest_file
from assay.engines.gate.behind import appended, format_of
from assay.engines.gate.looking import kept_out
from assay.engines.gate.memory import Memory, beside
from assay.engines.gate.sink import Entry, Release, Sink
from assay.engines.inplace.filelock import FileLock
from assay.engines.inplace.files import other_links, put_over, writable
from assay.engines.inplace.place import changed_meanwhile
from assay.engines.tables import open_table, write_parquet
from assay.engines.tables.seam import seam
from assay.kernel.errors import BadInput, UsageError


class FileSink(Sink):
    """One local file. format: csv, tsv or parquet."""

    def __init__(self, uri: str, path: Path, format: str, quarantine: str, scratch: Path) -> None:
        self.uri, self.path, self.format, self.scratch = uri, path.resolve(), format, scratch
        self.name = path.name
        stem, _, suffixes = path.name.partition(".")
        self.quarantine = quarantine or str(path.with_name(f"{stem}_quarantine.{suffixes}"))
        self._named = bool(quarantine)  # then it may be another store's too
        self._fresh: list[tuple[Path, Path]] = []
        self.columns, self._digest, self._rows = {}, "", 0
        self.takes = ("binary", "other") if format == "parquet" else ()
        if not self.path.parent.is_dir():
            raise UsageError("there is no such folder", where=str(path.parent), remedy="make it first")
        if self.path.exists():
            writable(self.path)
        self._lock = FileLock(self.path, uri)
        try:
            self._look()
        except BaseException:
            self._lock.let_go()
            raise

    def _look(self) -> None:
        self._sweep()
        if not self.path.exists():
            self._memory = Memory(self.path, "")
            return
        self._digest = digest_file(self.path)
        self._memory = Memory(self.path, self._digest)
        with open_table(str(self.path), scratch=self.scratch / "store") as table:
            lost = [
                p
                for p in table.problems
                if p.rule in ("table.ragged_rows", "table.encoding", "table.rejected_rows")
            ]
            if lost:
                raise BadInput(
                    f"the store itself is not read whole: {lost[0].message}",
                    where=self.uri,
                    remedy="mend it first",
                )
            self.columns = {c.name: c.native for c in table.columns}
            self._rows = table.rows

    def _sweep(self) -> None:
        """Remove what a process that is gone had written beside and not yet renamed: whoever has the lock is alone."""
        for path in (self.path, beside(self.path), *([] if self._named else [Path(self.quarantine)])):
            for stale in path.parent.glob(f".{glob.escape(path.name)}.????????.new"):
                stale.unlink(missing_ok=True)

    def loads(self) -> list[Entry]:
        """Return the loads of this file; one that was cut short before the file was renamed is none."""
        return self._memory.loads()

    def releases(self, run: str) -> list[Release]:
        """Return what became of a load's rows."""
        return self._memory.releases(run)

    def kept_out(self, run: str, to: Path) -> bool:
        """Write the rows that a load kept out."""
        return kept_out(self.quarantine, run, to, self.scratch)

    def existing(self, to: Path) -> None:
        """Write what it holds as Parquet."""
        with open_table(str(self.path), scratch=self.scratch / "existing") as table:
            write_parquet(table, to)

    def append(
        self, clean: Path | None, quarantined: Path | None, columns: Mapping[str, str], entry: Entry
    ) -> None:
        """Write the files anew, beside those that are there."""
        with seam(self.uri, "the store cannot be written"):
            if quarantined is not None:
                held = Path(self.quarantine)
                appended(self._beside(held), held, quarantined, without=entry.run)
            self._stepped(clean, entry, entry.loaded)

    def release(self, clean: Path | None, columns: Mapping[str, str], release: Release) -> None:
        """Write the store and its memory anew, beside those that are there."""
        with seam(self.uri, "the store cannot be written"):
            self._stepped(clean, release, len(release.rows))

    def _stepped(self, clean: Path | None, step: Entry | Release, rows: int) -> None:
        """Make the memory ready, and where rows go in the store; once that is renamed, the memory is settled."""
        after = self._digest
        memory = self._beside(self._memory.path)
        fresh = self._beside(self.path) if clean is not None else None
        if clean is not None and fresh is not None:
            appended(fresh, self.path, clean)
            self._checked(fresh, rows)
            after = digest_file(fresh)
        self._settled = self._memory.text(step, after, pending=False)
        text = self._settled if fresh is None else self._memory.text(step, after, pending=True)
        memory.write_text(text, encoding="utf-8")

    def _checked(self, fresh: Path, loaded: int) -> None:
        """BadInput where the file, read again, is of other types or has other rows than it should."""
        with open_table(str(fresh), scratch=self.scratch / "fresh", format=format_of(self.path)) as table:
            kinds = {c.name: c.native for c in table.columns}
            same = table.rows == self._rows + loaded and (not self._rows or kinds == self.columns)
            if not same or (self.columns and list(kinds) != list(self.columns)):
                raise BadInput(
                    "with these rows the file would read differently, so nothing was loaded",
                    where=self.uri,
                    remedy="keep it as Parquet or in a database, which know their types",
                )

    def _beside(self, path: Path) -> Path:
        fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.new")
        self._fresh.append((fresh, path))
        return fresh

    def left_behind(self) -> int:
        """Return how many other hard links keep the old file, where rows go in."""
        renamed = self.path in [p for _, p in self._fresh]
        return other_links(self.path) if renamed and self.path.exists() else 0

    def commit(self) -> None:
        """Rename them: quarantine, memory, store; and settle the memory."""
        if (digest_file(self.path) if self.path.exists() else "") != self._digest:
            raise changed_meanwhile(self.uri)
        memory = self._memory.path
        if self.path in [p for _, p in self._fresh]:
            self._beside(memory).write_text(self._settled, encoding="utf-8")
        for fresh, path in self._fresh:
            if path == self.path:
                self._lock.follow(fresh)  # until the memory is settled
            if path.exists():
                put_over(fresh, path)
                continue
            with fresh.open("rb") as done:
                os.fsync(done.fileno())
            fresh.replace(path)
        self._fresh = []

    def close(self) -> None:
        """Remove what was not renamed."""
        for fresh, _ in self._fresh:
            fresh.unlink(missing_ok=True)
        self._fresh = []
        self._lock.let_go()
