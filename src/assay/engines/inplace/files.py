"""A file that is a table, changed by writing another beside it and renaming that over it."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import uuid
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assay.engines.blobs import digest_file
from assay.engines.inplace.filelock import FileLock
from assay.engines.inplace.place import Edits, Place, Undo, changed_meanwhile, changed_since
from assay.engines.tables import open_table, pin
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, UsageError

_ROWS = 50_000


class FilePlace(Place):
    """One local file. The file it is written to lies beside it until it is renamed."""

    def __init__(self, uri: str, path: Path, scratch: Path) -> None:
        self.uri, self.path, self.scratch = uri, path.resolve(), scratch
        writable(self.path)
        self._fresh: Path | None = None
        self._lock = FileLock(self.path, uri)
        try:
            self._asset = pin(uri)
        except BaseException:
            self._lock.let_go()
            raise

    def subject(self) -> Asset:
        """Return the file itself, pinned."""
        return self._asset

    def digest(self) -> str:
        """Return the digest of its bytes."""
        return digest_file(self.path)

    def change(self, edits: Edits) -> Undo:
        """Write the changed table beside it, and read it again: every other cell has to be what it was."""
        fresh = self._beside()
        self._write(fresh, edits)
        verify(self.path, fresh, self._asset.format, edits, self.scratch, self.path)
        if self.digest() != self._asset.digest:
            raise changed_meanwhile(self.uri)
        return Undo(self._asset.digest, digest_file(fresh), (), tuple(edits.adds))

    @abstractmethod
    def _write(self, to: Path, edits: Edits) -> None:
        """Write the changed table."""

    def restore(self, undo: Undo, original: Path | None) -> None:
        """Put the bytes back as they were."""
        if self.digest() != undo.after:
            raise changed_since(self.uri)
        if original is None or digest_file(original) != undo.before:
            raise BadInput("what the file was before is no longer in the home's store", where=self.uri)
        shutil.copyfile(original, self._beside())

    def left_behind(self) -> int:
        """Return how many other hard links keep the old file."""
        return other_links(self.path)

    def commit(self) -> None:
        """Rename the new file over the old one, with its rights; both are on the disk before and after."""
        assert self._fresh is not None
        put_over(self._fresh, self.path)
        self._fresh = None

    def _beside(self) -> Path:
        self._fresh = self.path.with_name(f".{self.path.name}.{uuid.uuid4().hex[:8]}.new")
        return self._fresh

    def close(self) -> None:
        """Remove what was not renamed."""
        if self._fresh is not None:
            self._fresh.unlink(missing_ok=True)
        self._lock.let_go()


def put_over(fresh: Path, path: Path) -> None:
    """Rename a file over another, with its rights; it is on the disk before, and its name after."""
    shutil.copymode(path, fresh)
    old = path.stat()
    if hasattr(os, "chown") and (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):  # another's file in a folder of ours: it becomes ours
            os.chown(fresh, old.st_uid, old.st_gid)
    with fresh.open("rb") as written:
        os.fsync(written.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def other_links(path: Path) -> int:
    """Return how many other names a file has: a new one that is renamed over it has but the one."""
    return path.stat().st_nlink - 1


def writable(path: Path) -> None:
    """UsageError where a file is read-only, or its folder takes no new file."""
    if not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(path, os.W_OK):
        raise UsageError("the file is read-only", where=str(path), remedy=f"chmod u+w {path.name}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(
            "its folder takes no new file", where=str(path), remedy="give yourself the right to it"
        )


def verify(old: Path, new: Path, format: str, edits: Edits, scratch: Path, where: Path) -> None:
    """Hold the new file against the old one, cell by cell; BadInput where anything else differs."""
    added = dict(edits.adds)
    cells = _Cells(edits)
    first = 1
    with (
        open_table(str(old), scratch=scratch / "old", format=format) as before,
        open_table(str(new), scratch=scratch / "new", format=format) as after,
    ):
        names = [c.name for c in before.columns]
        if [c.name for c in after.columns] != [*names, *added] or before.rows != after.rows:
            raise _unlike(where)
        for was, now in zip(_parts(before), _parts(after), strict=True):
            for name in now.column_names:
                column = was.column(name) if name in names else _fill(added[name], was.num_rows)
                if not _same(cells.put(name, column, first), now.column(name)):
                    raise _unlike(where)
            first += was.num_rows


class _Cells:
    """The cells of edits, to be put over parts of columns."""

    def __init__(self, edits: Edits) -> None:
        import numpy as np

        rows = edits.changes.column("row").to_numpy()
        columns = np.array(edits.changes.column("column").to_pylist(), dtype=object)
        new = edits.changes.column("new").to_pylist()
        self._held = {
            c: (rows[columns == c], [v for v, m in zip(new, columns == c, strict=True) if m])
            for c in set(columns)
        }

    def put(self, name: str, column: Any, first: int) -> Any:
        """Return a column's part that begins at row ``first`` as it is to be, as text where cells of it change."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        if name not in self._held:
            return column
        rows, values = self._held[name]
        low, high = np.searchsorted(rows, [first, first + len(column)])
        if high <= low:
            return column
        mask = np.zeros(len(column), bool)
        mask[rows[low:high] - first] = True
        texts = written(column)
        texts = pa.concat_arrays(texts.chunks) if isinstance(texts, pa.ChunkedArray) else texts
        return pc.replace_with_mask(texts, pa.array(mask), pa.array(values[low:high], pa.string()))


def _fill(kind: str, rows: int) -> Any:
    import numpy as np
    import pyarrow as pa

    return (
        pa.array(np.full(rows, "false", object), pa.string())
        if kind == "boolean"
        else pa.nulls(rows, pa.string())
    )


def _same(wanted: Any, found: Any) -> bool:
    """Whether two columns hold the same: as they are, or else as text, since NaN is no equal of itself."""
    import pyarrow as pa

    wanted, found = (x if isinstance(x, pa.ChunkedArray) else pa.chunked_array([x]) for x in (wanted, found))
    return bool((wanted.type == found.type and wanted.equals(found)) or _texts(wanted).equals(_texts(found)))


def _texts(column: Any) -> Any:
    import pyarrow as pa

    texts = written(column)
    return texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])


def _unlike(where: Path) -> BadInput:
    return BadInput(
        "it cannot be changed in place: written again, other cells would read differently, so nothing was changed",
        where=str(where),
        remedy="write the repaired table to another file with -o",
    )


def _parts(table: Any) -> Iterator[Any]:
    """Give the rows, so many at a time whatever the batches were."""
    import pyarrow as pa

    held: list[Any] = []
    rows = 0
    for batch in table.batches():
        held.append(batch)
        rows += batch.num_rows
        if rows >= _ROWS:
            whole = pa.Table.from_batches(held)
            while whole.num_rows >= _ROWS:
                yield whole.slice(0, _ROWS)
                whole = whole.slice(_ROWS)
            held, rows = whole.to_batches(), whole.num_rows
    if rows:
        yield pa.Table.from_batches(held)


def written(column: Any) -> Any:
    """Return a column as text that reads back as the same; lists, objects and bytes by how they are shown."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    try:
        return column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.array([None if v is None else repr(v) for v in column.to_pylist()], pa.string())
