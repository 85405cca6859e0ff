"""Which modules a Python script imports, read and never run."""

from __future__ import annotations

import ast
import sys

_LARGEST = 1 << 20  # characters of a script


def imported(text: str) -> set[str]:
    """Return the names at the top of what a script imports, wherever in it, the standard library left out.

    Nothing where it cannot be read as Python.
    """
    if len(text) > _LARGEST:
        return set()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names)
