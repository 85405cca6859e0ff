"""JSON lines into DuckDB; a line that is no object is told as kept out."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import codecs
import json
import re
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tables.delimited import header_findings
from assay.engines.tables.dialect import MOST_COLUMNS
from assay.engines.tables.seam import first_line, seam
from assay.engines.tables.text import LONGEST, Lines, ready
from assay.kernel.errors import BadInput
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.methods.sqltext import literal, quoted

if TYPE_CHECKING:
    import duckdb

DEEPEST = 64
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.S)
_BRACKET = re.compile(rb"[\[\]{}]")
_LONG = re.compile(rb"\d{19}")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def load(con: duckdb.DuckDBPyConnection, path: Path, into: str, scratch: Path) -> list[Finding]:
    """Read one file into the table ``into`` and return what was met on the way."""
    import duckdb

    lines, problems = ready(path, scratch, named=False)
    bad: list[int] = []
    with seam(str(path)):
        shallow, long = _looked_at(lines.path)
        done = False
        if shallow:  # the native reader follows any depth, down to the end of its stack
            try:
                _read(con, lines.path, into)
                done = _faithful(con, lines, into)
            except duckdb.Error:
                pass
        if not done:
            clean, bad, kept = _sorted_out(lines.path, scratch)
            if not kept:
                raise BadInput(
                    "no line holds a JSON object", where=str(path), remedy="one object a line is read"
                )
            try:
                _read(con, clean, into)
            except duckdb.OutOfMemoryException:
                raise
            except duckdb.Error as error:
                raise BadInput(f"the lines do not go together: {_said(error)}", where=str(path)) from error
            lines = replace(lines, path=clean)
        problems += _plain_columns(con, lines.path, into, long)
    if bad:
        problems.append(
            Finding(
                "table.rejected_rows",
                Severity.MEDIUM,
                f"{len(bad)} {'line is' if len(bad) == 1 else 'lines are'} no plain JSON object and kept out "
                f"(line {', '.join(map(str, bad[:5]))}{', …' if len(bad) > 5 else ''}).",
                {"line": bad[0], "lines": bad[:10]},
                "write one JSON object a line, each name in it once",
                count=len(bad),
            )
        )
    return problems


def _said(error: Exception) -> str:
    """Return what the reader said, without the name of our copy and its options."""
    text = first_line(error)
    found = re.search(r'Duplicate name "(.{1,80}?)" in struct', text)
    if found:
        return f"the name {found[1]!r} comes twice in one nested object, in different case"
    if "non-record" in text:
        return "the objects hold no name at all"
    return re.sub(r' in file "[^"]*"', "", text)


def _read(con: duckdb.DuckDBPyConnection, path: Path, into: str) -> None:
    con.execute(
        f"CREATE OR REPLACE TABLE {into} AS SELECT * FROM read_json({literal(str(path))}, sample_size = -1, "
        f"maximum_depth = 8, convert_strings_to_integers = false, map_inference_threshold = -1, {_HOW})"
    )


_HOW = (
    "format = 'newline_delimited', records = true, compression = 'uncompressed', dateformat = '%Y-%m-%d', "
    f"maximum_object_size = {2 * LONGEST}"
)


def _plain_columns(con: duckdb.DuckDBPyConnection, path: Path, into: str, long: bool) -> list[Finding]:
    """Make text of columns that mix kinds, and of whole numbers that no number of 64 bits holds to the last digit."""
    kinds = {str(name): str(kind) for name, kind, *_ in con.execute(f"DESCRIBE {into}").fetchall()}
    if len(kinds) > MOST_COLUMNS:
        raise BadInput(
            f"{len(kinds)} columns are more than the {MOST_COLUMNS} that are read", where=str(path)
        )
    problems = []
    for name, kind in kinds.items():
        if kind == "JSON":
            column = quoted(name)
            con.execute(
                f"ALTER TABLE {into} ALTER {column} TYPE VARCHAR USING "
                f"CASE json_type({column}) WHEN 'VARCHAR' THEN {column} ->> '$' ELSE CAST({column} AS VARCHAR) END"
            )
            problems.append(
                Finding(
                    "table.mixed_types",
                    Severity.LOW,
                    f"Column {name[:80]!r} mixes values of several types; it is read as text.",
                    {"column": name},
                    "keep one type in a column",
                )
            )
    doubtful = [name for name, kind in kinds.items() if kind == "DOUBLE"] if long else []
    if doubtful:
        _digits_kept(con, path, into, doubtful)
    lower = {name.lower(): name for name in kinds}
    cased = [(n, n.rpartition("_")[0]) for n in kinds if re.search(r"_\d+$", n) and n.rpartition("_")[0]]
    twins = [(old, new) for new, old in cased if lower.get(old.lower(), old) != old]
    return problems + header_findings(twins)


def _digits_kept(con: duckdb.DuckDBPyConnection, path: Path, into: str, doubtful: list[str]) -> None:
    """Read columns again whose whole numbers may have lost digits, and keep those as text that did."""
    columns = ", ".join(f"{literal(n)}: 'VARCHAR'" for n in doubtful)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE written AS SELECT * FROM read_json({literal(str(path))}, "
        f"columns = {{{columns}}}, {_HOW})"
    )
    tests = ", ".join(f"bool_or(regexp_full_match({quoted(n)}, '-?\\d{{19,}}'))" for n in doubtful)
    lost = con.execute(f"SELECT {tests} FROM written").fetchone() or ()
    chosen = [quoted(n) for n, found in zip(doubtful, lost, strict=True) if found]
    if chosen:
        swapped = ", ".join(f"w.{n} AS {n}" for n in chosen)
        con.execute(
            f"CREATE OR REPLACE TABLE {into} AS SELECT t.* REPLACE ({swapped}) FROM {into} t POSITIONAL JOIN written w"
        )
    con.execute("DROP TABLE written")


def _faithful(con: duckdb.DuckDBPyConnection, lines: Lines, into: str) -> bool:
    """Whether each line that is not empty became a row."""
    found = con.execute(f"SELECT count(*) FROM {into}").fetchone()
    return found is not None and int(found[0]) == lines.lines - lines.blank


def _sorted_out(path: Path, scratch: Path) -> tuple[Path, list[int], int]:
    """Copy the lines that are JSON objects; return the numbers of the others and the count of those kept."""
    target, bad, kept = scratch / f"json-{uuid.uuid4().hex[:12]}", [], 0
    with path.open("rb") as opened, target.open("wb") as out:
        for number, line in enumerate(opened, 1):
            line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if not line.strip():
                continue
            if _is_object(line):
                out.write(line.rstrip(b"\r\n") + b"\n")
                kept += 1
            else:
                bad.append(number)
    return target, bad, kept


def _is_object(line: bytes) -> bool:
    """Whether a line is an object that every reader takes alike: no name twice, no half of a character."""
    if _depth(line) > DEEPEST:
        return False
    try:
        found = json.loads(line.decode(), object_pairs_hook=_once)
        if _SURROGATE.search(line):
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name comes twice")
    return made


def _looked_at(path: Path) -> tuple[bool, bool]:
    """Return whether no line nests deeper than is read, and whether a number may be longer than 64 bits hold."""
    long = False
    with path.open("rb") as opened:
        for line in opened:
            if _depth(line) > DEEPEST:
                return False, True
            long = long or _LONG.search(line) is not None
    return True, long


def _depth(line: bytes) -> int:
    """Return how deep a line nests: 0 where it has too few brackets to matter."""
    if line.count(b"[") + line.count(b"{") <= DEEPEST:
        return 0
    deepest = depth = 0
    for bracket in _BRACKET.findall(_TEXT.sub(b"", line)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
