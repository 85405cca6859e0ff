"""Expressions of one row that mean the same everywhere, and of what kind each is."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from assay.methods.quality.there.reading import NUMBERS, Differs, Reader, Reading
from assay.methods.quality.there.regexes import Otherwise, alike

if TYPE_CHECKING:
    from sqlglot import exp

_WHOLE = 2**63


def _literal(reading: Reading, node: exp.Expression) -> str:
    text = str(node.this)
    if node.is_string:
        if "\0" in text:
            raise Differs("a NUL character cannot be said there")
        return "text"
    if re.fullmatch(r"\d+", text):
        if int(text) >= _WHOLE:
            raise Differs("a number is too long")
        return "integer"
    if re.fullmatch(r"\d*\.\d*", text) and len(text) <= 16:
        return "decimal"
    raise Differs("a number is not read alike")


def _compared(reading: Reading, node: exp.Expression) -> str:
    left, right = node.this, node.expression
    _moments(reading, left, right)
    reading.same([node.this, node.expression])
    return "boolean"


def _moments(reading: Reading, *nodes: exp.Expression) -> None:
    """Write the type of a date beside a text out: ``d >= '2020-01-01'``."""
    from sqlglot import exp

    for one in nodes:
        if isinstance(one, exp.Literal):
            continue
        kind = reading.kind(one)
        if kind not in ("date", "timestamp"):
            continue
        for other in nodes:
            if isinstance(other, exp.Literal) and other.is_string:
                _iso(str(other.this), kind)
                other.replace(exp.cast(other.copy(), kind, dialect="duckdb"))


def _iso(text: str, kind: str) -> None:
    shape = r"\d{4}-\d\d-\d\d" + ("" if kind == "date" else r"( \d\d:\d\d:\d\d(\.\d{1,6})?)?")
    try:
        if re.fullmatch(shape, text) and datetime.fromisoformat(text):
            return
    except ValueError:
        pass
    raise Differs("a date is written in a way that is not read alike")


def _in(reading: Reading, node: exp.Expression) -> str:
    if node.args.get("query") or not node.expressions:
        raise Differs("a list of values is not read alike")
    _moments(reading, node.this, *node.expressions)
    kinds = {reading.kind(e) for e in node.expressions}
    if len(kinds) > 1 and reading.kind(node.this) not in ("float", "decimal"):
        raise Differs("a list mixes kinds of numbers")
    reading.same([node.this, *node.expressions])
    return "boolean"


def _between(reading: Reading, node: exp.Expression) -> str:
    parts = node.this, node.args["low"], node.args["high"]
    _moments(reading, *parts)
    reading.same([node.this, node.args["low"], node.args["high"]])
    return "boolean"


def _is(reading: Reading, node: exp.Expression) -> str:
    from sqlglot import exp

    if isinstance(node.expression, exp.Null) and isinstance(node.this, exp.Column):
        if node.this.name not in reading.far.kinds:
            raise Differs(f"there is no {node.this.name}")
        return "boolean"  # of a column of whatever type
    if isinstance(node.expression, exp.Null):
        reading.kind(node.this)
        return "boolean"
    if isinstance(node.expression, exp.Boolean):
        reading.boolean(node.this)
        return "boolean"
    raise Differs("IS is not read alike")


def _logic(reading: Reading, node: exp.Expression) -> str:
    for part in (node.this, node.args.get("expression")):
        if part is not None:
            reading.boolean(part)
    return "boolean"


def _inner(reading: Reading, node: exp.Expression) -> str:
    return reading.kind(node.this)


def _negative(reading: Reading, node: exp.Expression) -> str:
    kind = reading.kind(node.this)
    if kind not in NUMBERS:
        raise Differs("what is negated is no number")
    return kind


def _arithmetic(reading: Reading, node: exp.Expression) -> str:
    from sqlglot import exp

    kinds = {reading.kind(node.this), reading.kind(node.expression)}
    counts = all(c.find_ancestor(exp.Count) for c in node.find_all(exp.Column))
    if kinds == {"integer"} and (reading.far.dialect == "postgres" or counts):
        return "integer"  # what overflows PostgreSQL is an error, and asked here then; Spark may come round
    if "float" in kinds and kinds <= set(NUMBERS):
        return "float"
    raise Differs("arithmetic is not alike")


def _division(reading: Reading, node: exp.Expression) -> str:
    from sqlglot import exp

    over = node.expression
    while isinstance(over, (exp.Paren, exp.Cast)):  # a cast is ours, from when it was read before
        over = over.this
    plain = isinstance(over, exp.Literal) and not over.is_string and float(str(over.this)) != 0
    whole = isinstance(over, exp.Nullif) and str(over.expression) == "0"
    if not (plain or whole):
        raise Differs("a division by nothing is not alike")
    if reading.kind(node.this) not in ("integer", "float") or reading.kind(over) not in NUMBERS:
        raise Differs("a division is not alike")
    for part in ("this", "expression"):
        if not isinstance(node.args[part], exp.Cast):
            node.set(part, exp.cast(node.args[part].copy(), "double", dialect="duckdb"))
    return "float"


def _case(reading: Reading, node: exp.Expression) -> str:
    if node.this is not None:
        raise Differs("CASE with a value is not read alike")
    for branch in node.args["ifs"]:
        reading.boolean(branch.this)
    results = [b.args["true"] for b in node.args["ifs"]]
    default = node.args.get("default")
    return reading.same([*results, *([default] if default is not None else [])])


def _coalesce(reading: Reading, node: exp.Expression) -> str:
    return reading.same([node.this, *node.expressions])


def _nullif(reading: Reading, node: exp.Expression) -> str:
    reading.same([node.this, node.expression])
    return reading.kind(node.this)


def _cast(reading: Reading, node: Any) -> str:
    from sqlglot import exp

    to, inner = (
        {"TIMESTAMPNTZ": "TIMESTAMP", "TEXT": "VARCHAR"}.get(node.to.this.name, node.to.this.name),
        node.this,
    )
    while isinstance(inner, exp.Paren):
        inner = inner.this
    if isinstance(inner, exp.Literal) and inner.is_string:
        text = str(inner.this)
        if to == "DOUBLE" and re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text):
            return "float"
        if to in ("DATE", "TIMESTAMP"):
            _iso(text, to.lower())
            return "date" if to == "DATE" else "timestamp"
        raise Differs("a written value is not read alike")
    if isinstance(inner, exp.Column) and reading.far.kinds.get(inner.name) == "zoned":
        if to != "TIMESTAMP":
            raise Differs("a time with a zone is not read alike")
        return "timestamp"
    kind = reading.kind(inner)
    if kind == "integer" and node.to.sql() == "DECIMAL(20, 0)":
        return kind
    if (kind, to) in _CASTS:
        return _CASTS[kind, to]
    raise Differs(f"{kind} is not turned into {to} alike")


_CASTS = {
    ("text", "VARCHAR"): "text", ("integer", "VARCHAR"): "text",
    ("date", "VARCHAR"): "text", ("boolean", "BOOLEAN"): "boolean", ("null", "BOOLEAN"): "boolean",
    ("boolean", "INT"): "integer", ("integer", "DOUBLE"): "float", ("float", "DOUBLE"): "float", ("date", "DATE"): "date",
    ("date", "TIMESTAMP"): "timestamp", ("timestamp", "TIMESTAMP"): "timestamp", ("timestamp", "DATE"): "date",
}  # fmt: skip


def _regex(reading: Reading, node: exp.Expression) -> str:
    from sqlglot import exp

    pattern = node.expression
    if reading.kind(node.this) != "text" or not isinstance(pattern, exp.Literal) or _more(node):
        raise Differs("a pattern is not read alike")
    try:
        alike(
            str(pattern.this),
            whole=isinstance(node, exp.RegexpFullMatch),
            backtracks=reading.far.backtracks,
        )
    except Otherwise as error:
        raise Differs(f"its pattern may be read otherwise ({error})") from None
    return "boolean"


def _more(node: exp.Expression) -> bool:
    return any(v for k, v in node.args.items() if k not in ("this", "expression"))


def _like(reading: Reading, node: exp.Expression) -> str:
    from sqlglot import exp

    pattern = node.expression
    if reading.kind(node.this) != "text" or not isinstance(pattern, exp.Literal) or "\\" in str(pattern.this):
        raise Differs("LIKE is not read alike")
    _literal(reading, pattern)
    return "boolean"


def _length(reading: Reading, node: exp.Expression) -> str:
    if reading.kind(node.this) != "text":
        raise Differs("a length is not alike")
    return "integer"


def _starts(reading: Reading, node: exp.Expression) -> str:
    if {reading.kind(node.this), reading.kind(node.expression)} != {"text"}:
        raise Differs("a beginning is not alike")
    return "boolean"


def _absolute(reading: Reading, node: exp.Expression) -> str:
    kind = reading.kind(node.this)
    if kind not in ("integer", "float"):
        raise Differs("abs is not alike")
    return kind


def _part(reading: Reading, node: exp.Expression) -> str:
    if reading.kind(node.this) not in ("date", "timestamp"):
        raise Differs("a part of a date is not alike")
    return "integer"


READERS: dict[str, Reader] = {
    "Column": lambda reading, node: reading.column(node),
    "Literal": _literal,
    "Boolean": lambda reading, node: "boolean",
    "Null": lambda reading, node: "null",
    "Paren": _inner,
    **dict.fromkeys(("And", "Or", "Not"), _logic),
    **dict.fromkeys(("EQ", "NEQ", "LT", "LTE", "GT", "GTE"), _compared),
    "In": _in,
    "Between": _between,
    "Is": _is,
    "Neg": _negative,
    **dict.fromkeys(("Add", "Sub", "Mul"), _arithmetic),
    "Div": _division,
    "Case": _case,
    "Coalesce": _coalesce,
    "Nullif": _nullif,
    "Cast": _cast,
    **dict.fromkeys(("RegexpFullMatch", "RegexpLike"), _regex),
    "Like": _like,
    "Length": _length,
    "StartsWith": _starts,
    "Abs": _absolute,
    **dict.fromkeys(("Year", "Month", "Day"), _part),
}
