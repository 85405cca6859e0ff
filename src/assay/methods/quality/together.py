"""Rules that a row obeys or breaks beside other rows, or beside another table."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names, literals and guarded expressions only
from __future__ import annotations

from collections.abc import Callable, Sequence

from assay.kernel.handles import ColumnInfo
from assay.methods.nearest import nearest
from assay.methods.quality.question import Context, Grouped, Other, Question, Settled, Unable, gone
from assay.methods.quality.rule import Rule
from assay.methods.quality.values import NUMBERS, TIMES
from assay.methods.sqltext import quoted


def _counts(columns: Sequence[str], rule: Rule, any_null: bool = False) -> str:
    """Return SQL that is true where a row counts: where ``when`` says so and its columns are not null."""
    names = [f"{quoted(c)} IS NOT NULL" for c in columns]
    parts = [f"({(' AND ' if any_null else ' OR ').join(names)})"] if rule.nulls != "fail" else []
    return " AND ".join([*([rule.when] if rule.when else []), *parts]) or "TRUE"


def unique(rule: Rule, context: Context) -> Question:
    """No value, or no combination of values, comes twice; every row of one that does breaks the rule.

    A row that is null in all the columns does not count; where ``nulls`` is fail, one null cell breaks the rule.
    """
    keys = ", ".join(map(quoted, rule.columns))
    over = _counts(rule.columns, rule, any_null=bool(rule.given.get("whole")))
    null = " OR ".join(f"{quoted(c)} IS NULL" for c in rule.columns)
    c = context.count
    again = f"{c} > 1" if rule.nulls != "fail" else f"({c} > 1 OR {null})"
    tally = (
        f"SELECT coalesce(sum({c}), 0), coalesce(sum({c}) FILTER (WHERE {again}), 0) "
        f"FROM (SELECT {keys}, count(*) AS {c} FROM {context.plain} WHERE {over} GROUP BY {keys})"
    )
    having = "count(*) > 1" if rule.nulls != "fail" else f"count(*) > 1 OR {null}"
    twice = f"SELECT {keys} FROM {context.plain} WHERE {over} GROUP BY {keys} HAVING {having}"
    same = " AND ".join(f"a.{quoted(c)} IS NOT DISTINCT FROM b.{quoted(c)}" for c in rule.columns)
    rows = (
        f"SELECT a.{context.row} FROM (SELECT * FROM {context.numbered} WHERE {over}) a "
        f"SEMI JOIN ({twice}) b ON {same} ORDER BY 1"
    )
    if context.far:  # a server numbers its rows anew for each relation, and may join nulls one by one
        counted = f"SELECT {context.row}, {keys}, count(*) OVER (PARTITION BY {keys}) AS {c}"
        inner = f"{counted} FROM {context.numbered} WHERE {over}"
        return Grouped(tally, f"SELECT {context.row} FROM ({inner}) WHERE {again} ORDER BY 1")
    plain = len(rule.columns) == 1 and rule.nulls != "fail" and not rule.when
    whole = plain and context.columns[rule.columns[0]].native.upper() in _INTEGERS
    return Grouped(tally, rows, keys if whole else "")


_INTEGERS = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT")


def _ordered(rule: Rule, context: Context) -> Question:
    """Each value is no less (or no more) than the last one before it that counts, in the table's own order."""
    column = context.columns[rule.columns[0]]
    x = quoted(column.name)
    by = tuple(rule.given.get("by", ()))
    absent = gone(by, context)
    if absent:
        return absent
    over = _counts(rule.columns, rule)
    part = f"PARTITION BY {', '.join(map(quoted, by))} " if by else ""
    word = (">" if rule.kind == "increasing" else "<") + ("" if rule.given.get("strictly") else "=")
    before = f"lag({x} IGNORE NULLS) OVER ({part}ORDER BY {context.row})"
    inner = f"SELECT {context.row}, {x} AS x, {before} AS p FROM {context.numbered} WHERE {over}"
    broken = f"coalesce(NOT (x {word} p), FALSE)" + (" OR x IS NULL" if rule.nulls == "fail" else "")
    tally = f"SELECT count(*), count(*) FILTER (WHERE {broken}) FROM ({inner})"
    return Grouped(tally, f"SELECT {context.row} FROM ({inner}) WHERE {broken} ORDER BY 1")


