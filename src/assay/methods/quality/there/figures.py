"""Figures of a whole table that mean the same everywhere, and which of them only to the last digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.methods.quality.there.reading import NUMBERS, Differs, Reader, Reading

if TYPE_CHECKING:
    from sqlglot import exp


def _count(reading: Reading, node: exp.Expression) -> str:
    from sqlglot import exp

    inner = node.this
    if isinstance(inner, exp.Distinct):
        if len(inner.expressions) != 1:
            raise Differs("a count of combinations is not alike")
        reading.kind(inner.expressions[0])
    elif isinstance(inner, exp.Column):
        if inner.name not in reading.far.kinds:
            raise Differs(f"there is no {inner.name}")
    elif not isinstance(inner, exp.Star):
        reading.kind(inner)
    return "integer"


def _sum(reading: Reading, node: exp.Expression) -> str:
    from sqlglot import exp

    kind = _measured(reading, node)
    reading.inexact = reading.inexact or kind == "float"
    if (
        kind == "integer" and reading.far.dialect == "spark" and not isinstance(node.this, exp.Cast)
    ):  # whose own sum comes round past 2**63
        node.set("this", exp.cast(node.this.copy(), "DECIMAL(20, 0)", dialect="duckdb"))
    return kind


def _extreme(reading: Reading, node: exp.Expression) -> str:
    kind = reading.kind(node.this)
    if kind == "boolean" or node.args.get("expressions"):
        raise Differs("an extreme is not alike")
    return kind


def _mean(reading: Reading, node: exp.Expression) -> str:
    from sqlglot import exp

    if _measured(reading, node) != "integer" or isinstance(node.parent, exp.Filter):
        reading.inexact = True
        return "float"
    total, count = exp.Sum(this=node.this.copy()), exp.Count(this=node.this.copy())
    _sum(reading, total)  # DuckDB divides the exact sum
    node.replace(exp.Div(
        this=exp.cast(total, "double", dialect="duckdb"),
        expression=exp.Nullif(this=count, expression=exp.Literal.number(0)), typed=True,
    ))  # fmt: skip
    return "float"


def _inexact(reading: Reading, node: exp.Expression) -> str:
    _measured(reading, node)
    reading.inexact = True
    return "float"


def _measured(reading: Reading, node: exp.Expression) -> str:
    kind = reading.kind(node.this)
    if kind not in NUMBERS:
        raise Differs(f"a figure of {kind} values is not alike")
    return kind


def _correlation(reading: Reading, node: exp.Expression) -> str:
    if reading.kind(node.expression) not in ("integer", "float"):
        raise Differs("a correlation is not alike")
    return _inexact(reading, node)


def _quantile(reading: Reading, node: exp.Expression) -> str:
    from sqlglot import exp

    at = node.args.get("quantile") or node.args.get("expression")
    if not isinstance(at, exp.Literal) or at.is_string:
        raise Differs("a quantile is not read alike")
    return _middle(reading, node)


def _middle(reading: Reading, node: exp.Expression) -> str:
    if (
        _inexact(reading, node) and reading.kind(node.this) == "decimal"
    ):  # DuckDB rounds what lies between two
        raise Differs("a figure between decimal values is not alike")
    return "float"


def _age(reading: Reading, node: exp.Expression) -> str:
    if str(node.args.get("unit")).strip("'").upper() not in ("SECOND", "VAR(SECOND)"):
        raise Differs("a length of time is not alike")
    if {reading.kind(node.this), reading.kind(node.expression)} != {"timestamp"}:
        raise Differs("a length of time is not alike")
    return "integer"


def _filtered(reading: Reading, node: exp.Expression) -> str:
    reading.boolean(node.expression.this)
    return reading.kind(node.this)


READERS: dict[str, Reader] = {
    "Count": _count,
    "Sum": _sum,
    **dict.fromkeys(("Min", "Max"), _extreme),
    "Avg": _mean,
    **dict.fromkeys(("Stddev", "StddevSamp", "StddevPop", "Variance", "VariancePop"), _inexact),
    "Median": _middle,
    "Corr": _correlation,
    "PercentileCont": _quantile,
    "DateDiff": _age,
    "Filter": _filtered,
}
