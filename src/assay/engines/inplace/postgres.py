"""A table of a PostgreSQL server changed in one transaction that sees one moment of it, its rows named by ctid.

REPEATABLE READ: where somebody else changes one of the rows meanwhile, the server refuses, and nothing is changed here.
"""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.engines.extras import install
from assay.engines.inplace.duckdbfile import NO_VIEW
from assay.engines.inplace.place import (
    Edits,
    Place,
    Undo,
    changed_meanwhile,
    changed_since,
    content_digest,
    matched,
    not_restored,
)
from assay.engines.inplace.rows import row_hashes
from assay.engines.tables.databases import choose
from assay.engines.tables.handle import connect
from assay.engines.tables.lost import in_doubt
from assay.engines.tables.seam import first_line
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.methods.sqltext import literal, quoted

_READ_AS = {
    "boolean": "BOOLEAN", "smallint": "SMALLINT", "integer": "INTEGER", "bigint": "BIGINT", "real": "FLOAT",
    "double precision": "DOUBLE", "numeric": "DOUBLE", "date": "DATE", "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
}  # fmt: skip
_KINDS = {"boolean": "boolean NOT NULL DEFAULT false", "text": "text"}
_ID = "#ctid"


class PostgresPlace(Place):
    """One table of a PostgreSQL server, as it is when it is opened here."""

    def __init__(self, uri: str, url: str, table: str, scratch: Path) -> None:
        try:
            import psycopg
        except ImportError:
            raise Missing("PostgreSQL needs an extra", where=uri, remedy=install("postgres")) from None
        self.uri, self.scratch = uri, scratch
        with self._seam("the database cannot be reached"):
            self._con = psycopg.connect(url.replace("postgres://", "postgresql://", 1))
            self._con.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            self._con.execute(
                "SET LOCAL extra_float_digits = 1; SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = 'UTC'"
            )
        try:
            with self._seam("the table cannot be read"):
                self.schema, self.name = self._chosen(table)
                self.table = f"{quoted(self.schema)}.{quoted(self.name)}"
        except BaseException:
            self._con.close()
            raise
        self._duck: Any = None

    @contextlib.contextmanager
    def _seam(self, what: str = "the table cannot be changed") -> Iterator[None]:
        import psycopg

        try:
            yield
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected):
            raise changed_meanwhile(self.uri) from None
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction) as error:
            raise UsageError(
                f"{what}: {first_line(error)}", where=self.uri, remedy="ask for the right to it"
            ) from None
        except psycopg.Error as error:
            raise BadInput(f"{what}: {first_line(error)}", where=self.uri, kept=what) from None

    def _chosen(self, table: str) -> tuple[str, str]:
        found = self._con.execute(
            "SELECT n.nspname, c.relname, c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
            "AND n.nspname NOT LIKE 'pg_toast%'"
        ).fetchall()
        names = {f"{s}.{t}": (s, t, kind) for s, t, kind in found}
        schema, name, kind = names[choose(table, sorted(names), self.uri, "public")]
        if kind in ("v", "m"):
            raise UsageError(f"{name!r} is a view, and holds nothing itself", where=self.uri, remedy=NO_VIEW)
        if kind != "r":
            raise UsageError(
                f"{name!r} is in parts, or lies elsewhere, and its rows cannot be named",
                where=self.uri,
                remedy="change the part in which they lie",
            )
        return schema, name

    def _columns(self) -> dict[str, str]:
        """Return the columns, each with PostgreSQL's own name of its type."""
        return dict(
            self._con.execute(
                "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass "
                "AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                (self.table,),
            ).fetchall()
        )

    def _read(self) -> tuple[list[str], list[str], list[str]]:
        """Return the columns, and each row's ctid and hash, as this transaction sees them; the rows stay in ``rows``."""
        if self._duck is None:
            self._duck = connect(self.scratch, 2, "1GB", str(self.scratch / "rows.duckdb"))
        columns = list(self._columns())
        texts = ", ".join(f"{quoted(c)}::text" for c in columns)
        path = self.scratch / "rows.csv"
        query = f"COPY (SELECT ctid::text, {texts} FROM {self.table} ORDER BY ctid) TO STDOUT (FORMAT csv)"
        with path.open("wb") as out, self._con.cursor() as cursor, cursor.copy(query) as copy:
            for part in copy:
                out.write(part)
        shape = ", ".join(f"{literal(n)}: 'VARCHAR'" for n in (_ID, *columns))
        self._duck.execute(
            f"CREATE OR REPLACE TABLE rows AS SELECT * FROM read_csv({literal(str(path))}, auto_detect = false, "
            f"header = false, columns = {{{shape}}}, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
            "allow_quoted_nulls = false, max_line_size = 8388608, new_line = '\\n', parallel = false)"
        )
        path.unlink()
        ids, hashes = row_hashes(self._duck, "rows", columns, quoted(_ID))
        return columns, [str(i) for i in ids], hashes

    def subject(self) -> Asset:
        """Return what this transaction sees, copied here."""
        columns, self._before_ids, self._before = self._read()
        kinds = self._columns()
        chosen = ", ".join(_typed(c, kinds[c]) for c in columns)
        path = self.scratch / "seen.parquet"
        self._duck.execute(f"COPY (SELECT {chosen} FROM rows) TO {literal(str(path))} (FORMAT parquet)")
        return Asset("table", self.name, str(path), content_digest(columns, self._before), "parquet")

    def digest(self) -> str:
        """Return the digest of the table's rows."""
        with self._seam("the table cannot be read"):
            columns, _, hashes = self._read()
            return content_digest(columns, hashes)

    def change(self, edits: Edits) -> Undo:
        """Carry the edits out by ctid, each only where the cell still holds what it did."""
        with self._seam():
            columns, ids, before = self._read()
            for name, kind in edits.adds:
                self._con.execute(f"ALTER TABLE {self.table} ADD COLUMN {quoted(name)} {_KINDS[kind]}")
            by_row = edits.by_row()
            rows = sorted(by_row)
            added = {n for n, _ in edits.adds}
            changed = [c for c in edits.columns() if c not in added]
            old = self._old(changed, {ids[r - 1] for r in rows})
            new = {ids[r - 1]: {c: n for c, (_, n) in by_row[r].items()} for r in rows}
            fresh = self._update(new, old)
            now_columns, now_ids, after = self._read()
            here = dict(zip(now_ids, after, strict=True))
            was = dict(zip(ids, before, strict=True))
            if len(after) != len(before) or (
                not edits.adds and any(here.get(i) != h for i, h in was.items() if i not in new)
            ):
                raise BadInput("a trigger changes other rows with it, so nothing was changed", where=self.uri)
            return Undo(
                content_digest(columns, before),
                content_digest(now_columns, after),
                [
                    (here[fresh[i]], {c: old[i][c] for c in cells if c not in added})
                    for i, cells in new.items()
                ],
                tuple(edits.adds),
            )

    def _old(self, columns: Sequence[str], ids: set[str]) -> dict[str, dict[str, str | None]]:
        if not columns:
            return {i: {} for i in ids}
        chosen = ", ".join(quoted(c) for c in columns)
        found = self._duck.execute(f"SELECT {quoted(_ID)}, {chosen} FROM rows").fetchall()
        return {r[0]: dict(zip(columns, r[1:], strict=True)) for r in found if r[0] in ids}

    def _update(
        self, new: Mapping[str, Mapping[str, str | None]], old: Mapping[str, Mapping[str, str | None]]
    ) -> dict[str, str]:
        """Set cells by ctid, a row once only, and return the ctid that each row has now."""
        columns = sorted({c for cells in new.values() for c in cells})
        kinds = self._columns()
        parts = [f"s{n} boolean, v{n} text, o{n} text" for n in range(len(columns))]
        self._con.execute("DROP TABLE IF EXISTS pg_temp.assay_edits")
        self._con.execute(f"CREATE TEMP TABLE assay_edits (id tid, {', '.join(parts)}) ON COMMIT DROP")
        with self._con.cursor() as cursor, cursor.copy("COPY assay_edits FROM STDIN") as copy:
            for id_, cells in new.items():
                row: list[Any] = [id_]
                for c in columns:
                    row += [c in cells, cells.get(c), old.get(id_, {}).get(c)]
                copy.write_row(row)
        sets, holds = [], []
        for n, c in enumerate(columns):
            name, kind = quoted(c), kinds[c]
            sets.append(f"{name} = CASE WHEN e.s{n} THEN e.v{n}::{kind} ELSE t.{name} END")
            if any(c in cells for cells in old.values()):
                holds.append(f"(NOT e.s{n} OR t.{name}::text IS NOT DISTINCT FROM e.o{n})")
        where = " AND ".join(["t.ctid = e.id", *holds])
        moved = self._con.execute(
            f"UPDATE {self.table} AS t SET {', '.join(sets)} FROM assay_edits e WHERE {where} "
            "RETURNING e.id::text, t.ctid::text"
        ).fetchall()
        if len(moved) != len(new):
            raise changed_meanwhile(self.uri)
        return dict(moved)

    def restore(self, undo: Undo, original: Path | None) -> None:
        """Put the old cells back, and drop the columns that were added."""
        with self._seam():
            columns, ids, now = self._read()
            if content_digest(columns, now) != undo.after:
                raise changed_since(self.uri)
            cells = {id_: old for id_, old in matched(undo, ids, now) if old}
            if cells:
                self._update(cells, {})
            for name, _ in undo.adds:
                self._con.execute(f"ALTER TABLE {self.table} DROP COLUMN {quoted(name)}")
        if self.digest() != undo.before:
            raise not_restored(self.uri)

    def commit(self) -> None:
        """Commit the transaction."""
        with self._seam("the change cannot be committed"), in_doubt(self._con, self.uri):
            self._con.commit()

    def close(self) -> None:
        """Roll back what was not committed."""
        self._con.close()
        if self._duck is not None:
            self._duck.close()
            self._duck = None


def _typed(column: str, kind: str) -> str:
    name = quoted(column)
    plain = kind.partition("(")[0].strip()
    if plain.startswith("timestamp"):
        plain = "timestamp with time zone" if "with time zone" in kind else "timestamp without time zone"
    wanted = _READ_AS.get(plain)
    if wanted is None:
        return name
    return f"CAST({name} AS {wanted}) AS {name}"
