"""One place in a program that a rule names, and the edit that would mend it."""

from __future__ import annotations

import ast
import difflib
import io
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from assay.kernel.severity import Severity


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters ``begin`` to ``end`` of the file's text become ``text``."""

    begin: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Spot:
    """rule: its name within the check. line, column: from 1. code: what stands there, on one line. cwe: empty where none is meant."""

    rule: str
    severity: Severity
    message: str
    line: int
    remedy: str
    cwe: str
    column: int = 1
    code: str = ""
    edits: tuple[Edit, ...] = ()


@lru_cache(maxsize=2)
def rows(text: str) -> tuple[str, ...]:
    """Return the lines of a text as a syntax tree counts them, each with what ends it: form feeds and U+2028 end none."""
    return tuple(io.StringIO(text, newline=""))


@lru_cache(maxsize=2)
def _begins(text: str) -> tuple[int, ...]:
    return (0, *itertools.accumulate(map(len, rows(text))))


def offset(text: str, line: int, column: int) -> int:
    """Return where a place of a syntax tree (line from 1, column in bytes of UTF-8 from 0) is in the text."""
    held = rows(text)[line - 1]
    inside = (
        column if held.isascii() else len(held.encode("utf-8", "replace")[:column].decode("utf-8", "ignore"))
    )
    return _begins(text)[line - 1] + inside


def last_argument(text: str, call: ast.Call) -> Edit | None:
    """Return the empty edit at the place where one more named argument of a call goes; None where it cannot be told."""
    if call.end_lineno is None or call.end_col_offset is None:
        return None
    end = offset(text, call.end_lineno, call.end_col_offset) - 1
    return Edit(end, end, "") if 0 <= end < len(text) and text[end] == ")" else None


def with_arguments(text: str, call: ast.Call, arguments: Iterable[str]) -> tuple[Edit, ...]:
    """Return the edit that hands a call further named arguments, in the style in which it is written."""
    place = last_argument(text, call)
    if place is None:
        return ()
    wanted = list(arguments)
    given = [*call.args, *(k.value for k in call.keywords)]
    if len(given) == 1 and isinstance(given[0], ast.GeneratorExp):
        return ()  # it may stand without brackets of its own only where it stands alone
    if not given:
        return (Edit(place.begin, place.end, ", ".join(wanted)),)
    last = max(given, key=lambda n: (n.end_lineno or 0, n.end_col_offset or 0))
    after = offset(text, last.end_lineno or 1, last.end_col_offset or 0)
    between = re.sub(r"#[^\n]*", lambda m: " " * len(m.group()), text[after : place.begin])
    closed = between.rfind(")") + 1  # of brackets that the last argument itself stands in
    after, between = after + closed, between[closed:]
    comma = between.find(",")
    first = (Edit(after, after, ","),) if comma < 0 else ()
    if "\n" not in between:
        if comma >= 0:
            return (
                Edit(place.begin, place.end, f"{'' if between.endswith(' ') else ' '}{', '.join(wanted)}"),
            )
        return (Edit(place.begin, place.end, f", {', '.join(wanted)}"),)
    begun = max([*(n.lineno for n in call.args), *(k.lineno for k in call.keywords)])
    line = rows(text)[begun - 1].rstrip("\r\n")
    pad = " " * (len(line) - len(line.lstrip()) + (4 if begun == call.lineno else 0))
    at = text.rindex("\n", after, place.begin)
    return (*first, Edit(at, at, "".join(f"\n{pad}{one}," for one in wanted)))


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with edits made, the first of those that overlap."""
    out, at = [], 0
    for one in sorted(edits, key=lambda e: (e.begin, e.end)):
        if one.begin < at:
            continue
        out += [text[at : one.begin], one.text]
        at = one.end
    return "".join([*out, text[at:]])


def patch(name: str, text: str, edits: Iterable[Edit]) -> str:
    """Return what edits change as a unified diff that ``git apply`` and ``patch -p1`` take; empty where nothing changes."""
    new = edited(text, edits)
    if new == text:
        return ""
    before, after = rows(text), rows(new)
    out = []
    for line in difflib.unified_diff(before, after, f"a/{name}", f"b/{name}"):
        out.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(out)
