"""A bill of materials in place of the image that it was taken from, an Image without files; or a lock alone, of one file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from assay.engines.containers.file import PlainFile
from assay.engines.containers.inventory import RECORD
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import ImageFile


class ListedImage:
    """An Image of which only the inventory is there."""

    platform = ""
    tags: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    problems: tuple[Any, ...] = ()
    gaps: tuple[tuple[str, str], ...] = ()

    def __init__(self, asset: Asset, path: Path) -> None:
        self.asset, self._path = asset, path

    def files(self, wanted: Callable[[str, int], bool], *, hidden: bool = False) -> Iterator[ImageFile]:
        """Give nothing: there are no files."""
        return iter(())

    def at(self, places: Set[str]) -> Iterator[ImageFile]:
        """Give nothing: what a lock refers to is not beside it here."""
        return iter(())

    def links(self) -> Mapping[str, str]:
        """Return nothing."""
        return {}

    def document(self) -> bytes | None:
        """Return the bill of materials."""
        with self._path.open("rb") as source:
            raw = source.read(RECORD + 1)
        if len(raw) > RECORD:
            raise BadInput(f"{self.asset.name} is larger than any bill of materials")
        self._same(hashlib.sha256(raw).hexdigest())
        return raw

    def _same(self, made: str) -> None:
        if f"sha256:{made}" != self.asset.digest:
            raise UsageError(
                f"{self.asset.name} changed while it was examined",
                where=str(self._path),
                remedy="run again when it is still",
            )


class LockImage(ListedImage):
    """An Image of one file: a lock that is named by itself."""

    def files(self, wanted: Callable[[str, int], bool], *, hidden: bool = False) -> Iterator[ImageFile]:
        """Give the file, by what it is called."""
        size = self._path.stat().st_size
        with self._path.open("rb") as source:
            self._same(hashlib.file_digest(source, "sha256").hexdigest())
        if wanted(self.asset.name, size):
            yield PlainFile(self.asset.name, size, lambda: self._path.open("rb"))

    def document(self) -> bytes | None:
        """Return None: there is a file."""
        return None
