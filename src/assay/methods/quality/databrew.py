"""Rulesets of AWS Glue DataBrew, as CreateRuleset takes and DescribeRuleset gives them, read as rules.

A CheckExpression is read with its SubstitutionMap: what stands in backticks there is a column, everything else a value.
A missing value meets no condition. Percentages become shares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean
from assay.methods.quality.bounds import Bounds, equal
from assay.methods.quality.rule import EVERY, Refused, Rule, Ruleset, Threshold, distinct
from assay.methods.quality.stated import MOST, MOST_VALUES
from assay.methods.quality.values import moment, number, sql_moment, sql_number
from assay.methods.sqltext import literal, quoted

LONGEST = 1_024  # characters of an expression, as the service has it
DEEPEST = 20
CHOSEN = "\0"  # stands for the column that a selector chooses; no value holds it
_TOKEN = re.compile(
    r"\s*(?:(`[^`]+`)|(:[A-Za-z0-9_]+)|([A-Za-z_][A-Za-z0-9_]*)|(<=|>=|==|!=|[<>=(),])|(-?\d+(?:\.\d+)?))"
)
_COMPARE = {"==": "=", "=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TEXTS = ("starts_with", "ends_with", "contains", "matches")
_TYPES = {
    "GREATER_THAN_OR_EQUAL": (True, False),
    "GREATER_THAN": (True, True),
    "LESS_THAN_OR_EQUAL": (False, False),
    "LESS_THAN": (False, True),
}
_OF_TABLE = {"ROWS_COUNT": "row_count", "COLUMNS_COUNT": "column_count"}
_OF_COLUMN = {
    "MISSING_VALUES_COUNT": "missing",
    "MISSING_VALUES_PERCENTAGE": "missing_share",
    "DUPLICATE_VALUES_COUNT": "repeated",
    "DUPLICATE_VALUES_PERCENTAGE": "repeated_share",
    "VALID_VALUES_COUNT": "present",
    "VALID_VALUES_PERCENTAGE": "completeness",
    "DISTINCT_VALUES_COUNT": "distinct",
    "DISTINCT_VALUES_PERCENTAGE": "distinct_share",
    "UNIQUE_VALUES_COUNT": "unique_count",
    "UNIQUE_VALUES_PERCENTAGE": "unique_share",
    "MIN": "minimum",
    "MAX": "maximum",
    "MEDIAN": "median",
    "MEAN": "mean",
    "MODE": "mode",
    "STANDARD_DEVIATION": "stddev",
    "SUM": "sum",
    "KURTOSIS": "kurtosis",
    "SKEWNESS": "skewness",
    "VARIANCE": "variance",
    "MEDIAN_ABSOLUTE_DEVIATION": "mad",
    "QUANTILE": "quantile",
}
_NAMES = (
    *_OF_TABLE,
    "DUPLICATE_ROWS_COUNT",
    "DUPLICATE_ROWS_PERCENTAGE",
    *_OF_COLUMN,
    "Z_SCORE_OUTLIERS_COUNT",
)


def read(found: Any, shown: str) -> Ruleset:
    """Read a ruleset from its JSON; UsageError where it is none."""
    listed = found.get("Rules") if isinstance(found, Mapping) and "Rules" in found else found
    listed = [listed] if isinstance(listed, Mapping) else listed
    if not isinstance(listed, list) or not listed:
        raise UsageError("is a ruleset without Rules", where=shown)
    if len(listed) > MOST:
        raise UsageError(f"there are {len(listed)} rules, and {MOST} are the most", where=shown)
    rules: list[Rule] = []
    refused: list[Refused] = []
    for place, item in enumerate(listed, 1):
        at = f"{shown}, rule {place}"
        name = str(item.get("Name", "?"))[:120] if isinstance(item, Mapping) else "?"
        try:
            if not isinstance(item, Mapping):
                raise UsageError("it is no rule")
            if item.get("Disabled") is not True:
                rules.append(_rule(item, name, at))
        except UsageError as error:
            refused.append(
                Refused(f"{name} ({at})", error.what + (f"; {error.remedy}" if error.remedy else ""), at)
            )
    return Ruleset(tuple(distinct(rules)), tuple(refused), {}, "databrew")


def _rule(item: Mapping[str, Any], name: str, at: str) -> Rule:
    text = item.get("CheckExpression")
    if not isinstance(text, str) or not text.strip():
        raise UsageError("it has no CheckExpression")
    if len(text) > LONGEST:
        raise UsageError(f"its CheckExpression is longer than {LONGEST} characters")
    chosen = _selectors(item.get("ColumnSelectors"))
    check = _Reader(text, _substitutions(item.get("SubstitutionMap")), bool(chosen)).read()
    threshold = _threshold(item.get("Threshold"))
    if check.sql:
        columns = tuple(dict.fromkeys(c for c in check.columns if c != CHOSEN))
        given: dict[str, Any] = {"made": check.sql}
        rule = Rule("sql", name, columns, given, threshold=threshold, nulls="fail", place=at)
    else:
        if threshold is not EVERY:
            raise UsageError("a rule of aggregates takes no threshold")
        rule = replace(check.rule, name=name, place=at) if check.rule else Rule("unable", name, place=at)
    rule = replace(rule, message=str(item.get("Description") or "")[:500])
    return replace(rule, given={**rule.given, "select": chosen}) if chosen else rule


def _substitutions(given: Any) -> dict[str, str]:
    if isinstance(given, list):  # as CloudFormation writes it
        pairs = {i.get("ValueReference"): i.get("Value") for i in given if isinstance(i, Mapping)}
    elif isinstance(given, Mapping) or given is None:
        pairs = dict(given or {})
    else:
        raise UsageError("its SubstitutionMap is no mapping")
    out = {str(k): str(v) for k, v in pairs.items() if v is not None}
    if any(CHOSEN in v for v in out.values()):
        raise UsageError("its SubstitutionMap holds a NUL character")
    return out


def _selectors(given: Any) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    if given and not isinstance(given, list):
        raise UsageError("its ColumnSelectors are no list")
    for one in given or []:
        if not isinstance(one, Mapping) or not ({"Name", "Regex"} & set(one)):
            raise UsageError("a ColumnSelector has a Name or a Regex")
        out.append(("name", str(one["Name"])) if one.get("Name") else ("regex", str(one["Regex"])))
    return out


def _threshold(given: Any) -> Threshold:
    if given is None:
        return EVERY
    value = number(given.get("Value")) if isinstance(given, Mapping) else None
    kind = given.get("Type", "GREATER_THAN_OR_EQUAL") if isinstance(given, Mapping) else None
    unit = given.get("Unit", "COUNT") if isinstance(given, Mapping) else None
    if value is None or kind not in _TYPES or unit not in ("COUNT", "PERCENTAGE"):
        raise UsageError("its Threshold is not understood")
    low, strict = _TYPES[kind]
    value = value / 100 if unit == "PERCENTAGE" else value
    bounds = Bounds(low=value, low_open=strict) if low else Bounds(high=value, high_open=strict)
    return Threshold(bounds, rows=unit == "COUNT")


@dataclass(frozen=True, slots=True)
class _Check:
    """A condition of rows as SQL with the columns it names, or a rule about aggregates."""

    sql: str = ""
    columns: tuple[str, ...] = ()
    rule: Rule | None = None


class _Reader:
    """Reads one CheckExpression."""

    def __init__(self, text: str, values: Mapping[str, str], implicit: bool) -> None:
        self.values, self.implicit, self.text = values, implicit, text
        self.tokens: list[str] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if not found:
                raise UsageError(f"{text[at:].strip()[0]!r} cannot stand in a CheckExpression")
            self.tokens.append(next(g for g in found.groups() if g is not None))
            at = found.end()
        self.at = 0

    def read(self) -> _Check:
        """Return the whole expression."""
        found = self._any(0)
        if self.at < len(self.tokens):
            raise UsageError(f"{self.tokens[self.at][:40]!r} was not expected in the CheckExpression")
        return found

    @property
    def token(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.token
        self.at += 1
        return token

    def accept(self, *words: str) -> bool:
        if self.token.lower() in words:
            self.at += 1
            return True
        return False

    def _any(self, depth: int) -> _Check:
        parts = [self._all(depth)]
        while self.accept("or"):
            parts.append(self._all(depth))
        return self._joined("OR", "any", parts)

    def _all(self, depth: int) -> _Check:
        parts = [self._one(depth)]
        while self.accept("and"):
            parts.append(self._one(depth))
        return self._joined("AND", "all", parts)

    def _joined(self, word: str, kind: str, parts: list[_Check]) -> _Check:
        if len(parts) == 1:
            return parts[0]
        if all(p.sql for p in parts):
            columns = tuple(c for p in parts for c in p.columns)
            return _Check("(" + f" {word} ".join(p.sql for p in parts) + ")", columns)
        rules = [p.rule for p in parts if p.rule is not None]
        if len(rules) < len(parts):
            raise UsageError("aggregates and conditions of rows cannot be joined")
        named = tuple(replace(r, name=f"{r.kind} {n}") for n, r in enumerate(rules, 1))
        return _Check(rule=Rule(kind, "", parts=named))

    def _one(self, depth: int) -> _Check:
        if depth > DEEPEST:
            raise UsageError(f"its CheckExpression nests deeper than {DEEPEST} levels")
        if self.accept("("):
            found = self._any(depth + 1)
            if not self.accept(")"):
                raise UsageError("`)` is missing in the CheckExpression")
            return found
        if self.token.lower() == "agg" and self.tokens[self.at + 1 : self.at + 2] == ["("]:
            return _Check(rule=self._aggregate())
        return self._condition()

    def _aggregate(self) -> Rule:
        self.at += 2
        name = self.next().upper()
        parameter = self._value() if self.accept(",") else None
        if not self.accept(")"):
            raise UsageError("`)` is missing after AGG(")
        bounds = self._bounds(self._operator())
        if name.endswith("_PERCENTAGE"):
            bounds = bounds.each(lambda v: v / 100)
        if name in _OF_TABLE:
            return Rule(_OF_TABLE[name], "", bounds=bounds)
        if name.startswith("DUPLICATE_ROWS_"):
            return Rule("duplicate_rows", "", (), {"share": True} if name.endswith("E") else {}, bounds)
        if not self.implicit:
            raise UsageError(f"AGG({name[:40]}) is about a column, and no ColumnSelectors choose one")
        if name in ("Z_SCORE_OUTLIERS_COUNT", "Z_SCORE_OUTLIERS_PERCENTAGE"):
            given = {"zscore": self._figure(parameter) if parameter is not None else 3}
            return Rule("outliers", "", (), given, threshold=Threshold(bounds, name.endswith("COUNT"), True))
        if name not in _OF_COLUMN:
            why = "the base of its logarithm is not published" if name == "ENTROPY" else "it is not known"
            raise UsageError(f"AGG({name[:40]}): {why}", remedy=did_you_mean(name, _NAMES))
        if name == "QUANTILE":
            share = self._figure(parameter)
            if not 0 <= share <= 1:
                raise UsageError("a quantile is between 0 and 1")
            return Rule("quantile", "", (), {"at": float(share)}, bounds)
        return Rule(_OF_COLUMN[name], "", (), {}, bounds)

    def _operator(self) -> str:
        word = self.next().lower()
        if word == "not" and self.token.lower() in (*_TEXTS, "in"):
            return f"not_{self.next().lower()}"
        if word in _COMPARE or word in (*_TEXTS, *(f"not_{t}" for t in _TEXTS), "in", "not_in", "is_between"):
            return word
        known = (*_COMPARE, *_TEXTS, "in", "not in", "is_between")
        raise UsageError(f"there is no condition {word[:40]!r}", remedy=did_you_mean(word, known))

    def _bounds(self, op: str) -> Bounds:
        if op == "is_between":
            low, high = self._pair()
            return Bounds(self._figure(low), self._figure(high))
        value = self._figure(self._value())
        if op in ("==", "="):
            return equal(value)
        if op == "!=":
            return replace(equal(value), negated=True)
        if op not in _COMPARE:
            raise UsageError(f"{op} cannot be held against a number")
        strict = op in ("<", ">")
        return Bounds(high=value, high_open=strict) if op[0] == "<" else Bounds(low=value, low_open=strict)

    def _pair(self) -> tuple[str, str]:
        low = self._value()
        if not self.accept("and"):
            raise UsageError("`and` was expected between the two bounds")
        return low, self._value()

    def _figure(self, text: str | None) -> int | float:
        found = None if text is None else number(text)
        if found is None:
            raise UsageError(f"{str(text)[:40]!r} is no number")
        return found

    def _value(self) -> str:
        """Return what stands for a value: from the SubstitutionMap, or written out; a column keeps its backticks."""
        word = self.next()
        if word.startswith(":"):
            if word not in self.values:
                raise UsageError(
                    f"the SubstitutionMap has no {word!r}", remedy=did_you_mean(word, self.values)
                )
            return self.values[word]
        if not word or word in ("(", ")", ","):
            raise UsageError("a value was expected in the CheckExpression")
        return word

    def _condition(self) -> _Check:
        columns: list[str] = []
        length = False
        if self.token.startswith((":", "`")) or self.token.lower() == "length":
            if self.accept("length"):
                length = True
                if not self.accept("("):
                    raise UsageError("`(` was expected after length")
            name = self._value()
            if not (name.startswith("`") and name.endswith("`") and len(name) > 2):
                raise UsageError(f"a column was expected, in backticks, and {name[:40]!r} is given")
            columns.append(name[1:-1])
            if length and not self.accept(")"):
                raise UsageError("`)` is missing after length(")
        elif self.implicit:
            columns.append(CHOSEN)
        else:
            raise UsageError("it names no column, and no ColumnSelectors choose one")
        left = quoted(columns[0])
        if length:
            left = f"length(CAST({left} AS VARCHAR))"
        sql = self._compared(left, columns)
        return _Check(f"({sql})", tuple(columns))

    def _compared(self, left: str, columns: list[str]) -> str:
        op = self._operator()
        negated = op.startswith("not_")
        op = op.removeprefix("not_")
        if op == "is_between":
            low, high = self._pair()
            return f"{self._against(left, '>=', low, columns)} AND {self._against(left, '<=', high, columns)}"
        value = self._value()
        if op == "in":
            found = self._among(left, value)
        elif op in _TEXTS:
            other = self._column(value, columns)
            text = f"CAST({left} AS VARCHAR)"
            name = "regexp_full_match" if op == "matches" else op
            found = f"{name}({text}, {f'CAST({other} AS VARCHAR)' if other else literal(value)})"
        else:
            found = self._against(left, _COMPARE[op], value, columns)
        return f"NOT ({found})" if negated else found

    def _column(self, value: str, columns: list[str]) -> str:
        if value.startswith("`") and value.endswith("`") and len(value) > 2:
            columns.append(value[1:-1])
            return quoted(value[1:-1])
        return ""

    def _against(self, left: str, op: str, value: str, columns: list[str]) -> str:
        other = self._column(value, columns)
        if other:
            return f"{left} {op} {other}"
        figure, time = number(value), moment(value, "2000-01-01T00:00:00Z")
        if figure is not None:
            return f"TRY_CAST({left} AS DOUBLE) {op} {sql_number(figure)}"
        if time is not None:
            return f"TRY_CAST({left} AS TIMESTAMP) {op} {sql_moment(time)}"
        return f"CAST({left} AS VARCHAR) {op} {literal(value)}"

    def _among(self, left: str, value: str) -> str:
        try:
            values = json.loads(value)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, list) or not values or any(isinstance(v, (dict, list)) for v in values):
            raise UsageError(f"{value[:60]!r} is no list of values")
        if len(values) > MOST_VALUES:
            raise UsageError(f"it lists more than {MOST_VALUES:,} values")
        texts = ", ".join(
            literal(v if isinstance(v, str) else json.dumps(v)) for v in values if v is not None
        )
        figures = ", ".join(
            sql_number(f) for v in values if (f := None if v is None else number(v)) is not None
        )
        found = f"CAST({left} AS VARCHAR) IN ({texts})" if texts else "FALSE"
        return f"({found} OR TRY_CAST({left} AS DOUBLE) IN ({figures}))" if figures else found
