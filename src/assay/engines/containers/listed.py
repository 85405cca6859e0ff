"""A bill of materials in place of the image that it was taken from: an Image without files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from assay.engines.containers.inventory import RECORD
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput
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

    def links(self) -> Mapping[str, str]:
        """Return nothing."""
        return {}

    def document(self) -> bytes | None:
        """Return the bill of materials."""
        with self._path.open("rb") as source:
            raw = source.read(RECORD + 1)
        if len(raw) > RECORD:
            raise BadInput(f"{self.asset.name} is larger than any bill of materials")
        return raw
