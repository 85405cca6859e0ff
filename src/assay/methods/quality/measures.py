"""Rules about one value of the whole table."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names, literals and guarded expressions only
from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from assay.kernel.handles import ColumnInfo
from assay.methods.quality.bounds import TRUE, Bounds
from assay.methods.quality.guard import guard
from assay.methods.quality.question import (
    Context,
    Measured,
    Question,
    Settled,
    Spread,
    Unable,
    Wanting,
    gone,
    settled,
)
from assay.methods.quality.rule import Rule
from assay.methods.quality.together import other
from assay.methods.quality.values import (
    TIMES,
    as_moment,
    as_number,
    as_text,
    comparable,
    duration,
    member,
    moment,
    sql_moment,
)
from assay.methods.sqltext import quoted

# Of the values that are not null. entropy: DuckDB's is in bits, ours in nats as Deequ's.
NUMERIC = {
    "mean": "avg({x})",
    "median": "median({x})",
    "sum": "sum({x})",
    "stddev": "stddev_samp({x})",
    "stddev_pop": "stddev_pop({x})",
    "variance": "var_samp({x})",
    "variance_pop": "var_pop({x})",
    "skewness": "skewness({x})",
    "kurtosis": "kurtosis({x})",
    "mad": "mad({x})",
    "mode": "mode({x})",
    "quantile": "quantile_cont({x}, {at})",
    "quantile_nearest": "quantile_disc({x}, {at})",
}
ANY = {
    "distinct": "count(DISTINCT {x})",
    "distinct_share": "count(DISTINCT {x}) / nullif(count({x}), 0)",
    "entropy": "entropy({x}) * ln(2)",
    "completeness": "count({x}) / nullif(count(*), 0)",
    "present": "count({x})",
    "missing": "count(*) - count({x})",
    "missing_share": "1 - count({x}) / nullif(count(*), 0)",
    "repeated": "count({x}) - count(DISTINCT {x})",
    "repeated_share": "1 - count(DISTINCT {x}) / nullif(count({x}), 0)",
}
ONCE = {"unique_share": "u / nullif(n, 0)", "unique_ratio": "u / nullif(d, 0)", "unique_count": "u"}
PLACE = {"minimum": "min", "maximum": "max"}


def _column(rule: Rule, context: Context) -> ColumnInfo:
    return context.columns[rule.columns[0]]


def _no_number(column: ColumnInfo) -> Settled:
    return Settled(False, f"{column.name} is stored as {column.type}, and no number")


def numeric(rule: Rule, context: Context) -> Question:
    """A statistic of a column of numbers."""
    column = _column(rule, context)
    x = as_number(column)
    if x is None or column.type == "text":
        return _no_number(column)
    return Measured(NUMERIC[rule.kind].format(x=x, at=rule.given.get("at")), rule.bounds, rule.when)


def any_type(rule: Rule, context: Context) -> Question:
    """A statistic of a column of anything."""
    return Measured(ANY[rule.kind].format(x=quoted(rule.columns[0])), rule.bounds, rule.when)


def once(rule: Rule, context: Context) -> Question:
    """How many values come once: u of n values, of d different ones. A row that is null in all columns has none."""
    keys = ", ".join(map(quoted, rule.columns))
    some = " OR ".join(f"{quoted(c)} IS NOT NULL" for c in rule.columns)
    where = f"({some})" + (f" AND {rule.when}" if rule.when else "")
    c = context.count
    counts = f"SELECT count(*) AS {c} FROM {context.plain} WHERE {where} GROUP BY {keys}"
    all_ = f"SELECT count(*) AS d, sum({c}) AS n, count(*) FILTER (WHERE {c} = 1) AS u FROM ({counts})"
    return Measured(f"SELECT {ONCE[rule.kind]} FROM ({all_})", rule.bounds, whole=True)


def extreme(rule: Rule, context: Context) -> Question:
    """The least or the greatest value: of numbers, dates or texts."""
    column = _column(rule, context)
    word = PLACE[rule.kind]
    if column.type in ("integer", "number", "boolean"):
        return Measured(f"{word}({as_number(column)})", rule.bounds, rule.when)
    if column.type in TIMES:
        bounds = rule.bounds.each(lambda e: moment(e, context.now))
        if bounds.given:
            return Measured(f"{word}({as_moment(column)})", bounds, rule.when)
    if column.type == "text" and all(isinstance(e, str) for e in _ends(rule.bounds)):
        return Measured(f"{word}({quoted(column.name)})", rule.bounds, rule.when, unit="text")
    return Settled(False, f"{column.name} is stored as {column.type}, which its bounds are not")


def _ends(bounds: Bounds) -> list[Any]:
    return [e for e in (bounds.low, bounds.high, *bounds.among) if e is not None]


def correlation(rule: Rule, context: Context) -> Question:
    """Pearson's correlation of two columns of numbers."""
    columns = [context.columns[c] for c in rule.columns]
    for column in columns:
        if column.type not in ("integer", "number", "boolean"):
            return _no_number(column)
    a, b = (as_number(c) for c in columns)
    return Measured(f"corr({a}, {b})", rule.bounds, rule.when)


