"""What lies beneath the log: the tree that proofs are read from, and the database that holds it all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.methods import merkle
from assay.office import schema
from assay.office.problem import Problem
from assay.office.tree import Growing

if TYPE_CHECKING:
    from assay.office.office import Office


def tree(office: Office, grown: Growing) -> list[Problem]:
    """Compare the tree that proofs are read from with itself, from the leaves up; the leaves were compared before."""
    if grown.unmatched:
        return [Problem("tree", f"{grown.unmatched} leaves of the tree in the database are gone")]
    level, size = 0, grown.size
    while True:
        held = _count_level(office, level)
        if held != size:
            return [
                Problem(
                    "tree", f"the tree in the database has {held} nodes where {size} belong, on level {level}"
                )
            ]
        if not size:
            break
        if level and not _is_above(office, level):
            return [Problem("tree", f"a node on level {level} of the tree in the database was changed", None)]
        level, size = level + 1, size >> 1
    if int(office.rows(sa.select(sa.func.count()).where(schema.nodes.c.level > level))[0][0]):
        return [Problem("tree", "the tree in the database has nodes that belong nowhere")]
    return []


def _count_level(office: Office, level: int) -> int:
    query = sa.select(sa.func.count()).select_from(schema.nodes).where(schema.nodes.c.level == level)
    return int(office.rows(query)[0][0])


def _is_above(office: Office, level: int) -> bool:
    """Whether each node of a level is made of the two below it."""

    def on(which: int) -> Any:
        query = sa.select(schema.nodes.c.hash).where(schema.nodes.c.level == which)
        return query.order_by(schema.nodes.c.place)

    with office.engine.connect() as one, office.engine.connect() as other:
        below = iter(one.execution_options(yield_per=10_000).execute(on(level - 1)))
        for (value,) in other.execution_options(yield_per=10_000).execute(on(level)):
            left, right = next(below)[0], next(below)[0]
            if not (
                isinstance(left, bytes)
                and isinstance(right, bytes)
                and merkle.node_hash(left, right) == value
            ):
                return False
    return True


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
