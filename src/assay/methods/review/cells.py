"""The code of a notebook as one program, and where each of its lines stands.

Lines that only IPython understands are blank in the program: magics, shell commands, help. Source: the documentation of nbformat 4.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_SPECIAL = re.compile(r"^\s*(?:[%!?]|.*\?\s*$)")
_ASSIGNED = re.compile(r"^(\s*)([A-Za-z_][\w,\s]*?)\s*=\s*[!%]")
_WHOLE = re.compile(r"^\s*%%(\w+)")
_PYTHON_CELLS = ("time", "timeit", "capture", "prun", "memit")
MOST_CELLS = 20_000


@dataclass(frozen=True, slots=True)
class Cells:
    """program: the cells in their order. places: of each of its lines the cell and the line within it, from 1. shell: what ``!`` and ``%%bash`` run, by cell and line."""

    program: str
    places: tuple[tuple[int, int], ...]
    shell: tuple[tuple[int, int, str], ...]


def cells(text: str) -> Cells:
    """Read a notebook; ValueError where it is none."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is no notebook in JSON") from None
    listed = raw.get("cells") if isinstance(raw, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_CELLS:
        raise ValueError("it is no notebook of format 4")
    lines: list[str] = []
    places: list[tuple[int, int]] = []
    shell: list[tuple[int, int, str]] = []
    for number, cell in enumerate(listed, 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", "")
        content = "".join(str(s) for s in source) if isinstance(source, list) else str(source)
        rows = content.splitlines()
        whole = _WHOLE.match(rows[0]) if rows else None
        foreign = whole is not None and whole[1] not in _PYTHON_CELLS
        if whole is not None and whole[1] in ("bash", "sh", "script"):
            shell += [(number, at, row) for at, row in enumerate(rows[1:], 2)]
        for at, row in enumerate(rows, 1):
            places.append((number, at))
            if row.lstrip().startswith("!") and not foreign:
                shell.append((number, at, row.lstrip()[1:]))
            if foreign:
                lines.append("")
            elif found := _ASSIGNED.match(row):
                lines.append(f"{found[1]}{found[2]} = None")
            elif _SPECIAL.match(row):
                indent = row[: len(row) - len(row.lstrip())]
                lines.append(f"{indent}pass" if indent else "")
            else:
                lines.append(row)
    return Cells("\n".join(lines) + "\n", tuple(places), tuple(shell))