def freshness(rule: Rule, context: Context) -> Question:
    """The age of the newest date, in hours."""
    column = _column(rule, context)
    x = as_moment(column)
    length = duration(str(rule.given["within"]))
    if x is None or length is None:
        return Settled(False, f"{column.name} is stored as {column.type}, and no date")
    now = sql_moment(datetime.fromisoformat(context.now).replace(tzinfo=None))
    hours = f"date_diff('second', max({x}), {now}) / 3600.0"
    return Measured(hours, Bounds(high=length.total_seconds() / 3600), rule.when, unit="hours")


def constant(rule: Rule, context: Context) -> Question:
    """There is one value, and no more."""
    return Measured(f"count(DISTINCT {quoted(rule.columns[0])})", Bounds(high=1), rule.when, unit="values")


def _listed(rule: Rule, context: Context) -> list[str]:
    column = _column(rule, context)
    values = list(rule.given["values"])
    written = list(rule.given.get("written") or map(str, values))
    found = [member(column, v, w, context.now) for v, w in zip(values, written, strict=True) if v is not None]
    return list(dict.fromkeys(f for f in found if f is not None))


def occurs(rule: Rule, context: Context) -> Question:
    """Each of a list of values occurs."""
    column = _column(rule, context)
    written = list(rule.given.get("written") or map(str, rule.given["values"]))
    found = _listed(rule, context)
    if len(found) < len({w for w, v in zip(written, rule.given["values"], strict=True) if v is not None}):
        return Settled(False, f"{column.name} is stored as {column.type}, which not all of these values are")
    rows = ", ".join(f"({f})" for f in found)
    where = f" WHERE {rule.when}" if rule.when else ""
    there = f"SELECT DISTINCT {comparable(column)} AS x FROM {context.plain}{where}"
    missing = f"SELECT v.x FROM (VALUES {rows}) v(x) ANTI JOIN ({there}) h ON v.x = h.x"
    return Wanting(
        f"SELECT count(*), list(CAST(x AS VARCHAR))[1:8] FROM ({missing})", "of these values do not occur"
    )


def most_common(rule: Rule, context: Context) -> Question:
    """The most frequent value is one of a list; of several equally frequent ones all are, or where ``ties`` one is."""
    column = _column(rule, context)
    name = comparable(column)
    found = ", ".join(_listed(rule, context)) or "NULL"
    where = f"{quoted(column.name)} IS NOT NULL" + (f" AND {rule.when}" if rule.when else "")
    counted = f"SELECT {name} AS x, count(*) AS c FROM {context.plain} WHERE {where} GROUP BY 1"
    top = f"SELECT x FROM ({counted}) QUALIFY c = max(c) OVER ()"
    amiss = f"count(*) FILTER (WHERE NOT coalesce(x IN ({found}), FALSE))"
    if rule.given.get("ties"):
        amiss = f"CASE WHEN count(*) FILTER (WHERE x IN ({found})) = 0 THEN count(*) ELSE 0 END"
    shown = f"list(CAST(x AS VARCHAR)) FILTER (WHERE NOT coalesce(x IN ({found}), FALSE))"
    return Wanting(
        f"SELECT {amiss}, ({shown})[1:8] FROM ({top})", "of the most frequent values is not listed"
    )