def other(name: str, context: Context) -> Other | Unable:
    """Return another table by the name that a rule gives it."""
    if name in context.others:
        return context.others[name]
    close = nearest(name, context.others)
    hint = f"did you mean {close!r}?" if close else f"give it with --tables {name}=FILE"
    return Unable(f"the table {name!r} was not given; {hint}")


def _lacking(table: Other, name: str, columns: Sequence[str]) -> Settled | None:
    for column in columns:
        if column not in table.columns:
            close = nearest(column, table.columns)
            hint = f" (did you mean {close!r}?)" if close else ""
            return Settled(False, f"there is no column {column!r} in {name}{hint}")
    return None


def _same(left: ColumnInfo, right: ColumnInfo, a: str, b: str) -> str:
    """Return SQL for two columns of different tables being equal, as texts where their types do not compare."""
    alike = (
        left.type == right.type
        or (left.type in NUMBERS and right.type in NUMBERS)
        or (left.type in TIMES and right.type in TIMES)
    )
    return f"{a} = {b}" if alike else f"CAST({a} AS VARCHAR) = CAST({b} AS VARCHAR)"


def references(rule: Rule, context: Context) -> Question:
    """Each value, or combination of values, is in another table; a row with an empty cell does not count."""
    name = str(rule.given["table"])
    table = other(name, context)
    if isinstance(table, Unable):
        return table
    theirs = tuple(rule.given.get("column") or rule.columns)
    if len(theirs) != len(rule.columns):
        return Unable(f"{len(rule.columns)} columns cannot be found among {len(theirs)}")
    lacking = _lacking(table, name, theirs)
    if lacking:
        return lacking
    held = table.hold(theirs, True)
    over = _counts(rule.columns, rule, any_null=True)
    pairs = zip(rule.columns, theirs, range(len(theirs)), strict=True)
    on = " AND ".join(
        _same(context.columns[a], table.columns[b], f"a.{quoted(a)}", f"b.k{n}") for a, b, n in pairs
    )
    rows = (
        f"SELECT a.{context.row} FROM (SELECT * FROM {context.numbered} WHERE {over}) a "
        f"ANTI JOIN {held} b ON {on} ORDER BY 1"
    )
    mine = ", ".join(map(quoted, rule.columns))
    tally = (
        f"SELECT (SELECT count(*) FROM {context.plain} WHERE {over}), count(*) "
        f"FROM (SELECT {mine} FROM {context.plain} WHERE {over}) a ANTI JOIN {held} b ON {on}"
    )
    return Grouped(tally, rows)


def same_data(rule: Rule, context: Context) -> Question:
    """Each row's key is in another table once, and the columns that are compared hold the same values there."""
    name = str(rule.given["table"])
    table = other(name, context)
    if isinstance(table, Unable):
        return table
    keys = _pairs(rule.given["key"])
    compared = _pairs(rule.given.get("compare") or [c for c in table.columns if c in context.columns])
    compared = [p for p in compared if p not in keys]
    mine, theirs = [a for a, _ in keys + compared], [b for _, b in keys + compared]
    lacking = gone(mine, context) or _lacking(table, name, theirs)
    if lacking:
        return lacking
    held = table.hold(theirs, False)
    on = [
        _same(context.columns[a], table.columns[b], f"a.{quoted(a)}", f"b.k{n}")
        for n, (a, b) in enumerate(keys)
    ]
    for n, (a, b) in enumerate(compared, len(keys)):
        x, y = f"a.{quoted(a)}", f"b.k{n}"
        on.append(f"(({_same(context.columns[a], table.columns[b], x, y)}) OR ({x} IS NULL AND {y} IS NULL))")
    over = rule.when or "TRUE"
    joined = f"ANTI JOIN {held} b ON {' AND '.join(on)}"
    tally = (
        f"SELECT (SELECT count(*) FROM {context.plain} WHERE {over}), count(*) "
        f"FROM (SELECT * FROM {context.plain} WHERE {over}) a {joined}"
    )
    rows = (
        f"SELECT a.{context.row} FROM (SELECT * FROM {context.numbered} WHERE {over}) a {joined} ORDER BY 1"
    )
    return Grouped(tally, rows)


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return columns as (here, there): ``id``, or ``id->key`` where the other table calls it otherwise."""
    split = [n.split("->", 1) for n in names]
    return [(s[0].strip(), s[-1].strip()) for s in split]


MAKERS: dict[str, Callable[[Rule, Context], Question]] = {
    "unique": unique,
    "increasing": _ordered,
    "decreasing": _ordered,
    "references": references,
    "same_data": same_data,
}
