"""The copy of the checkpoint that lies outside the database, so that a database put back is found out.

Before a commit the new checkpoint is written as ``pending``; after it, ``pending`` becomes ``latest``. A crash before
the commit leaves a pending checkpoint that the database has not reached; a crash after it, one that it has. Neither is
forgery, and both are told apart from it. The lock is held from before the one until after the other.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from assay.engines.durable import sync
from assay.office.alive import held

_LEAST = 1 << 18  # bytes


class Outside:
    """Files in a folder of the home: latest, pending and lock. readonly: the folder cannot be written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
        self.readonly = not os.access(folder, os.W_OK)
        self._latest, self._pending = folder / "latest", folder / "pending"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock: one writer of this home at a time."""
        with held(self.folder / "lock", readonly=self.readonly):
            yield

    def full(self) -> bool:
        """Whether its disk has no room left for as much as a transaction."""
        return shutil.disk_usage(self.folder).free < _LEAST

    def read(self, name: str) -> str | None:
        """Return ``latest`` or ``pending``; None where there is none."""
        try:
            return (self._latest if name == "latest" else self._pending).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            return "damaged"

    def announce(self, note: str) -> None:
        """Write the checkpoint of the commit to come."""
        with self._pending.open("wb") as out:  # one cut short is of no commit, since none is before its end
            out.write(note.encode())
            out.flush()
            os.fsync(out.fileno())
        sync(self.folder)

    def promote(self) -> None:
        """The commit has happened. Where a power cut undoes this, ``pending`` is there still, and says the same."""
        self._pending.replace(self._latest)

    def forget(self) -> None:
        """The commit has not happened."""
        self._pending.unlink(missing_ok=True)
