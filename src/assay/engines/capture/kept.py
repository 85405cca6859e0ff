"""Rows of a capture that were read before, kept for whoever looks at the very same bytes next: other monitors of the same hour.

An Arrow file under the digest of the capture's manifest, sealed under the home's key where the capture is sealed. It is written
beside and renamed, one process at a time: whoever comes meanwhile waits and reads what was written. Anything that cannot be read
is as if it were not there, and deleting all of it costs only time. The oldest are removed beyond MOST bytes.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.engines.capture import sealing
from assay.engines.capture.gathering import Gathered
from assay.kernel.errors import AssayError

MOST = 4 << 30  # bytes of all that is kept
WORTH = 4 << 20  # bytes of a capture from which on it is kept
_FORM = "3"  # of what is written: another is read anew
_FRAME = 32 << 20
_ABOUT = b"assay.rows"


@dataclass(frozen=True)
class Kept:
    """Where rows are kept. secret: of the home, where the capture is sealed; None where it lies open as it is."""

    folder: Path
    digest: str
    secret: bytes | None

    @property
    def path(self) -> Path:
        """Return the file of this capture."""
        return self.folder / f"{self.digest.removeprefix('sha256:')}.{_FORM}"

    def rows(self, scratch: Path, read: Callable[[], Gathered]) -> Gathered:
        """Return the rows as they were kept, or read them and keep them. scratch: where they lie meanwhile, if they are many."""
        found = self._opened(scratch)
        if found is not None:
            return found
        with self._alone():
            found = self._opened(scratch)  # whoever held the lock has read them
            if found is not None:
                return found
            made = read()
            with contextlib.suppress(OSError):  # a full disk costs the next one time
                self._write(made, scratch)
            return made

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = self.path.with_suffix(".lock")
        with lock.open("wb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(held, fcntl.LOCK_UN)

    def _write(self, made: Gathered, scratch: Path) -> None:
        import pyarrow as pa

        kinds = made.schema()
        said = {
            "names": [[n, k] for n, k in made.names.items()], "kinds": kinds, "header": list(made.header),
            "rows": made.rows, "events": made.events, "lost": dict(made.lost), "texts": sorted(made.texts),
        }  # fmt: skip
        plain = scratch / "kept.arrow"
        writer = None
        with pa.OSFile(str(plain), "wb") as out:
            for table in made.tables():
                if writer is None:
                    schema = table.schema.with_metadata({_ABOUT: json.dumps(said).encode()})
                    writer = pa.ipc.new_file(out, schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))
                writer.write_table(table.cast(schema))
            if writer is not None:
                writer.close()
        if writer is None:
            plain.unlink()
            return
        fresh = self.path.with_suffix(f".{os.getpid()}")
        try:
            self._sealed(plain, fresh)
            fresh.replace(self.path)
        finally:
            fresh.unlink(missing_ok=True)
            plain.unlink(missing_ok=True)
        self._make_room()

    def _sealed(self, plain: Path, to: Path) -> None:
        with plain.open("rb") as source, to.open("wb") as out:
            os.fchmod(out.fileno(), 0o600)
            if self.secret is None:
                while block := source.read(_FRAME):
                    out.write(block)
                return
            sealer = sealing.Sealer(self.secret)
            out.write(sealer.head)
            while block := source.read(_FRAME):
                out.write(sealer.frame(block, packed=False))

    def _make_room(self) -> None:
        files = sorted(self.folder.glob("*.[0-9]"), key=lambda p: p.stat().st_mtime, reverse=True)
        held = 0
        for path in files:
            held += path.stat().st_size
            if held > MOST and path != self.path:
                path.unlink(missing_ok=True)
                path.with_suffix(".lock").unlink(missing_ok=True)

    def _opened(self, scratch: Path) -> Gathered | None:
        """Return what was kept; None where there is none, or where it cannot be read."""
        import pyarrow as pa

        try:
            path = self._plain(scratch)
            with pa.memory_map(str(path)) as mapped:
                reader = pa.ipc.open_file(mapped)
                said = json.loads(reader.schema.metadata[_ABOUT])
                made, rows = _gathered(scratch, said), 0
                for place in range(reader.num_record_batches):
                    part = pa.Table.from_batches([reader.get_batch(place)]).replace_schema_metadata(None)
                    made.keep(part)
                    rows += part.num_rows
            os.utime(self.path)
            return made if rows == made.rows else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, AssayError, pa.ArrowException):
            return None

    def _plain(self, scratch: Path) -> Path:
        if self.secret is None:
            return self.path
        plain = scratch / "kept.arrow"
        with self.path.open("rb") as source, plain.open("wb") as out:
            os.fchmod(out.fileno(), 0o600)
            for block in sealing.frames(source, self.secret):
                out.write(block)
        return plain


def _gathered(scratch: Path, said: dict[str, Any]) -> Gathered:
    kinds = {str(n): [k] for n, k in said["kinds"].items()}
    names = {str(n): k for n, k in said["names"]}
    if any(not isinstance(k, (int, str)) for k in names.values()):
        raise ValueError("a column without a name")
    return Gathered(
        scratch, frozenset(said["texts"]), [], kinds, names, tuple(said["header"]), Counter(said["lost"]),
        int(said["rows"]), int(said["events"]),
    )  # fmt: skip
