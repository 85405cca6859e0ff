"""The rule types of DQDL, each as the rule it is; what asks for other runs, files or services is refused by name.

Nulls are taken as Glue takes them: they break a rule of values but for ``!=`` and ``not in``, and are texts of length 0.
``between`` leaves out both ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean
from assay.methods.quality.bounds import ALL, Bounds, equal
from assay.methods.quality.dqdl import Condition, Operand, Written, parse
from assay.methods.quality.query import aggregated, expression, filtered
from assay.methods.quality.rule import Refused, Rule, Ruleset, Threshold, distinct
from assay.methods.quality.stated import MOST, MOST_VALUES
from assay.methods.quality.values import duration, sql_number, within
from assay.methods.sqltext import quoted

Maker = Callable[[Written], Rule]
_TYPES = {
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "integer": "integer",
    "long": "integer",
    "double": "number",
    "float": "number",
    "string": "text",
}
_FINER = re.compile("hour|minute")
_AGGREGATE = re.compile(r"\s*(sum|avg)\(\s*\"?([^()\"]+)\"?\s*\)\s*", re.I)
_FILES = "it is about files in a store, and not about the rows of a table"
REFUSED = {
    "DetectAnomalies": "it compares with the figures of earlier runs; see monitors",
    "AllStatistics": "it is an analyzer, and states nothing",
    "FileFreshness": _FILES,
    "FileMatch": _FILES,
    "FileSize": _FILES,
    "FileUniqueness": _FILES,
}


def read(text: str, shown: str) -> Ruleset:
    """Read a DQDL document; UsageError with file and line where it is none."""
    written = parse(text, shown, {*MAKERS, *REFUSED})
    if not written:
        raise UsageError("there is no rule in `Rules = [ … ]`", where=shown)
    if len(written) > MOST:
        raise UsageError(f"there are {len(written)} rules, and {MOST} are the most", where=shown)
    rules: list[Rule] = []
    refused: list[Refused] = []
    for one in written:
        at = f"{shown}:{one.line}"
        try:
            rules.append(_rule(one, at))
        except UsageError as error:
            why = error.what + (f"; {error.remedy}" if error.remedy else "")
            refused.append(Refused(f"{one.text[:120]} ({at})", why, at))
    return Ruleset(tuple(distinct(rules)), tuple(refused), {}, "dqdl")


def _rule(one: Written, at: str) -> Rule:
    if one.parts:
        parts = tuple(_rule(p, at) for p in one.parts)
        columns = tuple(dict.fromkeys(c for p in parts for c in p.columns))
        return Rule("all" if one.join == "and" else "any", one.text[:120], columns, parts=parts, place=at)
    if one.kind in REFUSED:
        raise UsageError(REFUSED[one.kind])
    if one.kind not in MAKERS:
        raise UsageError(f"there is no rule type {one.kind[:60]!r}", remedy=did_you_mean(one.kind, MAKERS))
    conditions = [c for c in (one.condition, *one.tags.values()) if c]
    dynamic = next((o.dynamic for c in conditions for o in c.operands if o.dynamic), "")
    if dynamic:
        raise UsageError(f"it is a dynamic rule: {dynamic[:60]} is drawn from earlier runs")
    rule = MAKERS[one.kind](one)
    unknown = [t for t in one.tags if t != "threshold"]
    if unknown:
        raise UsageError(f"its tag {unknown[0][:40]!r} is not understood")
    if "threshold" in one.tags:
        if one.kind not in _THRESHOLD:
            raise UsageError(f"{one.kind} takes no threshold")
        rule = replace(rule, threshold=Threshold(_numbers(one.tags["threshold"])))
    if one.where:
        if one.kind in _NO_FILTER:
            raise UsageError(f"{one.kind} takes no `where`")
        rule = replace(rule, when=_both(rule.when, expression(one.where, "spark")))
    return replace(rule, name=one.text[:120], place=at)


_THRESHOLD = ("ColumnValues", "ColumnDataType", "ColumnLength", "CustomSql", "DataFreshness")
_NO_FILTER = (
    "ColumnCount",
    "ColumnExists",
    "ColumnNamesMatchPattern",
    "SchemaMatch",
    "RowCountMatch",
    "AggregateMatch",
)


def _both(a: str, b: str) -> str:
    return f"({a}) AND ({b})" if a else b


def _parameters(one: Written, least: int, most: int | None = None) -> tuple[str, ...]:
    most = least if most is None else most
    if not least <= len(one.parameters) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise UsageError(f"{one.kind} takes {count} parameters, and {len(one.parameters)} are given")
    return one.parameters


def _needed(one: Written) -> Condition:
    if one.condition is None:
        raise UsageError(f"{one.kind} needs a condition, such as > 0")
    return one.condition


def _numbers(condition: Condition) -> Bounds:
    """Return a condition on a number as bounds."""
    values = []
    for operand in condition.operands:
        if operand.kind != "number":
            raise UsageError(f"a number was expected, and {operand.value or operand.kind!r} is given")
        values.append(operand.value)
    return _bounds(condition, values)


def _bounds(condition: Condition, values: list[Any]) -> Bounds:
    op, negated = condition.op, condition.negated
    if op == "between":
        return Bounds(values[0], values[1], True, True, negated=negated)
    if op == "in":
        return Bounds(among=tuple(values), negated=negated)
    if op == "=":
        return replace(equal(values[0]), negated=negated)
    if op == "matches" or negated or len(values) != 1:
        raise UsageError(f"{op} cannot be held against a number")
    if op in (">", ">="):
        return Bounds(low=values[0], low_open=op == ">")
    return Bounds(high=values[0], high_open=op == "<")


def _measure(kind: str) -> Maker:
    def make(one: Written) -> Rule:
        (column,) = _parameters(one, 1)
        return Rule(kind, "", (column,), bounds=_numbers(_needed(one)))

    return make


def _share(kind: str, most: int = 50) -> Maker:
    """A share of rows: the rule of the rows themselves, with the condition as its threshold."""

    def make(one: Written) -> Rule:
        columns = _parameters(one, 1, most)
        return Rule(kind, "", columns, threshold=Threshold(_numbers(_needed(one))))

    return make


def _every(kind: str, most: int = 50, **more: Any) -> Maker:
    return lambda one: Rule(kind, "", _bare(one, 1, most), **more)


def _bare(one: Written, least: int, most: int) -> tuple[str, ...]:
    if one.condition is not None:
        raise UsageError(f"{one.kind} takes no condition")
    return _parameters(one, least, most)


def _row_count(one: Written) -> Rule:
    _parameters(one, 0, 1)  # the documentation itself names a column once
    return Rule("row_count", "", bounds=_numbers(_needed(one)))


def _column_count(one: Written) -> Rule:
    _parameters(one, 0)
    return Rule("column_count", "", bounds=_numbers(_needed(one)))


def _correlation(one: Written) -> Rule:
    return Rule("correlation", "", _parameters(one, 2), bounds=_numbers(_needed(one)))


def _column_names(one: Written) -> Rule:
    (pattern,) = _bare(one, 1, 1)
    return Rule("column_names", "", given={"pattern": pattern, "part": True})


def _data_type(one: Written) -> Rule:
    (column,) = _parameters(one, 1)
    condition = _needed(one)
    words = []
    for operand in condition.operands:
        word = _TYPES.get(str(operand.value).lower().partition("(")[0])
        if word is None and str(operand.value).lower().startswith("decimal"):
            word = "number"
        if operand.kind != "text" or word is None:
            raise UsageError(f"the type {str(operand.value)[:40]!r} is not known")
        words.append(word)
    if condition.op not in ("=", "in") or condition.negated:
        raise UsageError("ColumnDataType is understood with = and in")
    if "text" in words:
        return Rule("complete", "", (column,))  # every value can be read as a text
    return Rule("type", "", (column,), {"is": words}, nulls="fail")


def _length(one: Written) -> Rule:
    (column,) = _parameters(one, 1)
    length = f"length(coalesce(CAST({quoted(column)} AS VARCHAR), ''))"
    bounds = _numbers(_needed(one)).each(sql_number)
    return Rule("sql", "", (column,), {"made": within(length, bounds)})


def _values(one: Written) -> Rule:
    (column,) = _parameters(one, 1)
    condition = _needed(one)
    kinds = {o.kind for o in condition.operands}
    if len(condition.operands) > MOST_VALUES:
        raise UsageError(f"it lists more than {MOST_VALUES:,} values")
    if condition.op == "matches":
        if kinds != {"text"} and not kinds <= {"text", "date", "time"}:
            raise UsageError("a pattern in quotes was expected after `matches`")
        how = "not_matches" if condition.negated else "matches"
        return Rule("pattern", "", (column,), {how: [str(condition.operands[0].value)]}, nulls="fail")
    if condition.op in ("=", "in") and (
        kinds & {"null", "empty", "whitespaces_only", "text"} or kinds == {"number"}
    ):
        return _listed(column, condition)
    if "time" in kinds:
        raise UsageError("times of day are not understood")
    if kinds & {"null", "empty", "whitespaces_only", "text", "size", "duration"}:
        raise UsageError(f"{condition.op} cannot be held against {sorted(kinds)[0]}")
    ends = [_end(o) for o in condition.operands]
    nulls: Any = "pass" if condition.negated and condition.op != "between" else "fail"
    by_day = kinds <= {"date", "now"} and not any(_FINER.search(str(e)) for e in ends)
    given = {"by": "day"} if by_day else {}
    return Rule("range", "", (column,), given, _bounds(condition, ends), nulls=nulls)


def _end(operand: Operand) -> Any:
    return f"now {operand.value}".strip() if operand.kind == "now" else operand.value


def _listed(column: str, condition: Condition) -> Rule:
    """Return a rule of allowed or forbidden values, among them nothing, empty texts and texts of spaces."""
    values: list[Any] = []
    for operand in condition.operands:
        if operand.kind in ("text", "date", "time", "number"):
            values.append(operand.value)
        elif operand.kind in ("null", "empty"):
            values.append(None if operand.kind == "null" else "")
        elif operand.kind != "whitespaces_only":
            raise UsageError(f"{operand.kind} cannot stand among other values")
    spaces = any(o.kind == "whitespaces_only" for o in condition.operands)
    given: dict[str, Any] = {"values": values} | ({"spaces": True} if spaces else {})
    if condition.negated:
        return Rule("forbidden", "", (column,), given, nulls="fail" if None in values else "pass")
    return Rule("set", "", (column,), given, nulls="fail")


def _freshness(one: Written) -> Rule:
    (column,) = _parameters(one, 1)
    condition = _needed(one)
    hours = []
    for operand in condition.operands:
        length = duration(str(operand.value)) if operand.kind == "duration" else None
        if length is None:
            raise UsageError("a length of time was expected, such as 24 hours")
        hours.append(sql_number(length.total_seconds() / 3600))
    age = f"(date_diff('second', TRY_CAST({quoted(column)} AS TIMESTAMP), now()) / 3600.0)"
    return Rule("sql", "", (column,), {"sql": within(age, _bounds(condition, hours))}, nulls="fail")


def _custom_sql(one: Written) -> Rule:
    (text,) = _parameters(one, 1)
    if one.condition is None:
        where, columns = filtered(text, ("primary",), "spark")
        return Rule("sql", "", columns, {"sql": where}, nulls="fail")
    sql, when, columns = aggregated(text, ("primary",), "spark")
    return Rule("aggregate", "", columns, {"sql": sql}, _numbers(one.condition), when=when)


def _references(one: Written) -> Rule:
    mine, theirs = _parameters(one, 2)
    found = re.fullmatch(r"(.+)\.\{(.+)\}", theirs) or re.fullmatch(r"(.+)\.([^.]+)", theirs)
    if not found:
        raise UsageError("its reference is no alias.column or alias.{a,b}")
    given = {"table": found[1], "column": _split(found[2])}
    threshold = Threshold(_numbers(one.condition) if one.condition else ALL)
    columns = _split(mine)
    if len(columns) != len(given["column"]):
        raise UsageError(f"{len(columns)} columns are looked for among {len(given['column'])}")
    return Rule("references", "", columns, given, threshold=threshold, nulls="fail")


def _split(text: str) -> tuple[str, ...]:
    return tuple(t.strip().strip('"') for t in text.split(","))


def _dataset_match(one: Written) -> Rule:
    alias, key, *compared = _parameters(one, 2, 3)
    given: dict[str, Any] = {"table": alias, "key": _split(key)}
    given |= {"compare": _split(compared[0])} if compared else {}
    return Rule("same_data", "", (), given, threshold=Threshold(_numbers(_needed(one))))


def _row_count_match(one: Written) -> Rule:
    (alias,) = _parameters(one, 1)
    return Rule("row_count", "", (), {"relative_to": alias}, _numbers(_needed(one)))


def _schema_match(one: Written) -> Rule:
    (alias,) = _parameters(one, 1)
    return Rule("same_schema", "", (), {"table": alias}, _numbers(_needed(one)))


def _aggregate_match(one: Written) -> Rule:
    mine, theirs = (_AGGREGATE.fullmatch(p) for p in _parameters(one, 2))
    if not mine or not theirs:
        raise UsageError("its aggregates are no sum(column) or avg(alias.column)")
    alias, _, column = theirs[2].rpartition(".")
    own = mine[2].rpartition(".")[2]
    bounds = _numbers(_needed(one))
    sql, other = f"{mine[1]}({quoted(own.strip())})", f"{theirs[1]}({quoted(column.strip())})"
    if alias in ("", "primary"):
        return Rule("aggregate", "", (own,), {"sql": f"{sql} / {other}"}, bounds)
    given = {"sql": sql, "theirs": other, "relative_to": alias}
    return Rule("aggregate", "", (own,), given, bounds)


MAKERS: dict[str, Maker] = {
    "RowCount": _row_count,
    "ColumnCount": _column_count,
    "Completeness": _share("complete", 1),
    "IsComplete": _every("complete", 1),
    "Uniqueness": _share("unique"),
    "IsUnique": _every("unique"),
    "IsPrimaryKey": _every("unique", nulls="fail"),
    "UniqueValueRatio": _measure("unique_ratio"),
    "DistinctValuesCount": _measure("distinct"),
    "Entropy": _measure("entropy"),
    "Mean": _measure("mean"),
    "Sum": _measure("sum"),
    "StandardDeviation": _measure("stddev_pop"),
    "Variance": _measure("variance_pop"),
    "ColumnCorrelation": _correlation,
    "ColumnDataType": _data_type,
    "ColumnExists": _every("exists", 1),
    "ColumnLength": _length,
    "ColumnNamesMatchPattern": _column_names,
    "ColumnValues": _values,
    "CustomSql": _custom_sql,
    "CustomSQL": _custom_sql,
    "DataFreshness": _freshness,
    "DatasetMatch": _dataset_match,
    "ReferentialIntegrity": _references,
    "RowCountMatch": _row_count_match,
    "SchemaMatch": _schema_match,
    "AggregateMatch": _aggregate_match,
}
