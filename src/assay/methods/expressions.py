"""The language of rules: ``end >= start and (paid == 'Yes') == (amount > 0)``, over the columns of a table.

Python's own syntax, of which only this is read: column names (in backticks where they are not plain words),
numbers, texts, True, False, None, ``+ - * / %``, comparisons, ``in (…)``, ``and or not``, ``x is None``, and the
functions that methods/functions.py lists. Logic has three values as in SQL: what compares with nothing is
unknown, and unknown breaks no rule.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.methods.functions import LONGEST_FORMAT, TAKES, WRITTEN, call

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST = 4_000
DEEPEST = 40
_COMPARE = {
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
}
_ARITHMETIC = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}
_KNOWN: tuple[type[ast.AST], ...] = (
    ast.Expression,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.UnaryOp,
    ast.Not,
    ast.USub,
    ast.UAdd,
    ast.BinOp,
    ast.Mod,
    ast.Compare,
    ast.In,
    ast.NotIn,
    ast.Is,
    ast.IsNot,
    ast.Call,
    ast.Name,
    ast.Load,
    ast.Constant,
    ast.Tuple,
    ast.List,
    *_COMPARE,
    *_ARITHMETIC,
)


@dataclass(frozen=True)
class Expression:
    """A rule that was read and found to use nothing but the language. columns: those it names, in order."""

    text: str
    tree: ast.expr
    columns: tuple[str, ...]
    names: Mapping[str, str]

    def evaluate(self, batch: pa.RecordBatch | pa.Table) -> pa.Array:
        """Return a boolean (or value) per row of ``batch``, null where it is unknown; UsageError on bad types."""
        import pyarrow as pa

        try:
            result = _Evaluator(batch, self.names).visit(self.tree)
            if isinstance(result, pa.Scalar):
                result = pa.repeat(result, batch.num_rows)
            return result.combine_chunks() if isinstance(result, pa.ChunkedArray) else result
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise UsageError(
                f"the types in {self.text[:120]!r} do not fit together: {str(error).splitlines()[0][:160]}",
                remedy="compare numbers with numbers, dates with dates and texts with texts",
                kept=f"the types in {self.text[:120]!r} do not fit together",
            ) from None


def quoted(column: str) -> str:
    """Return a column's name as the language writes it: in backticks unless it is a plain word."""
    plain = column.isidentifier() and column.isascii() and column not in _RESERVED
    return column if plain else "`" + column.replace("`", "``") + "`"


_RESERVED = frozenset({"and", "or", "not", "in", "is", "None", "True", "False", "if", "else", *TAKES}) | (
    frozenset(__import__("keyword").kwlist)
)


