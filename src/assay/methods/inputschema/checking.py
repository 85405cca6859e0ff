"""Rows held against a schema: one after another where they are few, column by column where they are many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.methods.inputschema.schema import Feature, Schema
from assay.methods.inputschema.telling import CONTROL, Violation, expected

if TYPE_CHECKING:
    import pyarrow

MANY = 48  # rows from which on columns are looked at whole
MOST_TOLD = 20
_KNOWN_ORDERS = 64  # of names, whose plan is kept
_TRUTHS = frozenset({"true", "false", "True", "False", "TRUE", "FALSE", "0", "1"})


@dataclass(slots=True)
class _Plan:
    """How a payload's columns are looked at. order: for each column its feature, None where it is let be."""

    order: tuple[Feature | None, ...]
    problems: tuple[Violation, ...]
    simple: tuple[tuple[Any, ...], ...]


class Checker:
    """A schema made ready. It keeps nothing of what it has seen but the orders of names, and may be used by threads."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._named = {f.name: f for f in schema.features}
        self._ignored = frozenset(schema.ignored)
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._unnamed = self._planned(tuple(schema.features), ())

    def check(
        self, names: Sequence[str], cells: Sequence[Sequence[Any]], *, textual: bool = False
    ) -> list[Violation]:
        """Return what is wrong with rows of plain values, at most 20 of it.

        names: of the columns, empty where the payload has none: they are then the schema's, in its order. textual: whether
        numbers may come as texts (CSV).
        """
        plan = self._plan(tuple(names)) if names else self._unnamed
        found: dict[tuple[str, str], Violation] = {(p.feature, p.kind): p for p in plan.problems}
        width = len(plan.order)
        if len(cells) < MANY:
            for number, row in enumerate(cells, 1):
                if len(row) != width:
                    _note(found, "", "width", _width(width), number)
                else:
                    _row(plan.simple, row, textual, number, found)
        else:
            self._columns(plan, cells, textual, found)
        return list(found.values())[:MOST_TOLD]

    def check_table(self, table: pyarrow.Table) -> list[Violation]:
        """Return what is wrong with the rows of an Arrow table, at most 20 of it."""
        from assay.methods.inputschema.many import look

        plan = self._plan(tuple(table.column_names))
        found: dict[tuple[str, str], Violation] = {(p.feature, p.kind): p for p in plan.problems}
        for feature, column in zip(plan.order, table.columns, strict=True):
            if feature is not None:
                look(feature, column, found)
        return list(found.values())[:MOST_TOLD]

    def _columns(
        self,
        plan: _Plan,
        cells: Sequence[Sequence[Any]],
        textual: bool,
        found: dict[tuple[str, str], Violation],
    ) -> None:
        from assay.methods.inputschema.many import look_list

        width = len(plan.order)
        ragged = [number for number, row in enumerate(cells, 1) if len(row) != width]
        if ragged:
            found["", "width"] = Violation("", "width", _width(width), ragged[0], len(ragged))
            return
        for feature, told, column in zip(plan.order, plan.simple, zip(*cells, strict=True), strict=True):
            if feature is not None and not look_list(feature, column):
                for number, value in enumerate(column, 1):
                    _row((told,), (value,), textual, number, found)

    def _plan(self, names: tuple[str, ...]) -> _Plan:
        plan = self._plans.get(names)
        if plan is None:
            if len(self._plans) >= _KNOWN_ORDERS:
                self._plans = {}
            plan = self._plans[names] = self._planned(tuple(self._named.get(n) for n in names), names)
        return plan

    def _planned(self, order: tuple[Feature | None, ...], names: tuple[str, ...]) -> _Plan:
        problems = []
        if names:
            given = set(names)
            problems = [
                Violation(f.name, "missing", "it to be there, and the payload does not name it")
                for f in self.schema.features
                if f.required and f.name not in given
            ][:MOST_TOLD]
            unknown = sum(1 for n in given if n not in self._named and n not in self._ignored)
            if unknown and not self.schema.additional:  # their names may be values: a header that is none
                said = f"{unknown} column{'s' if unknown > 1 else ''} that the model was not trained on"
                problems.append(Violation("", "unknown", said, count=unknown))
            if len(given) < len(names):
                problems.append(Violation("", "unknown", "a column is named twice"))
        return _Plan(order, tuple(problems), tuple(_told(f) for f in order))


def _width(width: int) -> str:
    return f"{width} values are expected in each row"


def _told(f: Feature | None) -> tuple[Any, ...]:
    """Return what a row's loop reads of a feature, as a tuple: kind, low, high, values, closed, shortest, longest, nullable, itself."""
    if f is None or f.type == "any":
        return ("any", 0, 0, frozenset(), False, 0, 0, True, f)
    low = -math.inf if f.minimum is None else f.minimum
    high = math.inf if f.maximum is None else f.maximum
    return (
        f.type,
        low,
        high,
        frozenset(f.values),
        f.closed,
        f.shortest or 0,
        f.longest if f.longest is not None else 1 << 62,
        f.nullable,
        f,
    )


