"""SQL of DuckDB's that was found to mean the same on a server, written as the server reads it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.methods.quality.there.regexes import alike

if TYPE_CHECKING:
    from sqlglot import exp


def written(sql: str, dialect: str, relations: Mapping[str, str]) -> str:
    """Return a query in another dialect, postgres or spark, reading relations where it names tables.

    relations: SQL of that dialect by the names that the query gives its tables.
    """
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(sql, dialect="duckdb")
    change = _Change(dialect)
    tree = tree.transform(change)
    for number, sub in enumerate(tree.find_all(exp.Subquery)):
        if isinstance(sub.parent, (exp.From, exp.Join)) and not sub.alias:
            sub.set("alias", exp.TableAlias(this=exp.to_identifier(f"q{number}", quoted=True)))
    held = {}
    for number, table in enumerate(tree.find_all(exp.Table)):
        if table.name in relations:
            key = f"relation_{uuid.uuid4().hex}_"
            held[key] = relations[table.name]
            alias = exp.TableAlias(this=exp.to_identifier(table.alias or f"s{number}"))
            table.replace(exp.Table(this=exp.to_identifier(key), alias=alias))
    text = str(tree.sql(dialect=dialect, comments=False))
    for key, relation in held.items():
        text = text.replace(key, relation)
    return text


class _Change:
    """What each of the two says in words of its own."""

    def __init__(self, dialect: str) -> None:
        self.postgres = dialect == "postgres"

    def __call__(self, node: exp.Expression) -> exp.Expression:
        from sqlglot import exp

        if isinstance(node, (exp.RegexpFullMatch, exp.RegexpLike)):
            return self._regex(node)
        if isinstance(node, exp.DateDiff):
            return self._seconds(node)
        if isinstance(node, exp.PercentileCont) and not self.postgres:
            return exp.Anonymous(this="percentile", expressions=[node.this, node.expression])
        if isinstance(node, exp.Median) and not self.postgres:
            return exp.Anonymous(this="percentile", expressions=[node.this, exp.Literal.number("0.5")])
        if isinstance(node, exp.StddevSamp) and self.postgres:
            return exp.Anonymous(this="stddev_samp", expressions=[node.this])
        if isinstance(node, (exp.Year, exp.Month, exp.Day)):
            part = exp.Extract(this=exp.var(type(node).__name__.upper()), expression=node.this)
            return exp.cast(part, "int")
        if isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.TEXT and self.postgres:
            return _in_order_of_bytes(node)
        return node

    def _regex(self, node: Any) -> exp.Expression:
        from sqlglot import exp

        whole = isinstance(node, exp.RegexpFullMatch)
        pattern = alike(str(node.expression.this), whole=whole, backtracks=not self.postgres)
        if not self.postgres:
            literal = exp.Literal.string(pattern.replace("\\Z", "\\z"))
            return exp.Anonymous(this="regexp_like", expressions=[node.this, literal])
        return exp.RegexpLike(this=_in_order_of_bytes(node.this), expression=exp.Literal.string(pattern))

    def _seconds(self, node: Any) -> exp.Expression:
        """Return the whole seconds between two moments: what DuckDB counts of them."""
        from sqlglot import exp

        def since_1970(moment: exp.Expression) -> exp.Expression:
            if self.postgres:
                return exp.Floor(this=exp.Extract(this=exp.var("EPOCH"), expression=moment.copy()))
            zoned = exp.cast(moment.copy(), "TIMESTAMPTZ")
            return exp.Anonymous(this="unix_seconds", expressions=[zoned])

        return exp.paren(exp.Sub(this=since_1970(node.this), expression=since_1970(node.expression)))


def _in_order_of_bytes(node: exp.Expression) -> exp.Expression:
    from sqlglot import exp

    return exp.paren(exp.Collate(this=node.copy(), expression=exp.to_identifier("C", quoted=True)))
