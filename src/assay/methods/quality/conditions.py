"""Filters of Great Expectations as SQL: pandas queries, its own ``col("x") > 1``, Spark's SQL, and conditions as JSON.

pandas compares in two values: what compares with nothing is false, and unequal to everything.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.expressions import LONGEST, unquoted
from assay.methods.quality.query import expression
from assay.methods.quality.values import number, sql_number
from assay.methods.sqltext import literal, quoted

_COMPARE = {ast.Eq: "=", ast.NotEq: "<>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%"}
_NULLS = {"isnull": "IS NULL", "isna": "IS NULL", "notnull": "IS NOT NULL", "notna": "IS NOT NULL"}
_WORDS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_OWN = re.compile(
    r"""\s*col\(\s*"(?P<column>[^"]+)"\s*\)\s*
    (?:(?P<null>\.notNull\(\))
      |(?P<op>==|!=|<=|>=|<|>)\s*
       (?:(?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
         |date\(\s*["'](?P<date>[^"']+)["']\s*\)
         |"(?P<double>[^"]*)"|'(?P<single>[^']*)'))\s*""",
    re.X | re.I,
)
_JOINED = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|([&|])""")
DEEPEST = 30


def condition(given: Any, parser: str = "") -> str:
    """Return a ``row_condition`` as SQL that is true where the row counts; UsageError where it is not understood."""
    if isinstance(given, Mapping):
        return _structured(given, 0)
    if not isinstance(given, str):
        raise UsageError("a row_condition is a text or a mapping")
    if len(given) > LONGEST:
        raise UsageError(f"the row_condition is longer than {LONGEST} characters")
    if parser == "spark":
        return expression(given, "spark")
    if parser.startswith("great_expectations") or (not parser and _OWN.fullmatch(given)):
        return _own(given)
    if parser in ("", "pandas", "python"):
        return pandas(given)
    raise UsageError(f"there is no condition_parser {parser[:40]!r}")


def _own(text: str) -> str:
    found = _OWN.fullmatch(text)
    if not found:
        raise UsageError(f"the row_condition {text[:80]!r} is not understood")
    column = quoted(found["column"])
    if found["null"]:
        return f"{column} IS NOT NULL"
    value = next(
        v for v in (found["date"], found["double"], found["single"], found["number"]) if v is not None
    )
    shown = sql_number(number(value) or 0) if found["number"] else literal(value)
    return f"{column} {_WORDS[found['op']]} {shown}"


def _structured(given: Mapping[str, Any], depth: int) -> str:
    kind = given.get("type")
    if depth > DEEPEST:
        raise UsageError(f"the row_condition nests deeper than {DEEPEST} levels")
    if kind in ("and", "or") and isinstance(given.get("conditions"), Sequence) and given["conditions"]:
        parts = [_structured(c, depth + 1) for c in given["conditions"] if isinstance(c, Mapping)]
        if len(parts) == len(given["conditions"]):
            return "(" + f" {kind.upper()} ".join(parts) + ")"
    column = given.get("column")
    name = column.get("name") if isinstance(column, Mapping) else column
    if kind == "pass_through":
        return pandas(str(given.get("pass_through_filter", "")))
    if kind == "nullity" and isinstance(name, str) and isinstance(given.get("is_null"), bool):
        return f"{quoted(name)} {'IS NULL' if given['is_null'] else 'IS NOT NULL'}"
    if kind == "comparison" and isinstance(name, str):
        op, value = str(given.get("operator")), given.get("parameter")
        if op in _WORDS and not isinstance(value, (list, dict, type(None))):
            null = "TRUE" if op == "!=" else "FALSE"
            return f"coalesce({quoted(name)} {_WORDS[op]} {_constant(value)}, {null})"
        if op in ("IN", "NOT_IN") and isinstance(value, list) and value:
            null, word = ("TRUE", "NOT IN") if op == "NOT_IN" else ("FALSE", "IN")
            return f"coalesce({quoted(name)} {word} ({', '.join(map(_constant, value))}), {null})"
    raise UsageError(f"the row_condition of type {str(kind)[:40]!r} is not understood")


def _constant(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        found = number(value)
        if found is None:
            raise UsageError("the row_condition compares with a number that is none")
        return sql_number(found)
    if isinstance(value, str):
        return literal(value)
    raise UsageError(f"the row_condition compares with a {type(value).__name__}")


def pandas(text: str) -> str:
    """Return a query as pandas' ``DataFrame.query`` takes it, as SQL; UsageError on what is not understood of it."""
    if len(text) > LONGEST:
        raise UsageError(f"the row_condition is longer than {LONGEST} characters")
    plain, names = unquoted(text)
    # in a query & and | bind like and and or
    plain = _JOINED.sub(lambda m: m[1] or {"&": " and ", "|": " or "}[m[2]], plain)
    try:
        tree = ast.parse(plain.strip(), mode="eval").body
        return _Pandas(names, text).visit(tree, 0)
    except UsageError:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(f"the row_condition {text[:80]!r} cannot be read") from None


class _Pandas:
    def __init__(self, names: Mapping[str, str], text: str) -> None:
        self.names, self.text = names, text

    def visit(self, node: ast.expr, depth: int) -> str:
        """Return a truth value as SQL that is never null."""
        if depth > DEEPEST:
            raise ValueError
        if isinstance(node, ast.BoolOp):
            word = " AND " if isinstance(node.op, ast.And) else " OR "
            return "(" + word.join(self.visit(v, depth + 1) for v in node.values) + ")"
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.Invert)):
            return f"(NOT {self.visit(node.operand, depth + 1)})"
        if isinstance(node, ast.Compare):
            return self._compare(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Name):  # a column of truth values
            return f"coalesce({self._value(node)}, FALSE)"
        raise self._not_understood(node)

    def _compare(self, node: ast.Compare) -> str:
        parts, left = [], node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(right, (ast.List, ast.Tuple)) and isinstance(
                op, (ast.In, ast.NotIn, ast.Eq, ast.NotEq)
            ):
                values = ", ".join(self._value(v) for v in right.elts)
                found = f"coalesce({self._value(left)} IN ({values}), FALSE)" if right.elts else "FALSE"
                parts.append(found if isinstance(op, (ast.In, ast.Eq)) else f"NOT {found}")
            elif type(op) in _COMPARE:
                one = f"{self._value(left)} {_COMPARE[type(op)]} {self._value(right)}"
                parts.append(f"coalesce({one}, {'TRUE' if isinstance(op, ast.NotEq) else 'FALSE'})")
            else:
                raise self._not_understood(node)
            left = right
        return "(" + " AND ".join(parts) + ")"

    def _call(self, node: ast.Call) -> str:
        if (
            isinstance(node.func, ast.Attribute)
            and node.func.attr in _NULLS
            and not (node.args or node.keywords)
        ):
            return f"({self._value(node.func.value)} {_NULLS[node.func.attr]})"
        raise self._not_understood(node)

    def _value(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return quoted(self.names.get(node.id, node.id))
        if isinstance(node, ast.Constant):
            return _constant(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            return (
                f"(-{self._value(node.operand)})"
                if isinstance(node.op, ast.USub)
                else self._value(node.operand)
            )
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            return f"({self._value(node.left)} {_ARITHMETIC[type(node.op)]} {self._value(node.right)})"
        raise self._not_understood(node)

    def _not_understood(self, node: ast.expr) -> UsageError:
        return UsageError(
            f"the row_condition {self.text[:80]!r} uses {type(node).__name__.lower()}, which is not understood"
        )