def _row(
    plan: Sequence[tuple[Any, ...]],
    row: Sequence[Any],
    textual: bool,
    number: int,
    found: dict[tuple[str, str], Violation],
) -> None:
    for (kind, low, high, values, closed, _, longest, _, feature), value in zip(plan, row, strict=True):
        type_ = type(value)
        if kind == "number":
            if (type_ is float or type_ is int) and low <= value <= high and -math.inf < value < math.inf:
                continue
        elif kind == "integer":
            if type_ is int and low <= value <= high:
                continue
        elif kind == "text":
            if type_ is str and (
                value in values or (not closed and len(value) <= longest and not CONTROL.search(value))
            ):
                continue
        elif kind == "any":
            continue
        wrong = judge(feature, value, textual)
        if wrong is not None:
            _note(found, feature.name, wrong, expected(feature, wrong), number)


def judge(feature: Feature, value: Any, textual: bool) -> str | None:
    """Return what kind of violation one value is, None where it may pass."""
    if value is None or (type(value) is float and value != value):
        return None if feature.nullable else "null"
    kind = feature.type
    if kind in ("integer", "number"):
        return _number(feature, value, textual)
    if kind == "boolean":
        fine = (
            isinstance(value, bool)
            or (isinstance(value, int) and value in (0, 1))
            or (textual and isinstance(value, str) and value in _TRUTHS)
        )
        return None if fine or _empty(feature, value, textual) else "type"
    if kind == "list":
        return _list(feature, value)
    if kind in ("text", "moment"):
        if not isinstance(value, str):
            if not (textual or kind == "moment") or isinstance(value, (list, dict)):
                return "type"
            value = str(value)  # of a CSV file, a text of digits reads as a number
        return _text(feature, value, textual)
    return None


def _empty(feature: Feature, value: Any, textual: bool) -> bool:
    return textual and value == "" and feature.nullable


def _number(feature: Feature, value: Any, textual: bool) -> str | None:
    if isinstance(value, str) and textual:
        if not value:
            return None if feature.nullable else "null"
        try:
            value = float(value) if len(value) <= 64 else "long"
        except ValueError:
            return "type"
        if isinstance(value, float) and value != value:
            return None if feature.nullable else "null"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "type"
    if isinstance(value, float) and math.isinf(value):
        return "infinite"
    if feature.type == "integer" and isinstance(value, float) and not value.is_integer():
        return "type"
    if (feature.minimum is not None and value < feature.minimum) or (
        feature.maximum is not None and value > feature.maximum
    ):
        return "range"
    return None


def _list(feature: Feature, value: Any) -> str | None:
    if not isinstance(value, (list, tuple)):
        return "type"
    if (
        not (feature.shortest or 0)
        <= len(value)
        <= (feature.longest if feature.longest is not None else len(value))
    ):
        return "length"
    one = Feature(feature.name, "number", True, minimum=feature.minimum, maximum=feature.maximum)
    return next((wrong for item in value if (wrong := judge(one, item, False))), None)


def _text(feature: Feature, value: str, textual: bool) -> str | None:
    if value in feature.values or _empty(feature, value, textual):
        return None
    if feature.closed:
        return "value"
    longest = feature.longest if feature.longest is not None else (64 if feature.type == "moment" else None)
    if (longest is not None and len(value) > longest) or len(value) < (feature.shortest or 0):
        return "length"
    return "type" if CONTROL.search(value) else None


def _note(found: dict[tuple[str, str], Violation], feature: str, kind: str, said: str, number: int) -> None:
    before = found.get((feature, kind))
    found[feature, kind] = (
        Violation(feature, kind, said, number)
        if before is None
        else Violation(feature, kind, before.expected, before.row, before.count + 1)
    )
