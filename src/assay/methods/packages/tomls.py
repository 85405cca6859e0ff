"""TOML that others wrote, read within bounds: tomllib takes n² steps, and n tables, for a name of n parts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from assay.methods.packages.package import Unreadable

_DOTS, _PARTS = 200, 5  # dots of a line, and of a name as locks have them


def loaded(content: bytes, parts: int = _PARTS) -> dict[str, Any]:
    """Return a document. parts: dots of a name. Unreadable where a name in it has more parts than any tool writes, ValueError where it is no TOML."""
    text = content.decode("utf-8")
    if any(_deep(line, parts) for line in text.splitlines()):
        raise Unreadable("a name in it has more parts than any tool writes")
    return tomllib.loads(text)


def table(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the table of a name, empty where there is none; Unreadable where it is something else."""
    found = told.get(name, {})
    if not isinstance(found, dict):
        raise Unreadable(f"its table {name!r} is none")
    return found


def _deep(line: str, parts: int) -> bool:
    bare = line.lstrip()
    if bare.startswith("#") or ("=" not in bare and not bare.startswith("[")):
        return False  # no name stands in it
    name = bare.partition("=")[0]
    return bare.count(".") > _DOTS or ('"' not in name and name.count(".") > parts)
