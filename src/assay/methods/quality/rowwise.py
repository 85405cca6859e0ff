"""Rules that each row obeys or breaks by itself."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names, literals and guarded expressions only
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assay.kernel.errors import UsageError
from assay.kernel.handles import ColumnInfo
from assay.methods.quality.guard import guard
from assay.methods.quality.question import Context, Question, Rowwise, Settled, Unable, gone
from assay.methods.quality.rule import Rule
from assay.methods.quality.values import (
    NUMBERS,
    TIMES,
    as_moment,
    as_number,
    as_text,
    comparable,
    member,
    moment,
    number,
    sql_moment,
    sql_number,
    within,
)
from assay.methods.sqltext import literal, quoted

_CAST = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
}
_WHOLE = r"\s*[+-]?\d+\s*"  # TRY_CAST to BIGINT would read '1.7' as 2
FORMS = {
    "email": r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+",
    "url": r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]+(?:[/?#]\S*)?",
    "uuid": r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
    "ipv4": r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)",
}


def one(rule: Rule, context: Context) -> ColumnInfo:
    """Return the column that a rule is about."""
    return context.columns[rule.columns[0]]


def unless_null(column: ColumnInfo, holds: str) -> str:
    """Return SQL that is null where the column is, and never null elsewhere."""
    return f"CASE WHEN {quoted(column.name)} IS NOT NULL THEN coalesce({holds}, FALSE) END"


def complete(rule: Rule, context: Context) -> Question:
    """No cell is empty."""
    return Rowwise(f"({quoted(rule.columns[0])} IS NOT NULL)")


def absent(rule: Rule, context: Context) -> Question:
    """Every cell is empty."""
    return Rowwise(f"({quoted(rule.columns[0])} IS NULL)")


def range_(rule: Rule, context: Context) -> Question:
    """Each value lies within bounds; a text counts as the number or date it writes, if bounds are such."""
    column, bounds = one(rule, context), rule.bounds
    ends = [e for e in (bounds.low, bounds.high, *bounds.among) if e is not None]
    times = [moment(e, context.now) for e in ends]
    if all(isinstance(e, (int, float)) for e in ends) or (
        column.type in NUMBERS and all(number(e) is not None for e in ends)
    ):
        expression = as_number(column)
        if expression is None:
            return Settled(False, f"{column.name} is stored as {column.type}, and no number")
        found = within(expression, bounds.each(lambda e: sql_number(number(e) or 0)))
        return Rowwise(unless_null(column, found) if column.type == "text" else found)
    if all(t is not None for t in times) and column.type in (*TIMES, "text"):
        expression = as_moment(column)
        ends_as = bounds.each(lambda e: sql_moment(moment(e, context.now)))  # type: ignore[arg-type]
        if rule.given.get("by") == "day":
            expression, ends_as = f"CAST({expression} AS DATE)", ends_as.each(lambda e: f"CAST({e} AS DATE)")
        found = within(str(expression), ends_as)
        return Rowwise(unless_null(column, found) if column.type == "text" else found)
    if column.type == "text":
        return Rowwise(within(quoted(column.name), bounds.each(lambda e: literal(str(e)))))
    if column.type == "time":
        return Rowwise(within(quoted(column.name), bounds.each(lambda e: f"CAST({literal(str(e))} AS TIME)")))
    return Settled(False, f"{column.name} is stored as {column.type}, which {ends[0]!r} is not")


def _among(rule: Rule, context: Context) -> tuple[list[str], bool]:
    column = one(rule, context)
    values: list[Any] = list(rule.given["values"])
    written: list[str] = list(rule.given.get("written") or map(str, values))
    pairs = zip(values, written, strict=True)
    found = [member(column, v, w, context.now) for v, w in pairs if v is not None]
    return list(dict.fromkeys(f for f in found if f is not None)), None in values


def in_set(rule: Rule, context: Context) -> Question:
    """Each value is one of a list; an empty cell too, if the list holds null."""
    column, (found, null) = one(rule, context), _among(rule, context)
    name = comparable(column)
    holds = f"{name} IN ({', '.join(found)})" if found else f"(FALSE AND {name} IS NOT NULL)"
    if not found:
        holds = f"CASE WHEN {name} IS NOT NULL THEN FALSE END"
    if rule.given.get("spaces"):
        holds = f"({holds} OR {_blank(column)})"
    return Rowwise(f"coalesce({holds}, TRUE)" if null else holds)


def _blank(column: ColumnInfo) -> str:
    """Return SQL that is true where a text consists of spaces only, and is not empty."""
    text = as_text(column)
    return f"(length({text}) > 0 AND length(trim({text})) = 0)"


def forbidden(rule: Rule, context: Context) -> Question:
    """No value is one of a list; nor is a cell empty, if the list holds null."""
    column, (found, null) = one(rule, context), _among(rule, context)
    name = comparable(column)
    holds = f"{name} NOT IN ({', '.join(found)})" if found else f"CASE WHEN {name} IS NOT NULL THEN TRUE END"
    if rule.given.get("spaces"):
        holds = f"({holds} AND NOT {_blank(column)})"
    return Rowwise(f"coalesce({holds}, FALSE)" if null else holds)


def pattern(rule: Rule, context: Context) -> Question:
    """Each value matches one of the patterns, or none of those that start with ``not_``."""
    text = as_text(one(rule, context))
    how, given = next((k, rule.given[k]) for k in rule.given if k.removeprefix("not_") in _MATCH)
    make = _MATCH[how.removeprefix("not_")]
    escape = str(rule.given.get("escape", ""))
    join = " AND " if rule.given.get("every") else " OR "
    found = join.join(make(text, str(p), escape) for p in given)
    return Rowwise(f"NOT ({found})" if how.startswith("not_") else f"({found})")


def _like(text: str, given: str, escape: str) -> str:
    return f"{text} LIKE {literal(given)}" + (f" ESCAPE {literal(escape)}" if escape else "")


_MATCH: dict[str, Callable[[str, str, str], str]] = {
    "matches": lambda text, given, _: f"regexp_full_match({text}, {literal(given)})",
    "contains": lambda text, given, _: f"regexp_matches({text}, {literal(given)})",
    "like": _like,
}


def length(rule: Rule, context: Context) -> Question:
    """Each value, as text, is so many characters long."""
    ends = rule.bounds.each(lambda e: sql_number(number(e) or 0))
    return Rowwise(within(f"length({as_text(one(rule, context))})", ends))


def type_(rule: Rule, context: Context) -> Question:
    """Each value is stored as a type, or is a text that can be read as it."""
    column, wanted = one(rule, context), rule.given["is"]
    kinds = [wanted] if isinstance(wanted, str) else list(wanted)
    if "other" in kinds and column.type not in _CAST:
        kinds = [*kinds, column.type]
    if column.type in kinds or (column.type == "integer" and "number" in kinds):
        return Rowwise(f"({quoted(column.name)} IS NOT NULL OR NULL)")
    if column.type == "date" and "timestamp" in kinds:
        return Rowwise(f"({quoted(column.name)} IS NOT NULL OR NULL)")
    readable = [_readable(quoted(column.name), k) for k in kinds if k in _CAST]
    if column.type == "text" and readable and not rule.given.get("stored"):
        return Rowwise(unless_null(column, " OR ".join(readable)))
    return Settled(False, f"{column.name} is stored as {column.type} ({column.native})")


def _readable(name: str, kind: str) -> str:
    cast = f"TRY_CAST({name} AS {_CAST[kind]}) IS NOT NULL"
    return f"(regexp_full_match({name}, '{_WHOLE}') AND {cast})" if kind == "integer" else cast


def format_(rule: Rule, context: Context) -> Question:
    """Each value is written in a form: one that has a name, or a date like ``%d/%m/%Y``."""
    column, form = one(rule, context), str(rule.given["is"])
    text = as_text(column)
    if form in FORMS:
        return Rowwise(f"regexp_full_match({text}, {literal(FORMS[form])})")
    if form == "json":
        return Rowwise(f"json_valid({text})")
    if form in _CAST:
        return Rowwise(unless_null(column, _readable(text, form)))
    if "%" not in form:
        raise UsageError(f"there is no form {form!r}")
    return Rowwise(unless_null(column, f"try_strptime({text}, {literal(form)}) IS NOT NULL"))


def outliers(rule: Rule, context: Context) -> Question:
    """No number lies further from the mean than so many standard deviations, or from the quartiles than so many
    interquartile ranges (Tukey's fences).
    """
    column = one(rule, context)
    x = as_number(column)
    if x is None or column.type == "text":
        return Settled(False, f"{column.name} is stored as {column.type}, and no number")
    where = f" WHERE {rule.when}" if rule.when else ""
    if "zscore" in rule.given:
        limit = sql_number(rule.given["zscore"])
        middle = f"(SELECT avg({x}) FROM {context.plain}{where})"
        spread = f"(SELECT {rule.given.get('spread', 'stddev_samp')}({x}) FROM {context.plain}{where})"
        distance = f"({x} - {middle})"
        distance = distance if rule.given.get("one_sided") else f"abs{distance}"
        word = "<" if rule.given.get("strictly") else "<="
        return Rowwise(f"coalesce({distance} {word} {limit} * nullif({spread}, 0), {x} IS NOT NULL OR NULL)")
    times = sql_number(rule.given["iqr"])
    low, high = (f"(SELECT quantile_cont({x}, {q}) FROM {context.plain}{where})" for q in ("0.25", "0.75"))
    return Rowwise(f"{x} BETWEEN {low} - {times} * ({high} - {low}) AND {high} + {times} * ({high} - {low})")


def sql(rule: Rule, context: Context) -> Question:
    """An SQL expression of one row. ``made``: SQL that a reader of another format has put together itself."""
    if "made" in rule.given:
        return Rowwise(f"({rule.given['made']})")
    guarded = guard(str(rule.given["sql"]), context.columns, context.now)
    return gone(guarded.columns, context) or Rowwise(f"CAST(({guarded.sql}) AS BOOLEAN)")


def unable(rule: Rule, context: Context) -> Question:
    """Something that was read and cannot be examined."""
    return Unable(str(rule.given.get("why", "it cannot be examined")))


MAKERS: dict[str, Callable[[Rule, Context], Question]] = {
    "complete": complete,
    "absent": absent,
    "range": range_,
    "set": in_set,
    "forbidden": forbidden,
    "pattern": pattern,
    "length": length,
    "type": type_,
    "format": format_,
    "outliers": outliers,
    "sql": sql,
    "unable": unable,
}
