"""Names and values as SQL writes them."""

# ruff: noqa: S608 - SQL is made here of quoted names
from __future__ import annotations

from collections.abc import Sequence


def quoted(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal; one with a NUL character, which would end the query, as an expression."""
    if "\0" in text:
        return "(" + " || chr(0) || ".join(map(literal, text.split("\0"))) + ")"
    return "'" + text.replace("'", "''") + "'"


def keys(source: str, columns: Sequence[str], *, distinct: bool) -> str:
    """Return the query of these columns of a relation as k0, k1, …; distinct: each row once, those without a gap alone."""
    names = [quoted(c) for c in columns]
    chosen = ", ".join(f"{n} AS k{k}" for k, n in enumerate(names))
    query = f"SELECT {'DISTINCT ' if distinct else ''}{chosen} FROM {source}"
    return query + (f" WHERE {' AND '.join(f'{n} IS NOT NULL' for n in names)}" if distinct else "")