def unquoted(text: str) -> tuple[str, dict[str, str]]:
    """Return a text with plain words for the names it has in backticks, and which word stands for which name."""
    names: dict[str, str] = {}

    def hide(match: re.Match[str]) -> str:
        if match.group(1) is not None:  # a text in quotes stays as it is
            return match.group(0)
        key = f"_column_{len(names)}_"
        names[key] = match.group(2).replace("``", "`")
        return f" {key} "

    plain = re.sub(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|`((?:[^`]|``)+)`""", hide, text)
    return plain, names


def parse(text: str) -> Expression:
    """Read a rule; UsageError says what of it is not in the language."""
    if len(text) > LONGEST:
        raise UsageError(f"the rule {text[:40]!r}… is longer than {LONGEST} characters")
    plain, names = unquoted(text)
    try:
        tree = ast.parse(plain.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(
            f"the rule {text[:120]!r} cannot be read", remedy="write it like: end >= start and amount > 0"
        ) from None
    _allowed(tree, text)
    _lists_allowed(tree, text)
    columns: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not _is_function(node, tree):
            columns[names.get(node.id, node.id)] = None
    return Expression(text, tree, tuple(columns), names)


def _is_function(name: ast.Name, tree: ast.expr) -> bool:
    return any(isinstance(n, ast.Call) and n.func is name for n in ast.walk(tree))


def _allowed(tree: ast.expr, text: str) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        if not level:
            return
        for node in level:
            if not isinstance(node, _KNOWN):
                raise UsageError(
                    f"the rule {text[:120]!r} uses {type(node).__name__.lower()}, which rules do not have",
                    remedy="use columns, numbers, texts, comparisons, + - * /, in, and, or, not",
                )
            if isinstance(node, ast.Call) and not (
                isinstance(node.func, ast.Name) and node.func.id in TAKES and not node.keywords
            ):
                raise UsageError(
                    f"the rule {text[:120]!r} calls something unknown",
                    remedy=f"there is {', '.join(TAKES)}",
                )
            if isinstance(node, ast.Call):
                _call_allowed(node, text)
            if isinstance(node, ast.Constant):
                _constant_allowed(node.value, text)
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    raise UsageError(f"the rule {text[:120]!r} is nested more than {DEEPEST} deep")


def _lists_allowed(tree: ast.expr, text: str) -> None:
    """UsageError where a list stands anywhere but behind ``in``."""
    behind = {
        id(right)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for op, right in zip(node.ops, node.comparators, strict=True)
        if isinstance(op, (ast.In, ast.NotIn))
    }
    if any(isinstance(n, (ast.Tuple, ast.List)) and id(n) not in behind for n in ast.walk(tree)):
        raise UsageError(
            f"the rule {text[:120]!r} has a list that is not behind `in`",
            remedy="write: column in ('a', 'b')",
        )


def _call_allowed(node: ast.Call, text: str) -> None:
    assert isinstance(node.func, ast.Name)
    name = node.func.id
    least, most = TAKES[name]
    if not least <= len(node.args) <= most:
        much = (
            f"more than {'one value' if most == 1 else f'{most} values'}"
            if len(node.args) > most
            else "too little"
        )
        raise UsageError(f"the rule {text[:120]!r} gives {name} {much}")
    if name not in WRITTEN or len(node.args) == 1:
        return
    second = node.args[1].operand if isinstance(node.args[1], ast.UnaryOp) else node.args[1]
    value = second.value if isinstance(second, ast.Constant) else None
    if WRITTEN[name] is int:
        if type(value) is not int or value > 300:
            raise UsageError(
                f"the rule {text[:120]!r} gives {name} digits that are no plain whole number",
                remedy="write: round(x, 2)" if name == "round" else "write: left(code, 2)",
            )
    elif (
        type(value) is not str
        or not 0 < len(value) <= LONGEST_FORMAT
        or (name == "number" and value not in ".,")
    ):
        raise UsageError(
            f"the rule {text[:120]!r} does not say how a {name} is written",
            remedy="write: number(x, ',')" if name == "number" else "write: date(x, '%d.%m.%Y')",
        )


def _constant_allowed(value: object, text: str) -> None:
    if not isinstance(value, (int, float, str, bool, type(None))):
        raise UsageError(f"the rule {text[:120]!r} holds a value of a kind that rules do not have")
    if isinstance(value, int) and abs(value) > 10**300:
        raise UsageError(f"the rule {text[:120]!r} holds a number that is larger than any column's can be")


class _Evaluator:
    """Walk the tree with Arrow's kernels; every result is an array of the batch's length, or a scalar."""

    def __init__(self, batch: Any, names: Mapping[str, str]) -> None:
        self.batch, self.names = batch, names

    def visit(self, node: ast.expr) -> Any:
        return getattr(self, "_" + type(node).__name__.lower())(node)

    def _name(self, node: ast.Name) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        array = self.batch.column(self.names.get(node.id, node.id))
        kind = array.type
        if pa.types.is_dictionary(kind):
            array, kind = array.cast(kind.value_type), kind.value_type
        if pa.types.is_decimal(kind) or pa.types.is_float16(kind) or pa.types.is_float32(kind):
            array = array.cast(pa.float64())
        elif pa.types.is_integer(kind) and kind != pa.int64():
            # of unsigned 64 bits a float does not tell every two apart, and a signed number does not hold all
            array = array.cast(pa.decimal128(20, 0) if kind == pa.uint64() else pa.int64())
        if pa.types.is_floating(array.type):  # NaN is no number, and so is nothing
            array = pc.if_else(pc.is_nan(array), pa.scalar(None, pa.float64()), array)
        return array

    def _constant(self, node: ast.Constant) -> Any:
        import pyarrow as pa

        value: Any = node.value
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
            value = Decimal(value) if abs(value) < 2**64 else float(value)
        return pa.scalar(value)

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        import pyarrow.compute as pc

        value = self.visit(node.operand)
        if isinstance(node.op, ast.Not):
            return pc.invert(value)
        return _exact("negate", value) if isinstance(node.op, ast.USub) else value

    def _binop(self, node: ast.BinOp) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, (ast.Div, ast.Mod)):
            left, right = _float(left), _float(right)
            zero = pc.equal(right, pa.scalar(0.0))
            right = pc.if_else(zero, pa.scalar(None, pa.float64()), right)
            whole = pc.divide(left, right)
            if isinstance(node.op, ast.Mod):
                return pc.subtract(left, pc.multiply(pc.floor(whole), right))
            return whole
        if isinstance(node.op, ast.Mult):  # an integer product may not fit 64 bits
            left, right = _float(left), _float(right)
        return _exact(_ARITHMETIC[type(node.op)], left, right)

    def _boolop(self, node: ast.BoolOp) -> Any:
        import pyarrow.compute as pc

        join = pc.and_kleene if isinstance(node.op, ast.And) else pc.or_kleene
        values = [self.visit(v) for v in node.values]
        out = values[0]
        for value in values[1:]:
            out = join(out, value)
        return out

    def _compare(self, node: ast.Compare) -> Any:
        import pyarrow.compute as pc

        out, left_node = None, node.left
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            one = self._one(op, left_node, right_node)
            out = one if out is None else pc.and_kleene(out, one)
            left_node = right_node
        return out

    def _one(self, op: ast.cmpop, left_node: ast.expr, right_node: ast.expr) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        left = self.visit(left_node)
        if isinstance(op, (ast.Is, ast.IsNot)) or (
            isinstance(right_node, ast.Constant) and right_node.value is None
        ):
            if not (isinstance(right_node, ast.Constant) and right_node.value is None):
                raise UsageError("`is` compares with None only", remedy="use == instead")
            absent = pc.is_null(left)
            return absent if isinstance(op, (ast.Is, ast.Eq)) else pc.invert(absent)
        if isinstance(op, (ast.In, ast.NotIn)):
            if not isinstance(right_node, (ast.Tuple, ast.List)):
                raise UsageError("`in` wants a list of values", remedy="write: column in ('a', 'b')")
            values = [_fit(left, self.visit(v)) for v in right_node.elts]
            found = pa.scalar(False)
            for value in values:
                found = pc.or_kleene(found, pc.equal(left, value))
            return found if isinstance(op, ast.In) else pc.invert(found)
        right = self.visit(right_node)
        left, right = _fit(right, left), _fit(left, right)
        return getattr(pc, _COMPARE[type(op)])(left, right)

    def _call(self, node: ast.Call) -> Any:
        import pyarrow.compute as pc

        assert isinstance(node.func, ast.Name)
        value = self.visit(node.args[0])
        if node.func.id == "round":
            digits = self.visit(node.args[1]).as_py() if len(node.args) == 2 else 0
            return pc.round(_float(value), int(digits))
        if node.func.id == "abs":
            return _exact("abs", value)
        return call(node.func.id, [value, *(self.visit(a) for a in node.args[1:])])


def _exact(name: str, *values: Any) -> Any:
    """Calculate; whole numbers that 64 bits do not hold go on as floats, and never come round to the other end."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return getattr(pc, f"{name}_checked")(*values)
    except pa.ArrowInvalid:
        return getattr(pc, name)(*map(_float, values))


def _float(value: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(value, pa.float64(), safe=False)


def _fit(other: Any, value: Any) -> Any:
    """A constant text beside a date is a date; a number beside a truth value is 0 or 1."""
    import pyarrow as pa

    if isinstance(value, pa.Scalar) and value.type != other.type:
        if pa.types.is_temporal(other.type) and pa.types.is_string(value.type):
            return value.cast(other.type)
        if pa.types.is_boolean(other.type) and pa.types.is_integer(value.type):
            return pa.scalar(bool(value.as_py()))
    elif not isinstance(value, pa.Scalar) and isinstance(other, pa.Scalar):
        return value
    if (
        pa.types.is_temporal(value.type)
        and pa.types.is_temporal(other.type)
        and value.type != other.type
        and not pa.types.is_time(value.type)
        and not pa.types.is_duration(value.type)
    ):
        zone = getattr(value.type, "tz", None) or getattr(other.type, "tz", None)
        return value.cast(pa.timestamp("us", zone))
    return value
