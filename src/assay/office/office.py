"""The office: one database whose every change is an event of the ledger, in the same transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from assay.kernel.errors import Broken, Refused
from assay.office import checkpoint, schema
from assay.office.database import connect
from assay.office.outside import Outside
from assay.office.transaction import SEE, Tx

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from assay.office.edge import Edge

__all__ = ["Keyring", "Office", "Tx", "Unreadable"]

_PG_LOCK = 0x6173_7361  # one advisory lock orders the writers


class Keyring(Protocol):
    """What the office signs with."""

    def sign_ed25519(self, data: bytes) -> bytes:
        """Sign with the log's key."""

    def sign_p256(self, data: bytes) -> bytes:
        """Sign with the hallmark's key."""

    def public_pem(self, name: str) -> bytes:
        """Return a public key, ``ledger`` or ``hallmark``, as PEM."""

    def public_raw(self) -> bytes:
        """Return the log's public key as bytes."""


class Unreadable(Broken):
    """A database that does not give back what was written into it."""


def _damage(error: Exception) -> bool:
    """Whether a database was changed or cut, and not merely out of reach."""
    said = getattr(error, "orig", error)
    return not isinstance(error, sa.exc.DBAPIError) or (
        isinstance(said, sqlite3.DatabaseError) and not isinstance(said, sqlite3.OperationalError)
    )


