"""A store over another: what is new is written here, what is not here is read from the one beneath, which stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from assay.engines.blobs import Store


class LayeredStore(Store):
    """A store in a folder of its own, over one that is only read."""

    def __init__(self, folder: Path, beneath: Store) -> None:
        """folder: where new objects lie; with it they go."""
        super().__init__(str(folder))
        self.beneath = beneath

    def has(self, digest: str) -> bool:
        """Whether the object is in either."""
        return super().has(digest) or self.beneath.has(digest)

    def path(self, digest: str) -> Path:
        """Return where the object lies, of whichever has it."""
        return super().path(digest) if super().has(digest) else self.beneath.path(digest)

    def open(self, digest: str) -> BinaryIO:
        """Open the object of whichever has it."""
        return super().open(digest) if super().has(digest) else self.beneath.open(digest)

    def read(self, digest: str, limit: int | None = None) -> bytes:
        """Return the object's bytes, of whichever has it."""
        return super().read(digest, limit) if super().has(digest) else self.beneath.read(digest, limit)

    def verify(self, digest: str) -> bool:
        """Whether the object is whole in whichever has it."""
        return super().verify(digest) if super().has(digest) else self.beneath.verify(digest)
