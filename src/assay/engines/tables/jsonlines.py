"""JSON lines into DuckDB; a line that is no object is told as kept out."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from assay.engines.tables.seam import seam
from assay.engines.tables.text import LONGEST, Lines, ready
from assay.kernel.errors import BadInput
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.methods.sqltext import literal

if TYPE_CHECKING:
    import duckdb

DEEPEST = 64
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKET = re.compile(rb"[\[\]{}]")


def load(con: duckdb.DuckDBPyConnection, path: Path, into: str, scratch: Path) -> list[Finding]:
    """Read one file into the table ``into`` and return what was met on the way."""
    import duckdb

    lines, problems = ready(path, scratch)
    with seam(str(path)):
        if _shallow(lines.path):  # the native reader follows any depth, down to the end of its stack
            try:
                _read(con, lines.path, into)
                if _faithful(con, lines, into):
                    return problems
            except duckdb.Error:
                pass
        clean, bad, kept = _sorted_out(lines.path, scratch)
        if not kept:
            raise BadInput("no line holds a JSON object", where=str(path), remedy="one object a line is read")
        _read(con, clean, into)
    if bad:
        problems.append(
            Finding(
                "table.rejected_rows",
                Severity.MEDIUM,
                f"{len(bad)} {'line is' if len(bad) == 1 else 'lines are'} no JSON object and kept out "
                f"(line {', '.join(map(str, bad[:5]))}{', …' if len(bad) > 5 else ''}).",
                {"line": bad[0], "lines": bad[:10]},
                "write one JSON object a line",
                count=len(bad),
            )
        )
    return problems


def _read(con: duckdb.DuckDBPyConnection, path: Path, into: str) -> None:
    con.execute(
        f"CREATE OR REPLACE TABLE {into} AS SELECT * FROM read_json({literal(str(path))}, "
        "format = 'newline_delimited', records = true, sample_size = -1, maximum_depth = 8, "
        f"convert_strings_to_integers = false, maximum_object_size = {2 * LONGEST}, compression = 'uncompressed', "
        "dateformat = '%Y-%m-%d')"
    )


def _faithful(con: duckdb.DuckDBPyConnection, lines: Lines, into: str) -> bool:
    """Whether each line that is not empty became a row."""
    found = con.execute(f"SELECT count(*) FROM {into}").fetchone()
    return found is not None and int(found[0]) == lines.lines - lines.blank


def _sorted_out(path: Path, scratch: Path) -> tuple[Path, list[int], int]:
    """Copy the lines that are JSON objects; return the numbers of the others and the count of those kept."""
    target, bad, kept = scratch / f"json-{uuid.uuid4().hex[:12]}", [], 0
    with path.open("rb") as opened, target.open("wb") as out:
        for number, line in enumerate(opened, 1):
            if not line.strip():
                continue
            if _depth(line) <= DEEPEST:
                try:
                    if isinstance(json.loads(line), dict):
                        out.write(line.rstrip(b"\r\n") + b"\n")
                        kept += 1
                        continue
                except (ValueError, RecursionError):
                    pass
            bad.append(number)
    return target, bad, kept


def _shallow(path: Path) -> bool:
    with path.open("rb") as opened:
        return all(_depth(line) <= DEEPEST for line in opened)


def _depth(line: bytes) -> int:
    """Return how deep a line nests: 0 where it has too few brackets to matter."""
    if line.count(b"[") + line.count(b"{") <= DEEPEST:
        return 0
    deepest = depth = 0
    for bracket in _BRACKET.findall(_TEXT.sub(b"", line)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
