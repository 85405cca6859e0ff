"""Queries in other tools' rulesets that come down to one expression over the table: its filter, or its aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.quality.guard import LONGEST, guard

_ANY_TIME = "2000-01-01T00:00:00Z"
WHY = "the query is more than a filter or an aggregate of this one table"


def expression(text: str, dialect: str) -> str:
    """Return a filter that is written in another dialect, as SQL of this one; UsageError where it is more than that."""
    import sqlglot
    from sqlglot import errors

    if len(text) > LONGEST:
        raise UsageError(f"the filter is longer than {LONGEST} characters")
    try:
        (select,) = sqlglot.parse(f"SELECT {text}\n", dialect=dialect)
        if select is None or len(select.expressions) != 1:
            raise ValueError("not one expression")
        turned = select.expressions[0].sql(dialect="duckdb")
    except (errors.SqlglotError, RecursionError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        raise UsageError(f"the filter {text[:60]!r} cannot be read") from None
    if any(v for k, v in select.args.items() if k != "expressions"):
        raise UsageError(f"the filter {text[:60]!r} is more than one expression")
    return guard(turned, (), _ANY_TIME).sql


def filtered(text: str, tables: Sequence[str], dialect: str = "duckdb") -> tuple[str, tuple[str, ...]]:
    """Return the filter of ``SELECT … FROM table WHERE filter`` and its columns; UsageError for any other query."""
    select = _select(text, tables, dialect)
    where = select.args.get("where")
    if where is None or any(not _plain(e) for e in select.expressions):
        raise UsageError(WHY)
    found = guard(where.this.sql(dialect="duckdb"), (), _ANY_TIME)
    return found.sql, found.columns


def aggregated(text: str, tables: Sequence[str], dialect: str = "duckdb") -> tuple[str, str, tuple[str, ...]]:
    """Return the aggregate of ``SELECT aggregate FROM table [WHERE filter]``, its filter, and the columns of both."""
    from sqlglot import exp

    select = _select(text, tables, dialect)
    where = select.args.get("where")
    if len(select.expressions) != 1:
        raise UsageError(WHY)
    one = select.expressions[0]
    one = one.this if isinstance(one, exp.Alias) else one
    found = guard(one.sql(dialect="duckdb"), (), _ANY_TIME, aggregate=True)
    if where is None:
        return found.sql, "", found.columns
    kept = guard(where.this.sql(dialect="duckdb"), (), _ANY_TIME)
    return found.sql, kept.sql, tuple(dict.fromkeys([*found.columns, *kept.columns]))


def _plain(node: Any) -> bool:
    from sqlglot import exp

    return isinstance(node, (exp.Star, exp.Column))


def _select(text: str, tables: Sequence[str], dialect: str) -> Any:
    """Return the tree of a query of one table, with names of columns freed of the table's."""
    import sqlglot
    from sqlglot import errors, exp

    if len(text) > LONGEST:
        raise UsageError(f"the query is longer than {LONGEST} characters")
    try:
        parsed = sqlglot.parse(text, dialect=dialect)
    except (errors.SqlglotError, RecursionError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        raise UsageError("the query cannot be read") from None
    select = parsed[0] if len(parsed) == 1 else None
    if not isinstance(select, exp.Select):
        raise UsageError(WHY)
    used = {k for k, v in select.args.items() if v}
    source = select.args.get("from") or select.args.get("from_")
    table = source.this if source is not None else None
    if used - {"expressions", "from", "from_", "where"} or not isinstance(table, exp.Table):
        raise UsageError(WHY)
    if (
        table.name.lower() not in [t.lower() for t in tables]
        or table.args.get("db")
        or table.args.get("joins")
    ):
        raise UsageError(f"the query reads another table, {table.sql()[:60]!r}")
    known = {table.name.lower(), table.alias.lower()}
    for column in select.find_all(exp.Column):
        if column.table and column.table.lower() in known:
            column.set("table", None)
    return select
