"""What lies beneath the log: the tree that proofs are read from, and the database that holds it all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from assay.methods import merkle
from assay.office import schema, tiles
from assay.office.problem import Problem
from assay.office.tree import Growing

if TYPE_CHECKING:
    from assay.office.office import Office

_FULL = tiles.WIDTH * merkle.SIZE


def tree(office: Office, grown: Growing) -> list[Problem]:
    """Compare the tree that proofs are read from with itself, from the leaves up; the leaves were compared before."""
    if grown.unmatched:
        return [Problem("tree", f"{grown.unmatched} leaves of the tree in the database are gone")]
    order = sa.select(schema.tiles).order_by(schema.tiles.c.level, schema.tiles.c.place)
    rows = (row for part in office.batches(order, 100) for row in part)
    size, level, below = grown.size, 0, b""
    while size:
        above = bytearray()
        for place in range(-(-size // tiles.WIDTH)):
            start, row = place * _FULL, next(rows, None)
            if row is None or (row.level, row.place) != (level, place):
                return [Problem("tree", f"tile {place} of level {level} of the tree in the database is gone")]
            expected = min(size * merkle.SIZE - start, _FULL)
            sound = isinstance(row.hashes, bytes) and len(row.hashes) == expected
            if not sound or (level and row.hashes != below[start : start + expected]):
                said = f"tile {place} of level {level} of the tree in the database was changed"
                return [Problem("tree", said)]
            if expected == _FULL:
                above += tiles.folded(row.hashes)
        size, level, below = size // tiles.WIDTH, level + 1, bytes(above)
    if next(rows, None) is not None:
        return [Problem("tree", "the tree in the database has tiles that belong nowhere")]
    return []


def database(office: Office) -> list[Problem]:
    """Ask SQLite whether its indexes still say what its tables do, and look for what was put beside the tables.

    An index that was changed hides rows from every search, and a trigger acts behind every write.
    """
    if office.engine.dialect.name != "sqlite":
        return []
    out = []
    with office.engine.connect() as connection:
        said = connection.exec_driver_sql("PRAGMA integrity_check(5)").scalars().all()
        found = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master").all()
    if said != ["ok"]:
        out.append(Problem("damaged", f"the database is damaged: {str(said[0])[:200]}"))
    tables = schema.metadata.tables
    ours = {str(i.name) for t in tables.values() for i in t.indexes} | set(tables)
    for kind, name, _, sql in found:
        known = kind in ("table", "index") and name in ours
        if not known and not (kind == "index" and sql is None):  # those of a primary key have no SQL
            out.append(
                Problem("extra", f"the database has a {kind} {str(name)[:80]!r} that is not the office's")
            )
    gone = sorted(ours - {name for _, name, _, _ in found})
    return out + [Problem("missing", f"the database has no {name} any more") for name in gone]
