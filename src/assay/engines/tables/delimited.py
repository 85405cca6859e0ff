"""CSV and its kin into DuckDB: every line becomes a row or is told as kept out, and no value loses a digit."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assay.engines.tables.dialect import MOST_COLUMNS, Dialect, named, sniff, tests
from assay.engines.tables.seam import seam
from assay.engines.tables.text import LONGEST, Lines, ready
from assay.kernel.errors import BadInput
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.methods.sqltext import literal, quoted

if TYPE_CHECKING:
    import duckdb

HEAD = 2 << 20  # how much is looked at to tell the dialect
_AT_ONCE = 200  # columns tested in one question


def load(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    into: str,
    scratch: Path,
    *,
    tab: bool = False,
    texts: bool = False,
) -> list[Finding]:
    """Read one file into the table ``into`` and return what was met on the way. texts: every column stays text."""
    where = str(path)
    lines, problems = ready(path, scratch, named=True)
    text, whole = _head(lines.path, where)
    try:
        dialect = sniff(text, whole=whole, delimiter="\t" if tab else "")
    except ValueError as error:
        raise BadInput(str(error), where=where, remedy="the first line names the columns") from None
    if len(dialect.header) > MOST_COLUMNS:
        raise BadInput(
            f"{len(dialect.header)} columns are more than the {MOST_COLUMNS} that are read", where=where
        )
    names, renamed, empty = named(dialect.header)
    problems += header_findings(renamed, empty) + _headless(dialect)
    raw = f"{into}_raw"
    with seam(where):
        _read(con, lines, dialect, names, raw)
        rejected = _rejected(con)
        problems += rejected
        kept = _count(con, raw)
        problems += _unaccounted(con, lines, raw, names, kept, rejected, text, len(dialect.header))
        if not kept and any(f.rule == "table.ragged_rows" for f in rejected):
            raise BadInput(
                f"no row has the {len(names)} columns of the header",
                where=where,
                remedy="look at its delimiter and its first line",
            )
        typed(con, raw, into, names, [()] * len(names) if texts else dialect.candidates)
        con.execute(f"DROP TABLE IF EXISTS {raw}")
    return problems


def _head(path: Path, where: str) -> tuple[str, bool]:
    with path.open("rb") as opened:
        data = opened.read(HEAD + 1)
    first = data.split(b"\n", 1)[0]
    try:
        first.decode()
    except UnicodeDecodeError as error:
        raise BadInput(
            f"the names of the columns are not UTF-8 (byte {error.start})",
            where=where,
            remedy="convert it: iconv -f latin1 -t utf-8",
        ) from None
    return data[:HEAD].decode("utf-8", "replace"), len(data) <= HEAD


def header_findings(renamed: Sequence[tuple[str, str]], empty: int = 0) -> list[Finding]:
    """Return the findings of a header whose names were not all there, or not all different."""
    out = [
        Finding(
            "table.duplicate_columns",
            Severity.LOW,
            f"The name {old[:80]!r} comes more than once; the later column is called {new[:80]!r} here.",
            {"column": new},
            "give each column a name of its own",
        )
        for old, new in renamed[:20]
    ]
    if len(renamed) > 20:
        out.append(
            Finding(
                "table.duplicate_columns",
                Severity.LOW,
                f"{len(renamed) - 20} more columns carry a name that comes again.",
                count=len(renamed) - 20,
            )
        )
    if empty:
        out.append(
            Finding(
                "table.unnamed_columns",
                Severity.LOW,
                f"{empty} {'column has' if empty == 1 else 'columns have'} no name.",
                remedy="name each column in the first line",
                count=empty,
            )
        )
    return out


def _headless(dialect: Dialect) -> list[Finding]:
    def number(text: str) -> bool:
        try:
            float(text)
        except ValueError:
            return False
        return True

    if not all(number(name) for name in dialect.header):
        return []
    return [
        Finding(
            "table.no_header",
            Severity.LOW,
            "The first line holds only numbers, and was taken for the names of the columns.",
            remedy="write the names of the columns into the first line",
        )
    ]


def _read(
    con: duckdb.DuckDBPyConnection, lines: Lines, dialect: Dialect, names: Sequence[str], raw: str
) -> None:
    columns = ", ".join(f"{literal(n)}: 'VARCHAR'" for n in names)
    for table in ("reject_errors", "reject_scans"):
        con.execute(f"DROP TABLE IF EXISTS {table}")
    con.execute(
        f"CREATE OR REPLACE TABLE {raw} AS SELECT * FROM read_csv({literal(str(lines.path))}, "
        f"auto_detect = false, header = true, columns = {{{columns}}}, delim = {literal(dialect.delimiter)}, "
        "quote = '\"', escape = '\"', comment = '', nullstr = '', compression = 'none', "
        f"max_line_size = {2 * LONGEST}, store_rejects = true)"
    )


_RULES = {
    "MISSING COLUMNS": ("table.ragged_rows", "fewer columns than the header"),
    "TOO MANY COLUMNS": ("table.ragged_rows", "more columns than the header"),
    "INVALID ENCODING": ("table.encoding", "bytes that are not UTF-8"),
    "UNQUOTED VALUE": ("table.rejected_rows", "a quotation mark that is not closed"),
    "LINE SIZE OVER MAXIMUM": ("table.rejected_rows", f"more than {LONGEST >> 20} MB"),
}
_REMEDIES = {
    "table.ragged_rows": "look for a delimiter inside a value that is not quoted",
    "table.encoding": "convert the file: iconv -f latin1 -t utf-8",
    "table.rejected_rows": "close the quotation mark, or double the one inside the value",
}


def _rejected(con: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Return a finding for each kind of row that was kept out."""
    found = con.execute(
        """SELECT kind, count(*), list(line ORDER BY line)[1:10], min(start) FROM (
             SELECT line, min(byte_position) AS start, min(CAST(error_type AS VARCHAR)) AS kind
             FROM reject_errors GROUP BY line) GROUP BY kind ORDER BY kind"""
    ).fetchall()
    out = []
    for kind, count, at, start in found:
        rule, why = _RULES.get(kind, ("table.rejected_rows", f"the reader says: {kind.lower()}"))
        shown = ", ".join(str(line) for line in at[:5]) + (", …" if count > 5 else "")
        out.append(
            Finding(
                rule,
                Severity.MEDIUM,
                f"{count} {'row has' if count == 1 else 'rows have'} {why} and {'is' if count == 1 else 'are'} "
                f"kept out (line {shown}).",
                {"line": at[0], "lines": at, "offset": max(0, (start or 1) - 1), "kind": kind.lower()},
                _REMEDIES[rule],
                count=count,
            )
        )
    return out


