"""Leases: of all servers that share a database, just one does a thing for now, and another goes on when it is gone.

A lease is held for seconds and renewed; whoever is killed renews no more. What a lease guards must be safe to repeat, since
a server that was stopped and goes on does not know at once that its lease is another's: ``Lease.held`` says so.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from assay.kernel.errors import Broken
from assay.office import schema

if TYPE_CHECKING:
    from assay.office.office import Office

SECONDS = 30.0


@dataclass(slots=True)
class Lease:
    """A lease that is held. holder: a name of its own for each time that it is taken."""

    name: str
    holder: str
    seconds: float = SECONDS
    lost: threading.Event = field(default_factory=threading.Event)

    @property
    def held(self) -> bool:
        """Whether it is still ours, as far as its latest renewal says."""
        return not self.lost.is_set()


def take(office: Office, name: str, holder: str, seconds: float = SECONDS) -> bool:
    """Take a lease that is free, has run out, or is the holder's own; whether it is the holder's now."""
    table = schema.leases
    dialect: Any = postgresql if office.engine.dialect.name == "postgresql" else sqlite
    now = _now(office)
    insert = dialect.insert(table).values(name=name, holder=holder, until=now + seconds)
    free = sa.or_(table.c.until < now, table.c.holder == holder)
    claimed = insert.on_conflict_do_update(
        index_elements=["name"], set_={"holder": holder, "until": now + seconds}, where=free
    )
    return _done(office, claimed.returning(table.c.name))


def taken(office: Office, name: str) -> bool:
    """Whether anybody holds a lease now."""
    table = schema.leases.c
    return bool(office.rows(sa.select(table.name).where(table.name == name, table.until >= _now(office))))


def release(office: Office, name: str, holder: str) -> None:
    """Give a lease back; nothing happens where it is another's by now."""
    table = schema.leases
    gone = sa.delete(table).where(table.c.name == name, table.c.holder == holder)
    _done(office, gone.returning(table.c.name))


@contextlib.contextmanager
def leased(office: Office, name: str, seconds: float = SECONDS) -> Iterator[Lease | None]:
    """Hold a lease for the block, renewed by a thread of its own; None where another holds it."""
    lease = Lease(name, secrets.token_hex(8), seconds)
    if not take(office, name, lease.holder, seconds):
        yield None
        return
    over = threading.Event()
    thread = threading.Thread(target=_renew, args=(office, lease, over), name=f"lease {name}", daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        over.set()
        thread.join()
        with contextlib.suppress(Broken):  # it runs out by itself
            release(office, name, lease.holder)


def _now(office: Office) -> Any:
    """Return the time: servers whose clocks differ agree on their database's."""
    if office.engine.dialect.name == "postgresql":
        return sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Float)
    return sa.literal(time.time())


def _renew(office: Office, lease: Lease, over: threading.Event) -> None:
    good = time.monotonic()
    while not over.wait(lease.seconds / 3):
        try:
            if not take(office, lease.name, lease.holder, lease.seconds):
                lease.lost.set()
                return
            good = time.monotonic()
        except Broken:  # the database is away: ours until it would have run out
            if time.monotonic() - good > lease.seconds:
                lease.lost.set()
                return


def _done(office: Office, statement: Any) -> bool:
    """Whether a statement that returns the rows it wrote wrote one."""
    try:
        with office.engine.begin() as connection:
            return bool(connection.execute(statement).fetchall())
    except sa.exc.DBAPIError as error:
        raise Broken(f"the office could not write: {str(error.orig)[:200]}") from error
