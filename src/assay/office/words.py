"""Rows written and read in the driver's own words, one text for each kind of statement.

SQLAlchemy takes longer to make a statement than a database to carry it out, so what every event does is said here.
"""

# ruff: noqa: S608 - SQL is made here of the names of the schema
from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_MARK = {"sqlite": "?", "postgresql": "%s"}
_MANY = 100  # rows that one statement takes: a row each costs the driver more than the database


@lru_cache(1024)
def _insert(dialect: str, table: str, columns: tuple[str, ...], rows: int) -> str:
    row = f"({', '.join([_MARK[dialect]] * len(columns))})"
    return f'INSERT INTO "{table}" ({_names(columns)}) VALUES {", ".join([row] * rows)}'


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{c}"' for c in columns)


@lru_cache(1024)
def _upsert(dialect: str, table: str, columns: tuple[str, ...], keys: int) -> str:
    grown = ", ".join(f'"{c}" = excluded."{c}"' for c in columns[keys:])
    insert = _insert(dialect, table, columns, 1)
    return f"{insert} ON CONFLICT ({_names(columns[:keys])}) DO UPDATE SET {grown}"


@lru_cache(1024)
def _select(dialect: str, table: str, column: str, keys: tuple[str, ...]) -> str:
    where = " AND ".join(f'"{k}" = {_MARK[dialect]}' for k in keys)
    return f'SELECT "{column}" FROM "{table}" WHERE {where}'


def say(connection: Connection, words: str, values: Sequence[Any] = (), *, many: bool = False) -> Any:
    """Say something to the database behind a connection, and return the driver's cursor; its errors are SQLAlchemy's.

    many: the words are said for each of the values.
    """
    cursor = connection.connection.cursor()
    try:
        (cursor.executemany if many else cursor.execute)(words, values)
    except connection.dialect.loaded_dbapi.Error as error:
        raise sa.exc.DBAPIError(words, None, error) from error
    return cursor


def insert(
    connection: Connection, table: str, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Add rows to a table."""
    dialect, width = connection.dialect.name, len(columns) * _MANY
    values = chain.from_iterable(rows)
    parts = list(iter(lambda: tuple(islice(values, width)), ()))
    last = parts.pop() if parts and len(parts[-1]) < width else ()
    if parts:
        say(connection, _insert(dialect, table, columns, _MANY), parts, many=True)
    if last:
        say(connection, _insert(dialect, table, columns, len(last) // len(columns)), last)


def upsert(
    connection: Connection, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], *, keys: int = 1
) -> None:  # fmt: skip
    """Leave rows in a table, each in place of one of the same key; the first ``keys`` columns are it."""
    say(connection, _upsert(connection.dialect.name, table, columns, keys), rows, many=True)


def one(connection: Connection, table: str, column: str, **keys: Any) -> Any:
    """Return a column of the row with these values, None where there is no such row."""
    said = _select(connection.dialect.name, table, column, tuple(keys))
    row = say(connection, said, tuple(keys.values())).fetchone()
    return None if row is None else row[0]
