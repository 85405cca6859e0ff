"""The rows of a quarantine, shown with their reasons, or written to a file in which they can be corrected."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import Missing, UsageError
from assay.methods.sqltext import literal, quoted
from assay.works.gate.quarantine import Quarantine, find

if TYPE_CHECKING:
    import duckdb

    from assay.works.home import Home

SCHEMA = "assay.quarantine/1"
STATE = "_assay_state"


def show(home: Home, id_: str, limit: int, out: Path | None = None, *, all_: bool = False) -> dict[str, Any]:
    """Return a quarantine with its first rows, ``assay.quarantine/1``; with ``out`` all of them are written there.

    all_: rows that were released or rejected, too. Each row is its number, its state, its reasons and its values as text.
    """
    from assay.engines.gate.sink import REASONS, ROW, RULES
    from assay.engines.tables.handle import connect

    of = find(home, id_)
    with home.scratch() as scratch:
        con = connect(scratch, 2, "1GB")
        try:
            names = _look(con, of, scratch)
            which = "" if all_ else "WHERE _assay_state = 'open'"
            rows = con.execute(f"SELECT count(*) FROM held {which}").fetchone()
            if out is not None:
                _write(con, which, names, out, scratch)
            found = con.execute(f'SELECT * FROM held {which} ORDER BY "{ROW}" LIMIT {int(limit)}')
            titles = [d[0] for d in found.description or ()]
            shown = [dict(zip(titles, r, strict=True)) for r in found.fetchall()]
            states = dict(con.execute("SELECT _assay_state, count(*) FROM held GROUP BY 1").fetchall())
        finally:
            con.close()
    told = of.to_dict() | {s: int(states.get(s, 0)) for s in ("open", "released", "rejected")}
    told["shown"] = [
        {
            "row": r[ROW],
            "state": r[STATE],
            "rules": r[RULES],
            "why": r[REASONS],
            "values": {n: r[n] for n in names if not n.startswith("_assay_")},
        }
        for r in shown
    ]
    told |= {"schema": SCHEMA, "matching": int(rows[0]) if rows else 0}
    return told | ({"out": str(out)} if out is not None else {})


def _look(con: duckdb.DuckDBPyConnection, of: Quarantine, scratch: Path) -> list[str]:
    """Make ``held`` of the rows, each with its state, and return the names of the quarantine's own columns."""
    from assay.engines.gate.looking import closed, kept_out

    kept = scratch / "kept.parquet"
    if not kept_out(of.quarantine, of.id, kept, scratch):
        raise Missing(f"the rows that {of.id} kept out are no longer there", where=of.quarantine)
    from assay.engines.gate.sink import ROW

    con.register("became", closed(of.store, of.id, scratch))
    read = f"read_parquet({literal(str(kept))})"
    con.execute(
        f"CREATE TEMP TABLE held AS SELECT k.*, coalesce(b.state, 'open') AS {STATE} "
        f"FROM {read} k LEFT JOIN became b ON k.{quoted(ROW)} = b.row"
    )
    return [r[0] for r in con.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()]


def _write(con: duckdb.DuckDBPyConnection, which: str, names: list[str], out: Path, scratch: Path) -> None:
    from assay.engines.tables import export

    if not out.absolute().parent.is_dir():
        raise UsageError("there is no such folder", where=str(out.parent), remedy="make it first")
    path = scratch / "out.parquet"
    chosen = ", ".join(map(quoted, names))
    con.execute(
        f"COPY (SELECT {chosen} FROM held {which} ORDER BY _assay_row) TO {literal(str(path))} (FORMAT parquet)"
    )
    export(path, out)