class Office:
    """An opened office. Transactions open only here, for milliseconds; none where its folder cannot be written."""

    past = False  # whether it answers for a moment that is gone

    def __init__(
        self, engine: Engine, keyring: Keyring, outside: Outside, clock: Callable[[], str], origin: str
    ) -> None:
        self.engine, self.keyring, self.outside = engine, keyring, outside
        self.clock, self.origin = clock, origin
        self._signed: tuple[str, Edge] | None = None  # the checkpoint that was signed here last, and of what

    @classmethod
    def open(
        cls, database_url: str, *, keyring: Keyring, checkpoints: Path, clock: Callable[[], str], origin: str
    ) -> Office:
        """Open an office, made if need be; Refused when a newer Assay wrote it."""
        outside = Outside(checkpoints)
        database = connect(database_url, readonly=outside.readonly)
        office = cls(database, keyring, outside, clock, origin)
        try:
            with office.outside.locked():
                office._prepare()
                if not outside.readonly:
                    office._settle()
        except (sa.exc.DBAPIError, UnicodeDecodeError) as error:  # SQLite's word may quote the damage
            said = str(getattr(error, "orig", "its bytes are damaged"))[:200]
            where = office.engine.url.render_as_string()
            full = outside.full()  # SQLite says of a full disk that it can be neither read nor written
            kind = Unreadable if not full and _damage(error) else Broken
            raise kind(
                f"the office's database cannot be opened: {'its disk is full' if full else said}",
                where=where,
                remedy="make room, and try again"
                if full
                else "restore it from a backup, or see `assay doctor`",
            ) from error
        return office

    def _prepare(self) -> None:
        with self.engine.connect() as connection:
            there = set(sa.inspect(connection).get_table_names())
            if "about" not in there:
                if (
                    self.outside.read("latest") is not None
                ):  # never made anew in silence: its log was not empty
                    raise Unreadable(
                        "the office's database is empty or gone, and a signed checkpoint of it is kept beside it",
                        where=self.engine.url.render_as_string(),
                        remedy="restore the whole home from one backup",
                    )
                self._writable()
                connection.rollback()
                self._create(connection)
        said = self.about("schema")
        if not isinstance(said, str) or not said.isascii() or not said.isdigit():
            raise Unreadable(
                "the office's database does not say of which version it is",
                where=self.engine.url.render_as_string(),
                remedy="restore it from a backup",
            )
        found = int(said)
        if found > schema.VERSION:
            raise Refused(
                f"the office was written by a newer Assay (schema {found}; this one reads {schema.VERSION})",
                remedy="upgrade Assay",
            )
        lost = sorted(schema.metadata.tables.keys() - there) if "about" in there else []
        if lost:
            raise Unreadable(
                f"the office has no table {', '.join(lost)}",
                where=self.engine.url.render_as_string(),
                remedy="restore it from a backup; a home of an unreleased Assay is made anew with `assay init`",
            )
        self._ours(self.about("origin") or self.origin)

    def _ours(self, origin: str) -> None:
        """Take over whose office the database says it is; Refused where that is another home, which has its keys."""
        stranger = (
            origin != self.origin and self.outside.read("latest") is self.outside.read("pending") is None
        )
        if stranger and self.about("checkpoint") is not None:
            raise Refused(
                f"the database is the office of another home, {origin.removeprefix('assay/')}",
                where=self.engine.url.render_as_string(),
                remedy="share that home's folder and name it in ASSAY_HOME, or name a database of its own",
            )
        self.origin = origin

    def _create(self, connection: Connection) -> None:
        """Make the tables, all or none: a half-made office could not be told from a damaged one."""
        try:
            self._begin(connection)
            if not sa.inspect(connection).has_table("about"):  # another may have been quicker
                schema.metadata.create_all(connection)
                values = [
                    {"name": "schema", "value": str(schema.VERSION)},
                    {"name": "origin", "value": self.origin},
                ]
                connection.execute(sa.insert(schema.about), values)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise

    def _settle(self) -> None:
        """After a crash: did the commit that was announced happen?

        What was announced takes the copy's place only where it is newer: an older one was put there by somebody.
        """
        pending = self.outside.read("pending")
        if pending is None:
            return
        if pending == self.about("checkpoint") and self._newer(pending):
            self.outside.promote()
        else:
            self.outside.forget()

    def _newer(self, note: str) -> bool:
        """Whether a checkpoint, signed by this office, is of a longer log than the copy that lies outside."""
        latest = self.outside.read("latest")
        new, old = checkpoint.of(self, note), checkpoint.of(self, latest)
        return new is not None and (latest is None or (old is not None and new.size > old.size))

    def about(self, name: str) -> str | None:
        """Return a fact of the office: schema, origin, checkpoint."""
        with self.engine.connect() as connection:
            query = sa.select(schema.about.c.value).where(schema.about.c.name == name)
            return connection.execute(query).scalar()

    def close(self) -> None:
        """Close the database."""
        self.engine.dispose()

    def rows(self, query: Any) -> list[Any]:
        """Return the rows of a query; Broken where the database cannot be read."""
        try:
            with self.engine.connect() as connection:
                return list(connection.execute(query))
        except sa.exc.DBAPIError as error:
            raise Unreadable(
                f"the office's database cannot be read: {str(error.orig)[:200]}", remedy=SEE
            ) from error

    def pruned(self, table: str) -> int:
        """Return of how many rows of a table nothing is answered, because their state was pruned: of none, as they are now."""
        return 0

    def batches(self, query: Any, size: int = 10_000) -> Iterator[list[Any]]:
        """Give the rows of a query in batches, as they are read; Broken where the database cannot be read."""
        try:
            with self.engine.connect() as connection:
                found = connection.execution_options(yield_per=size).execute(query)
                yield from (list(part) for part in found.partitions())
        except sa.exc.DBAPIError as error:
            raise Unreadable(
                f"the office's database cannot be read: {str(error.orig)[:200]}", remedy=SEE
            ) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Tx]:
        """Give a transaction: its rows, events and checkpoint are kept together, or not at all."""
        self._writable()
        with self.outside.locked(), self.engine.connect() as connection:
            try:
                self._settle()
                self._begin(connection)
                tx = Tx(self, connection, self._signed)
                yield tx
                note = tx.finish()
                if note is None:
                    connection.commit()
                    return
                self.outside.announce(note)
                connection.commit()
                self._signed = note, tx.edge
            except BaseException as error:
                connection.rollback()
                if isinstance(error, sa.exc.DBAPIError):
                    said = str(error.orig)[:200]
                    if self.outside.full():
                        remedy = "make room, and try again"
                    elif _damage(error):
                        raise Unreadable(f"the office's database is damaged: {said}", remedy=SEE) from error
                    else:
                        remedy = ""
                    raise Broken(f"the office could not write: {said}", remedy=remedy) from error
                raise
            self.outside.promote()

    def _writable(self) -> None:
        if self.outside.readonly:
            raise Refused(
                "this home can be read and not written, so nothing is recorded in it",
                where=str(self.outside.folder.parent),
                remedy="look and verify here; to go on, copy the home to where it may be written",
            )

    def _begin(self, connection: Connection) -> None:
        if self.engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": _PG_LOCK})
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
