"""Rules about the columns themselves, which no row has to be read for."""

# ruff: noqa: S608 - SQL is made here of our own words and literals only
from __future__ import annotations

from collections.abc import Callable

from assay.methods.quality.question import Context, Question, Settled, Unable, Wanting, gone, settled
from assay.methods.quality.rule import Rule
from assay.methods.quality.together import other
from assay.methods.sqltext import literal


def _names(names: list[str]) -> str:
    return ", ".join(map(repr, names[:8])) + (", …" if len(names) > 8 else "")


def exists(rule: Rule, context: Context) -> Question:
    """These columns are there; at a position (from 0) where ``at`` gives one."""
    absent = gone(rule.columns, context)
    if absent:
        return absent
    at = rule.given.get("at")
    place = list(context.columns).index(rule.columns[0])
    if at is not None and place != at:
        return Settled(False, f"{rule.columns[0]} is column {place}, counted from 0, and not {at}")
    return Settled(True)


def columns(rule: Rule, context: Context) -> Question:
    """These are the columns, in any order or exactly in this one, alone or among others."""
    here = list(context.columns)
    absent = gone(rule.columns, context)
    if absent:
        return absent
    others = [c for c in here if c not in rule.columns]
    if others and rule.given.get("others", "forbid") == "forbid":
        return Settled(False, f"there are other columns: {_names(others)}")
    order = [c for c in here if c in rule.columns]
    if rule.given.get("order") == "exact" and order != list(rule.columns):
        first = next(a for a, b in zip(order, rule.columns, strict=True) if a != b)
        return Settled(False, f"the columns stand in another order, from {first!r} on")
    return Settled(True)


def schema(rule: Rule, context: Context) -> Question:
    """These columns are stored as these types; an integer is a number too."""
    types: dict[str, str] = dict(rule.given["types"])
    absent = gone(list(types), context)
    if absent:
        return absent
    for name, wanted in types.items():
        column = context.columns[name]
        fits = wanted in (column.type, column.native.lower()) or (column.type, wanted) == (
            "integer",
            "number",
        )
        if not fits:
            return Settled(False, f"{name} is stored as {column.type} ({column.native}), and not as {wanted}")
    return Settled(True)


def column_names(rule: Rule, context: Context) -> Question:
    """Every column's name matches a regular expression as a whole, or in some part where ``part``."""
    match = "regexp_matches" if rule.given.get("part") else "regexp_full_match"
    names = ", ".join(f"({literal(c)})" for c in context.columns)
    wrong = f"SELECT x FROM (VALUES {names}) v(x) WHERE NOT {match}(x, {literal(str(rule.given['pattern']))})"
    return Wanting(f"SELECT count(*), list(x)[1:8] FROM ({wrong})", "names do not match")


def column_count(rule: Rule, context: Context) -> Question:
    """The number of columns."""
    count = len(context.columns)
    return settled(rule.bounds, count, f"there are {count} columns")


def same_schema(rule: Rule, context: Context) -> Question:
    """Another table has the same columns of the same types; ``bounds`` are of the share of all columns that match."""
    name = str(rule.given["table"])
    table = other(name, context)
    if isinstance(table, Unable):
        return table
    union = {*context.columns, *table.columns}
    alike = [
        c for c in union
        if c in context.columns and c in table.columns and context.columns[c].type == table.columns[c].type
    ]  # fmt: skip
    share = len(alike) / len(union) if union else 1.0
    wrong = sorted(union - set(alike))
    said = f"{len(wrong)} columns differ from {name}: {_names(wrong)}" if wrong else ""
    return settled(rule.bounds, share, said) if rule.bounds.given else Settled(not wrong, said, share)


MAKERS: dict[str, Callable[[Rule, Context], Question]] = {
    "exists": exists,
    "columns": columns,
    "schema": schema,
    "column_names": column_names,
    "column_count": column_count,
    "same_schema": same_schema,
}
