"""A file that grows by a line for each checkpoint, on a disk that is not the home's."""

from __future__ import annotations

import json
import os
from pathlib import Path

from assay.engines.witnesses.witness import MOST, Kept, Witness
from assay.kernel.errors import BadInput, Missing

_TAIL = 4 << 20


class File(Witness):
    """JSON lines: ``{"size", "checkpoint"}``."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def keep(self, size: int, note: str) -> Kept:
        """Append the checkpoint and sync it."""
        if not self.path.parent.is_dir():
            raise Missing(f"there is no folder {str(self.path.parent)!r}", remedy="make it, or name another")
        self._plain()
        with self.path.open("a", encoding="utf-8") as out:
            out.write(json.dumps({"size": size, "checkpoint": note}) + "\n")
            out.flush()
            os.fsync(out.fileno())
        return Kept(str(self.path))

    def seen(self) -> list[str]:
        """Return the checkpoints of the last lines."""
        self._plain()
        try:
            with self.path.open("rb") as source:
                start = max(0, source.seek(0, os.SEEK_END) - _TAIL)
                source.seek(start)
                lines = source.read().splitlines()[1 if start else 0 :]
        except FileNotFoundError:
            raise Missing(f"the witness's file {str(self.path)!r} is gone", remedy="was it moved?") from None
        try:
            return [str(json.loads(line)["checkpoint"]) for line in lines[-MOST:] if line.strip()]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BadInput("this is no file of checkpoints", where=str(self.path)) from None

    def _plain(self) -> None:
        """Refuse a folder, and a pipe or a device, which may wait for ever."""
        if self.path.exists() and not self.path.is_file():
            raise BadInput("a witness's file is no folder, pipe or device", where=str(self.path))
