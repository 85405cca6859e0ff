"""What a remedy would be in SQL, for a person to read: one UPDATE a rule."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from assay.methods.expressions import Expression
from assay.methods.repair.marking import reason_of
from assay.methods.repair.mending import Mending, Remedy
from assay.methods.repair.source import Known, Only, answers
from assay.methods.sqltext import literal, quoted

Dialect = Literal["duckdb", "sqlite", "postgres"]
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "=", ast.NotEq: "<>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*",
}  # fmt: skip
_FUNCTIONS = ("abs", "floor", "length", "lower", "upper")


def statements(
    table: str, mendings: Sequence[Mending], remedy: Remedy, known: Mapping[str, Known], marker: str
) -> list[str]:
    """Return the statements, in the order in which they would be carried out.

    Rules without this remedy have none, and rules with a function that is not SQL's (``date``, ``days``, ``number``) or
    means another thing there: ``round`` brings a half to the even number, and SQL away from zero.
    """
    out = []
    for mending in mendings:
        if not all(_in_sql(e) for e in (mending.holds, mending.to) if e is not None):
            continue
        where = f"NOT ({sql(mending.holds)})"
        for column, value, extra in _sets(mending, remedy, known, marker):
            tail = f" AND {extra}" if extra else ""
            out.append(f"UPDATE {table} SET {column} = {value} WHERE {where}{tail};")
    return out


def _in_sql(expression: Expression) -> bool:
    calls = (
        n.func.id
        for n in ast.walk(expression.tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    )
    return all(name in _FUNCTIONS for name in calls)


def _sets(
    mending: Mending, remedy: Remedy, known: Mapping[str, Known], marker: str
) -> list[tuple[str, str, str]]:
    if remedy == "soft-delete":
        both = f"{quoted(marker)} = TRUE, {quoted(reason_of(marker))}"
        return [
            (both.partition(" = ")[0], f"TRUE, {quoted(reason_of(marker))} = {literal(mending.title)}", "")
        ]
    if mending.to is None:
        return []
    to = sql(mending.to)
    if remedy == "derived":
        if mending.words:
            yes, no = map(value_of, mending.words)
            to = f"CASE WHEN {to} THEN {yes} ELSE {no} END"
            return [(quoted(mending.column), to, f"({sql(mending.to)}) IS NOT NULL")]
        return [(quoted(mending.column), to, f"({to}) IS NOT NULL")]
    found = answers(mending.to, known)
    if found is None:
        return []
    if found.copied:
        return [(quoted(found.column), quoted(mending.column), "")]
    pairs = ((found.true, f"NOT ({to})"), (found.false, f"({to})"))
    return [(quoted(found.column), value_of(a.value), extra) for a, extra in pairs if isinstance(a, Only)]


def value_of(value: Any) -> str:
    """Return a plain value as SQL writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value) if isinstance(value, (int, float)) else literal(str(value))


def sql(expression: Expression) -> str:
    """Return an expression of the language of rules as SQL."""
    return _Writer(expression.names).visit(expression.tree)


class _Writer:
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit(self, node: ast.expr) -> str:
        return str(getattr(self, "_" + type(node).__name__.lower())(node))

    def _inner(self, node: ast.expr) -> str:
        text = self.visit(node)
        return text if isinstance(node, (ast.Name, ast.Constant, ast.Call)) else f"({text})"

    def _name(self, node: ast.Name) -> str:
        return quoted(self.names.get(node.id, node.id))

    def _constant(self, node: ast.Constant) -> str:
        return value_of(node.value)

    def _unaryop(self, node: ast.UnaryOp) -> str:
        word = {ast.Not: "NOT ", ast.USub: "-", ast.UAdd: "+"}[type(node.op)]
        return f"{word}{self._inner(node.operand)}"

    def _binop(self, node: ast.BinOp) -> str:
        left, right = self._inner(node.left), self._inner(node.right)
        if isinstance(node.op, (ast.Div, ast.Mod)):
            # whole numbers are divided without rest in SQLite and PostgreSQL, and nothing by zero
            ratio = f"CAST({left} AS DOUBLE PRECISION) / NULLIF({right}, 0)"
            # a remainder has the sign of the divisor, which in SQL it has not
            return ratio if isinstance(node.op, ast.Div) else f"{left} - {right} * floor({ratio})"
        return f"{left} {_ARITHMETIC[type(node.op)]} {right}"

    def _boolop(self, node: ast.BoolOp) -> str:
        word = " AND " if isinstance(node.op, ast.And) else " OR "
        return word.join(self._inner(v) for v in node.values)

    def _compare(self, node: ast.Compare) -> str:
        parts, left = [], node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            parts.append(self._one(left, op, right))
            left = right
        return parts[0] if len(parts) == 1 else " AND ".join(f"({p})" for p in parts)

    def _one(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> str:
        if isinstance(right, ast.Constant) and right.value is None:
            word = "IS NULL" if isinstance(op, (ast.Is, ast.Eq)) else "IS NOT NULL"
            return f"{self._inner(left)} {word}"
        if isinstance(op, (ast.In, ast.NotIn)):
            assert isinstance(right, (ast.Tuple, ast.List))
            word = "IN" if isinstance(op, ast.In) else "NOT IN"
            return f"{self._inner(left)} {word} ({', '.join(self.visit(v) for v in right.elts)})"
        return f"{self._inner(left)} {_COMPARE[type(op)]} {self._inner(right)}"

    def _call(self, node: ast.Call) -> str:
        assert isinstance(node.func, ast.Name)
        return f"{node.func.id}({', '.join(self.visit(a) for a in node.args)})"
