"""What images of files share, of layers or of one folder: their room, and the links that stand where a file was wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set

from assay.engines.containers.room import LINKS, Room
from assay.kernel.asset import Asset
from assay.kernel.handles import ImageFile


class FiledImage:
    """The part of an Image that knows no way to its files."""

    def __init__(self, asset: Asset) -> None:
        self.asset = asset
        self.room = Room()
        self._links: dict[str, str] = {}

    @property
    def gaps(self) -> list[tuple[str, str]]:
        """Return what was not examined, and why."""
        return self.room.gaps

    def files(self, wanted: Callable[[str, int], bool], *, hidden: bool = False) -> Iterator[ImageFile]:
        """Give its files; said by whoever knows the way to them."""
        raise NotImplementedError

    def at(self, places: Set[str]) -> Iterator[ImageFile]:
        """Give the regular files that lie at these places, and note the links there and above them: found by a walk."""
        above = {place[:n] for place in places for n, letter in enumerate(place) if letter == "/"}
        yield from self.files(lambda path, size: path in places or (not size and path in above))

    def links(self) -> Mapping[str, str]:
        """Return where links lead that stand where a file was wanted."""
        return self._links

    def document(self) -> bytes | None:
        """Return None: there are files."""
        return None

    def _may_link(self, path: str) -> bool:
        """Whether one more link is kept; that it is not is a gap."""
        if len(self._links) < LINKS or path in self._links:
            return True
        self.room.gap(path, f"more than {LINKS:,} links stand where a record may be")
        return False
