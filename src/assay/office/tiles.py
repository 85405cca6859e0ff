"""The tree's hashes as they are kept: in tiles of 256, a row each, as logs that are served from files keep theirs.

Tile (level, place) holds the tree's hashes of level 8 · level, from place 256 · place on, one after another; the last of a
level is shorter. Hashes of the levels between are computed, of 256 at most. A row a hash cost an append more than all else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.errors import Missing
from assay.methods import merkle
from assay.office import schema, words

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

HEIGHT = 8  # levels of the tree from one tile to that above it
WIDTH = 1 << HEIGHT
_FULL = WIDTH * merkle.SIZE
_tiles = schema.tiles.c
_tile = (_tiles.level == sa.bindparam("level")) & (_tiles.place == sa.bindparam("place"))
ONE = sa.select(_tiles.hashes).where(_tile)


def within(connection: Connection) -> merkle.Node:
    """Return what gives a node of the tree as a connection sees it, (level, place) → hash; see ``nodes``."""
    return nodes(lambda level, place: read(connection, level, place))


def read(connection: Connection, level: int, place: int) -> Any:
    """Return what a tile holds, None where there is none."""
    return words.one(connection, "tiles", "hashes", level=level, place=place)


def nodes(read: Callable[[int, int], Any]) -> merkle.Node:
    """Return what gives a node of the tree, (level, place) → hash; it raises Missing where one is not there.

    read: (level, place) of a tile → what is kept there, None where nothing is.
    """
    held: dict[tuple[int, int], bytes] = {}

    def tile(level: int, place: int) -> bytes:
        if (level, place) not in held:
            found = read(level, place)
            held[level, place] = found if isinstance(found, bytes) else b""
        return held[level, place]

    def node(level: int, place: int) -> bytes:
        tall = level % HEIGHT
        first = place << tall
        start = first % WIDTH * merkle.SIZE
        part = tile(level // HEIGHT, first // WIDTH)[start : start + (merkle.SIZE << tall)]
        if len(part) != merkle.SIZE << tall:
            raise Missing("a node of the log's tree is missing", remedy="see `assay log verify`")
        return folded(part)

    return node


def folded(hashes: bytes) -> bytes:
    """Return the root over 2**k hashes that stand one after another."""
    row = cut(hashes)
    while len(row) > 1:
        row = [merkle.node_hash(a, b) for a, b in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def cut(hashes: bytes) -> list[bytes]:
    """Return hashes that stand one after another, each; the last is shorter where they were cut off."""
    return [hashes[at : at + merkle.SIZE] for at in range(0, len(hashes), merkle.SIZE)]


def leaves(connection: Connection) -> Iterator[tuple[int, Any]]:
    """Give the place and the hash of each leaf that is kept, in order."""
    query = sa.select(_tiles.place, _tiles.hashes).where(_tiles.level == 0).order_by(_tiles.place)
    for place, hashes in connection.execution_options(yield_per=100).execute(query):
        whole = isinstance(hashes, bytes)
        yield from enumerate(cut(hashes) if whole else [hashes] * WIDTH, place * WIDTH)


def lay(connection: Connection, level: int, start: int, hashes: Sequence[bytes], held: bytes) -> bytes:
    """Keep the hashes of tile level ``level`` from ``start`` on, and return what the last tile holds where it is not full.

    held: what the tile in which they begin holds before them; Missing where that is not all of it.
    """
    place, within = divmod(start, WIDTH)
    if len(held) != within * merkle.SIZE:
        raise Missing("a node of the log's tree is missing", remedy="see `assay log verify`")
    data = b"".join((held, *hashes))
    parts = [data[at : at + _FULL] for at in range(0, len(data), _FULL)]
    rows = [(level, place + n, part) for n, part in enumerate(parts)]
    words.upsert(connection, "tiles", ("level", "place", "hashes"), rows, keys=2)
    return b"" if len(parts[-1]) == _FULL else parts[-1]