def aggregate(rule: Rule, context: Context) -> Question:
    """An SQL aggregate; its ratio to that of another table where ``relative_to`` names one."""
    text = str(rule.given.get("sql", ""))
    made = rule.given.get("made")
    guarded = None if made else guard(text, context.columns, context.now, aggregate=True)
    if guarded is not None and (absent := gone(guarded.columns, context)):
        return absent
    mine = str(made) if guarded is None else guarded.sql
    bounds = rule.bounds if rule.bounds.given else TRUE
    name = rule.given.get("relative_to")
    if not name:
        return Measured(f"({mine})", bounds, rule.when)
    table = other(str(name), context)
    if isinstance(table, Unable):
        return table
    theirs = guard(str(rule.given.get("theirs") or text), table.columns, context.now, aggregate=True)
    lacking = [c for c in theirs.columns if c not in table.columns]
    if lacking:
        return Settled(False, f"there is no column {lacking[0]!r} in {name}")
    value = table.measure(theirs.sql)
    if value is None or float(value) == 0.0:
        return Settled(False, f"that of {name} is {value}, and there is no ratio to it")
    return Measured(f"({mine}) / CAST('{float(value)!r}' AS DOUBLE)", bounds, rule.when)


def row_count(rule: Rule, context: Context) -> Question:
    """The number of rows; its ratio to that of another table where ``relative_to`` names one."""
    name = rule.given.get("relative_to")
    of = 1
    if name:
        table = other(str(name), context)
        if isinstance(table, Unable):
            return table
        of = table.rows
        if not of:
            return Settled(False, f"{name} has no rows, and there is no ratio to them")
    unit = "" if name else "rows"
    if rule.when:
        return Measured("count(*)" + (f" / {of}" if name else ""), rule.bounds, rule.when, unit=unit)
    value = context.rows / of if name else context.rows
    shown = f"there are {context.rows:,} rows" + (f", {value:.4g} of those of {name}" if name else "")
    return settled(rule.bounds, value, shown)


def duplicate_rows(rule: Rule, context: Context) -> Question:
    """How many rows an earlier one already equals in every column; their share of all where ``share``."""
    names = ", ".join(quoted(c) for c in context.columns)
    where = f" WHERE {rule.when}" if rule.when else ""
    c = context.count
    groups = f"SELECT count(*) AS {c} FROM {context.plain}{where} GROUP BY {names}"
    value = f"coalesce(sum({c} - 1), 0)" + (f" / nullif(sum({c}), 0)" if rule.given.get("share") else "")
    return Measured(f"SELECT {value} FROM ({groups})", rule.bounds, whole=True, unit="rows")


def distribution(rule: Rule, context: Context) -> Question:
    """How the values are spread beside a baseline, or by stated shares."""
    column = _column(rule, context)
    numeric = column.type in ("integer", "number") and not rule.given.get("shares")
    test = str(rule.given["test"])
    if test.startswith("ks") and not numeric:
        return Settled(False, f"{column.name} is stored as {column.type}, and {test} compares numbers")
    where = f"{quoted(column.name)} IS NOT NULL" + (f" AND {rule.when}" if rule.when else "")
    x = f"CAST({as_number(column)} AS DOUBLE)" if numeric else as_text(column)
    values = f"SELECT {x} AS x FROM {context.plain} WHERE {where}"
    if rule.given.get("shares"):
        return Spread(values, test, rule.bounds, False, shares=rule.given["shares"])
    name = rule.given.get("against")
    table = other(str(name), context) if name else context.against
    if table is None:
        return Unable("there is no baseline; give one with --against FILE")
    if isinstance(table, Unable):
        return table
    theirs = (*rule.given.get("column", ()), column.name)[0]
    if theirs not in table.columns:
        return Settled(False, f"there is no column {theirs!r} in the baseline")
    held = table.hold((theirs,), False)
    cast = "DOUBLE" if numeric else "VARCHAR"
    if numeric and as_number(table.columns[theirs]) is None:
        return Settled(False, f"{theirs} is no number in the baseline")
    baseline = f"SELECT TRY_CAST(k0 AS {cast}) AS x FROM {held} WHERE k0 IS NOT NULL"
    return Spread(values, test, rule.bounds, numeric, baseline=baseline)


MAKERS: dict[str, Callable[[Rule, Context], Question]] = {
    **dict.fromkeys(NUMERIC, numeric),
    **dict.fromkeys(ANY, any_type),
    **dict.fromkeys(ONCE, once),
    **dict.fromkeys(PLACE, extreme),
    "correlation": correlation,
    "freshness": freshness,
    "constant": constant,
    "occurs": occurs,
    "most_common": most_common,
    "aggregate": aggregate,
    "row_count": row_count,
    "duplicate_rows": duplicate_rows,
    "distribution": distribution,
}
