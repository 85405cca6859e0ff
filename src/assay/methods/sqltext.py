"""Names and values as SQL writes them."""

from __future__ import annotations


def quoted(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal; one with a NUL character, which would end the query, as an expression."""
    if "\0" in text:
        return "(" + " || chr(0) || ".join(map(literal, text.split("\0"))) + ")"
    return "'" + text.replace("'", "''") + "'"
