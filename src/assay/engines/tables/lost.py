"""A server that is lost while it commits: nobody here knows whether it did."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from assay.engines.tables.seam import first_line
from assay.kernel.errors import InDoubt


@contextlib.contextmanager
def in_doubt(connection: Any, where: str) -> Iterator[None]:
    """InDoubt where a psycopg connection breaks within; any other error is the server's own answer, and goes on."""
    import psycopg

    try:
        yield
    except psycopg.OperationalError as error:
        if not connection.broken:
            raise
        raise InDoubt(
            f"the server was lost while it committed, so it went in whole or not at all: {first_line(error)}",
            where=where,
            remedy="once it is back run this again, which finds out",
        ) from None
