"""SQL that people write in rules: parsed, held against a list of what it may use, and written anew from its tree.

Nothing of the text itself reaches the engine. What is not on the list (queries, files, settings, functions that make
much out of little) is refused, so that what the parser and the engine might read differently does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean

if TYPE_CHECKING:
    from sqlglot import exp

LONGEST = 4_000
DEEPEST = 60
FUNCTIONS = (
    "abs", "ceil", "coalesce", "concat", "contains", "current_date", "date_diff", "date_part", "date_trunc", "day",
    "ends_with", "exp", "extract", "floor", "greatest", "hour", "isnan", "least", "left", "length", "ln", "log10", "lower",
    "minute", "mod", "month", "now", "nullif", "power", "quarter", "regexp_matches", "right", "round", "second",
    "sign", "sqrt", "starts_with", "strpos", "substring", "trim", "try_cast", "upper", "week", "year",
)  # fmt: skip
AGGREGATES = (
    "avg", "bool_and", "bool_or", "corr", "count", "count_if", "max", "median", "min", "quantile_cont", "stddev",
    "stddev_pop", "sum", "variance", "var_pop",
)  # fmt: skip
_NODES = [
    "Column",
    "Identifier",
    "Literal",
    "Boolean",
    "Null",
    "Paren",
    "And",
    "Or",
    "Not",
    "EQ",
    "NEQ",
    "LT",
    "LTE",
    "GT",
    "GTE",
    "Is",
    "NullSafeEQ",
    "NullSafeNEQ",
    "In",
    "Between",
    "Like",
    "ILike",
    "Escape",
    "RegexpLike",
    "RegexpFullMatch",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "IntDiv",
    "Mod",
    "Neg",
    "Case",
    "If",
    "Coalesce",
    "Nullif",
    "Cast",
    "TryCast",
    "DataType",
    "DataTypeParam",
    "Interval",
    "Var",
    "Concat",
    "DPipe",
    "IsNan",
    "IsInf",
    "Abs",
    "Round",
    "Floor",
    "Ceil",
    "Sqrt",
    "Ln",
    "Log",
    "Exp",
    "Pow",
    "Sign",
    "Greatest",
    "Least",
    "Length",
    "Upper",
    "Lower",
    "Trim",
    "Substring",
    "StartsWith",
    "EndsWith",
    "Left",
    "Right",
    "Contains",
    "StrPosition",
    "Year",
    "Month",
    "Day",
    "DayOfWeek",
    "DayOfMonth",
    "DayOfYear",
    "Week",
    "Quarter",
    "Hour",
    "Minute",
    "Second",
    "Extract",
    "DateTrunc",
    "TimestampTrunc",
    "DateDiff",
    "DateSub",
    "DateAdd",
    "TsOrDsToDate",
    "Date",
    "CurrentDate",
    "CurrentTimestamp",
    "Tuple",
]
_AGGREGATES = [
    "Count",
    "CountIf",
    "Sum",
    "Avg",
    "Min",
    "Max",
    "Median",
    "Stddev",
    "StddevPop",
    "StddevSamp",
    "Variance",
    "VariancePop",
    "Corr",
    "LogicalAnd",
    "LogicalOr",
    "PercentileCont",
    "Quantile",
    "Filter",
    "Where",
    "Distinct",
    "Star",
]
_ANONYMOUS = {"NOW", "DATE_PART", "EVEN", "ISFINITE"}
_TYPES = {
    "BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "INT128", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR", "TEXT",
    "DATE", "TIME", "TIMESTAMP", "TIMESTAMPNTZ", "TIMESTAMPTZ",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Guarded:
    """SQL written anew. columns: those it names, as the table spells them where it has them."""

    sql: str
    columns: tuple[str, ...]


def guard(text: str, columns: Iterable[str], now: str, *, aggregate: bool = False) -> Guarded:
    """Return an expression that uses nothing but the list; UsageError says what else it uses.

    columns: the table's; a name is taken as it is spelled, or else whatever its case. A name that is not among
    them stays as it is, and the caller says so. now: what ``now()`` and ``current_date`` mean (RFC 3339).
    aggregate: whether it is a value of the whole table, such as ``sum(a) / count(*)``.
    """
    tree = _parsed(text)
    known = {c: c for c in columns}
    folded = {c.lower(): c for c in reversed(list(known))}
    used: dict[str, None] = {}
    _refuse(tree, text, aggregate)
    return Guarded(_written(tree, known, folded, used, now), tuple(used))


def _shown(text: str) -> str:
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= 80 else flat[:77] + "…")


def _parsed(text: str) -> exp.Expression:
    import sqlglot
    from sqlglot import errors, exp

    if len(text) > LONGEST:
        raise UsageError(f"the SQL {_shown(text)} is longer than {LONGEST} characters")
    if "\0" in text:
        raise UsageError(f"the SQL {_shown(text)} holds a NUL character")
    if _depth(text) > DEEPEST:
        raise UsageError(f"the SQL {_shown(text)} is nested more than {DEEPEST} deep")
    try:
        parsed = sqlglot.parse(f"SELECT {text}\n", dialect="duckdb")
    except (
        errors.SqlglotError,
        RecursionError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        IndexError,
    ) as error:
        raise UsageError(
            f"the SQL {_shown(text)} cannot be read{_near(error)}",
            remedy="write one expression, like: end >= start AND amount > 0",
        ) from None
    select = parsed[0] if len(parsed) == 1 else None
    alone = isinstance(select, exp.Select) and not any(
        v for k, v in select.args.items() if k != "expressions"
    )
    if select is None or not alone or len(select.expressions) != 1:
        raise UsageError(
            f"the SQL {_shown(text)} is not one expression",
            remedy="write what stands after WHERE, and no query",
        )
    found = select.expressions[0]
    assert isinstance(found, exp.Expression)
    return found


def _near(error: Exception) -> str:
    details = getattr(error, "errors", None) or []
    near = details[0].get("highlight") if details else None
    return f" near {str(near)[:40]!r}" if near else ""


def _depth(text: str) -> int:
    deep = most = 0
    for c in text:
        deep += (c in "([{") - (c in ")]}")
        most = max(most, deep)
    return most


@cache
def _allowed(aggregate: bool) -> tuple[type[Any], ...]:
    from sqlglot import exp

    names = [*_NODES, *(_AGGREGATES if aggregate else [])]
    return tuple(getattr(exp, n) for n in names if hasattr(exp, n))


def _refuse(tree: exp.Expression, text: str, aggregate: bool) -> None:
    from sqlglot import exp

    allowed = _allowed(aggregate)
    choice = sorted((*FUNCTIONS, *(AGGREGATES if aggregate else ())))
    aggregates = _allowed(True)[len(_allowed(False)) :]
    found = False
    for node in tree.walk():
        if isinstance(node, exp.Anonymous) and str(node.this).upper() in _ANONYMOUS:
            continue
        found = found or (type(node) in aggregates and isinstance(node, exp.AggFunc))
        if type(node) not in allowed:
            if type(node) in aggregates:
                raise UsageError(
                    f"the SQL {_shown(text)} uses an aggregate, and is asked of each row",
                    remedy="write it under `aggregate:`",
                )
            if isinstance(node, exp.Func):
                named: Any = type(node)
                own = isinstance(node, exp.Anonymous)
                name = str(node.this) if own else str(named.sql_names()[0]).lower()
                raise UsageError(
                    f"the SQL {_shown(text)} calls {name}, which rules do not have",
                    remedy=did_you_mean(name, choice),
                )
            raise UsageError(
                f"the SQL {_shown(text)} uses {_word(node)}, which rules do not have",
                remedy="use columns, values, comparisons, arithmetic and functions of one row",
            )
        _refuse_parts(node, text)
    if aggregate and not found:
        raise UsageError(
            f"the SQL {_shown(text)} is no aggregate",
            remedy="write it under `sql:`, or like: sum(amount) > 0",
        )


def _refuse_parts(node: exp.Expression, text: str) -> None:
    from sqlglot import exp

    if isinstance(node, exp.Column) and len(node.parts) > 1:
        raise UsageError(
            f"the SQL {_shown(text)} names {node.sql()}, a column of another table",
            remedy='name columns of this table alone; a name with a dot in it goes in quotes: "a.b"',
        )
    if isinstance(node, exp.In) and (
        node.args.get("query") or node.args.get("unnest") or node.args.get("field")
    ):
        raise UsageError(f"the SQL {_shown(text)} looks into another table", remedy="list the values")
    if isinstance(node, exp.DataType) and (node.this.name not in _TYPES or node.args.get("nested")):
        raise UsageError(
            f"the SQL {_shown(text)} uses the type {node.sql()}, which rules do not have",
            remedy=did_you_mean(node.sql(), sorted(_TYPES)),
        )


def _word(node: exp.Expression) -> str:
    words = {
        "Subquery": "a query", "Select": "a query", "Exists": "a query", "Star": "*", "Window": "a window (OVER)",
        "Placeholder": "a placeholder", "Parameter": "a parameter", "Lambda": "a lambda", "Dot": "a field of a struct",
        "Bracket": "an element of a list", "Command": "a command",
    }  # fmt: skip
    kind = type(node).__name__
    return words.get(kind, kind.lower())


def _written(
    tree: exp.Expression, known: dict[str, str], folded: dict[str, str], used: dict[str, None], now: str
) -> str:
    from sqlglot import exp

    moment = datetime.fromisoformat(now)

    def change(node: exp.Expression) -> exp.Expression:
        node.comments = None
        if isinstance(node, exp.Column):
            name = node.name
            name = known.get(name) or folded.get(name.lower()) or name
            used[name] = None
            return exp.column(exp.to_identifier(name, quoted=True))
        if isinstance(node, exp.CurrentDate):
            return exp.cast(exp.Literal.string(moment.date().isoformat()), "date", dialect="duckdb")
        if isinstance(node, exp.CurrentTimestamp) or (
            isinstance(node, exp.Anonymous) and str(node.this).upper() == "NOW"
        ):
            shown = moment.replace(tzinfo=None).isoformat(" ")
            return exp.cast(exp.Literal.string(shown), "timestamp", dialect="duckdb")
        return node

    try:
        return str(tree.transform(change).sql(dialect="duckdb", comments=False))
    except RecursionError:
        raise UsageError(f"the SQL is nested more than {DEEPEST} deep") from None
