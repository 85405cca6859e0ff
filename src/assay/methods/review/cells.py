"""The code of a notebook as one program, and where each of its lines stands.

Lines that only IPython understands are blank in the program: magics, shell commands, help. Source: the documentation of nbformat 4.
"""

from __future__ import annotations

import ast
import io
import json
import re
from dataclasses import dataclass

_HELP = re.compile(r"%{0,2}[A-Za-z_*][\w.*]*\?{1,2}$")
_ASSIGNED = re.compile(r"^(\s*)([A-Za-z_][\w, \t]*)=[ \t]*[!%]")
_WHOLE = re.compile(r"^\s*%%(\w+)[ \t]*(\S*)")
_TIMED = re.compile(r"%(?:time|timeit|prun|memit|mprun|lprun)\b(?:[ \t]+-\w+(?:[ \t]+\d+)?)*[ \t]+")
_SHELLS = ("bash", "sh")
_OTHERS = (
    "html",
    "HTML",
    "javascript",
    "js",
    "latex",
    "markdown",
    "svg",
    "SVG",
    "perl",
    "ruby",
    "sql",
    "bigquery",
    "R",
    "cmd",
    "powershell",
)
MOST_CELLS = 20_000
_BEGINS, _GOES_ON = "begins", "goes on"
_PIECE = re.compile(  # a text that nothing closes ends with its line, so that none is gone over twice
    r"\"{3}|'{3}|\"(?:[^\"\\]|\\.)*(?:\"|\\?$)|'(?:[^'\\]|\\.)*(?:'|\\?$)|#.*|[()\[\]{}]"
)
_CLOSES = {
    quote: re.compile(rf"(?:[^\\{quote[0]}]|\\.|{quote[0]}(?!{quote[1:]}))*{quote}")
    for quote in ('"""', "'''")
}


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
        rows = [row.rstrip("\n") for row in io.StringIO(content, newline=None)]
        whole = _WHOLE.match(rows[0]) if rows else None
        foreign = whole is not None and not _is_python(whole, rows[1:])
        if whole is not None and (whole[1] in _SHELLS or (whole[1] == "script" and foreign)):
            shell += [(number, at, row) for at, row in enumerate(rows[1:], 2)]
        for at, (row, kind) in enumerate(zip(rows, _kinds(rows), strict=True), 1):
            places.append((number, at))
            if kind and not foreign and (handed := _handed(row) if kind == _BEGINS else row):
                shell.append((number, at, handed))
            if foreign or kind == _GOES_ON:
                lines.append("")
            elif kind and (found := _ASSIGNED.match(row)):
                lines.append(f"{found[1]}{found[2].rstrip()} = None")
            elif kind:
                indent = row[: len(row) - len(row.lstrip())]
                code = _timed(row.strip())
                lines.append(f"{indent}{code}" if code else f"{indent}pass" if indent else "")
            else:
                lines.append(row)
    return Cells("\n".join(lines) + "\n", tuple(places), tuple(shell))


def _kinds(rows: list[str]) -> list[str]:
    """Return of each line whether it begins what only IPython understands, goes on with that, or neither.

    Within brackets, in a text of several lines and behind a backslash nothing begins: ``% name`` there is Python's own.
    """
    out: list[str] = []
    inside, quote, goes_on = 0, "", False
    for row in rows:
        own = not (inside or quote or goes_on) and (bool(_ASSIGNED.match(row)) or _is_special(row.strip()))
        if own or (goes_on and out and out[-1]):
            out.append(_BEGINS if own else _GOES_ON)
        else:
            out.append("")
            inside, quote = _after(row, inside, quote)
        goes_on = row.endswith("\\") and not quote
    return out


def _after(row: str, inside: int, quote: str) -> tuple[int, str]:
    """Return how many brackets are open after a line, and which quote of a text of several lines."""
    at = 0
    while at < len(row):
        if quote:
            found = _CLOSES[quote].match(row, at)
            if found is None:
                return inside, quote
            quote, at = "", found.end()
        elif (found := _PIECE.search(row, at)) is None:
            break
        else:
            at, piece = found.end(), found.group()
            if piece in _CLOSES:
                quote = piece
            else:
                inside += (piece in "([{") - (piece in ")]}") if len(piece) == 1 else 0
    return max(0, inside), quote


def _handed(row: str) -> str:
    """Return what a line hands to a shell: ``!ls``, ``files = !ls``, ``%sx ls``; empty where nothing."""
    found = _ASSIGNED.match(row)
    text = row[found.end() - 1 :] if found else row.lstrip()
    if text.startswith("!"):
        return text.lstrip("!")
    return text.partition(" ")[2] if text.startswith(("%sx ", "%system ", "%%sx ")) else ""


def _is_special(row: str) -> bool:
    """Whether a line is one that only IPython understands: a magic, a shell command, a question for help."""
    return row[:1] in ("%", "!", "?") or (row.endswith("?") and _HELP.match(row) is not None)


def _timed(row: str) -> str:
    """Return the Python that a line has timed, empty where it holds none."""
    found = _TIMED.match(row)
    return row[found.end() :] if found and _parses(row[found.end() :]) else ""


def _is_python(magic: re.Match[str], rows: list[str]) -> bool:
    """Whether a cell that begins with a magic holds Python; of one that is not known, whether it can be read as that."""
    if magic[1] == "script":
        return magic[2].rpartition("/")[2].startswith(("python", "pypy"))
    if magic[1] in (*_SHELLS, *_OTHERS):
        return False
    return _parses("\n".join(r for r, kind in zip(rows, _kinds(rows), strict=True) if not kind))


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
