"""The right edge of the tree: what must be at hand to add leaves to it, and what it was when the log was signed last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assay.methods import merkle
from assay.office import tiles

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@dataclass(slots=True)
class Edge:
    """Of a tree of ``size`` leaves, the tile of each level that is not full, and the roots of the complete subtrees there."""

    size: int
    open: dict[int, bytes]  # level of tiles → its hashes
    peaks: dict[int, bytes] = field(default_factory=dict)  # level of the tree → root

    @classmethod
    def read(cls, connection: Connection, size: int, like: Edge | None = None) -> Edge:
        """Read the edge as a connection sees it; Missing where a part of it is not there.

        like: the edge of the same log as it was signed. Where its tiles lie there unchanged, so are its roots.
        """
        held: dict[int, bytes] = {
            level: tiles.read(connection, level, place)
            for level, place in enumerate(_places(size))
            if size >> tiles.HEIGHT * level & tiles.WIDTH - 1
        }
        if like is not None and like.size == size and held == like.open:
            return cls(size, held, dict(like.peaks))
        node = tiles.nodes(lambda level, _place: held.get(level))
        return cls(size, held, {level: node(level, place) for level, place in merkle.peaks(size)})

    def root(self) -> bytes:
        """Return the root of the tree."""
        return merkle.root(self.size, lambda level, _place: self.peaks[level])

    def grow(self, connection: Connection, leaves: Sequence[bytes]) -> None:
        """Add leaves to the tree, and keep its new hashes."""
        for level, start, hashes in merkle.grown(self.peaks, self.size, merkle.leaf_hashes(leaves)):
            if level % tiles.HEIGHT == 0:
                above = level // tiles.HEIGHT
                self.open[above] = tiles.lay(connection, above, start, hashes, self.open.pop(above, b""))
        self.open = {level: held for level, held in self.open.items() if held}
        self.size += len(leaves)


def _places(size: int) -> list[int]:
    """Return the place of the last tile of each level of a tree."""
    out = []
    while size:
        size >>= tiles.HEIGHT
        out.append(size)
    return out