def _unaccounted(
    con: duckdb.DuckDBPyConnection,
    lines: Lines,
    raw: str,
    names: Sequence[str],
    kept: int,
    rejected: Sequence[Finding],
    text: str,
    width: int,
) -> list[Finding]:
    """Hold the count of rows against the count of lines: a line the reader passed over is told too."""
    inside = 0
    if lines.quotes:
        feeds = ", ".join(f"length({quoted(n)}) - length(replace({quoted(n)}, chr(10), ''))" for n in names)
        got = con.execute(f"SELECT COALESCE(sum(list_sum([{feeds}])), 0) FROM {raw}").fetchone()
        inside = int(got[0]) if got else 0
        text = text.removeprefix("\ufeff")
        inside += _feeds_in_header(text)
    blank = (
        0 if width == 1 else lines.blank
    )  # in a table of one column an empty line is a row without a value
    missing = lines.lines - 1 - kept - inside - blank - sum(f.count for f in rejected)
    if missing <= 0:
        return []
    return [
        Finding(
            "table.rejected_rows",
            Severity.MEDIUM,
            f"{missing} {'line' if missing == 1 else 'lines'} could not be read as rows and "
            f"{'is' if missing == 1 else 'are'} kept out.",
            {"kind": "unaccounted"},
            "look for a quotation mark that is not closed",
            count=missing,
        )
    ]


def _feeds_in_header(text: str) -> int:
    """Count line ends inside the quoted names of the header."""
    inside, feeds = False, 0
    for character in text[:100_000]:
        if character == '"':
            inside = not inside
        elif character == "\n":
            if not inside:
                break
            feeds += 1
    return feeds


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    found = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(found[0]) if found else 0


def typed(
    con: duckdb.DuckDBPyConnection,
    raw: str,
    into: str,
    names: Sequence[str],
    candidates: Sequence[Sequence[str]],
) -> None:
    """Make ``into`` of ``raw``, each column of the narrowest type that all of its values allow."""
    left = {
        n: [(t, sql) for t in allowed if t != "VARCHAR" for sql in tests(quoted(n), t)]
        for n, allowed in zip(names, candidates, strict=True)
    }
    chosen = dict.fromkeys(names, "VARCHAR")
    while left := {n: ways for n, ways in left.items() if ways}:
        wanted = [(n, *ways.pop(0)) for n, ways in left.items()]  # most columns need no second question
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            answers = con.execute(f"SELECT {', '.join(sql for _, _, sql in part)} FROM {raw}").fetchone()
            for (name, kind, _), answer in zip(part, answers or (), strict=True):
                if answer:
                    chosen[name] = kind
                if answer or answer is None:  # None: not one value
                    left[name] = []
    if all(t == "VARCHAR" for t in chosen.values()):
        con.execute(f"ALTER TABLE {raw} RENAME TO {into}")
        return
    select = ", ".join(_cast(quoted(n), chosen[n]) for n in names)
    con.execute(f"CREATE OR REPLACE TABLE {into} AS SELECT {select} FROM {raw}")


def _cast(column: str, type: str) -> str:
    if type == "VARCHAR":
        return column
    value = f"(lower(trim({column})) = 'true')" if type == "BOOLEAN" else f"CAST({column} AS {type})"
    return f"{value} AS {column}"
