"""A rule that answers where a model should not or cannot: declared, bounded, and plain to read.

``{"when": "failed" | "always", "rules": [{"column", "op", "value", "then"}, …], "else": answer}``: the first rule that fits
a row answers it. ``failed``: where no variant answers; ``always``: until it is taken away.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean

WHEN = ("failed", "always")
OPS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MOST = 100


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a fallback as an endpoint's record holds it; nothing for nothing. UsageError where it is none."""
    if not given:
        return {}
    unknown = [n for n in given if n not in ("when", "rules", "else")]
    if unknown:
        raise UsageError(
            f"a fallback has no {unknown[0]!r}", remedy=did_you_mean(unknown[0], ("when", "rules", "else"))
        )
    when, rules = given.get("when", "failed"), given.get("rules", [])
    if when not in WHEN:
        raise UsageError(f"a fallback answers when {when!r}?", remedy=did_you_mean(str(when), WHEN))
    if "else" not in given or not _plain(given["else"]):
        raise UsageError("a fallback says what it answers else", remedy='write "else": 0')
    if not isinstance(rules, Sequence) or isinstance(rules, str) or len(rules) > _MOST:
        raise UsageError(f"a fallback has up to {_MOST} rules, as a list")
    return {"when": when, "rules": [_rule(r) for r in rules], "else": given["else"]}


def _rule(raw: Any) -> dict[str, Any]:
    parts = ("column", "op", "value", "then")
    if not isinstance(raw, Mapping) or set(raw) != set(parts):
        raise UsageError(
            "a rule of a fallback has a column, an op, a value and what is answered then",
            remedy='write {"column": "lead_time", "op": ">", "value": 100, "then": 1}',
        )
    if raw["op"] not in OPS:
        raise UsageError(f"a rule compares by {raw['op']!r}?", remedy=did_you_mean(str(raw["op"]), OPS))
    if not isinstance(raw["column"], str) or not _plain(raw["value"]) or not _plain(raw["then"]):
        raise UsageError("a rule of a fallback compares a column with a number or a text")
    return {part: raw[part] for part in parts}


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def answers(rule: Mapping[str, Any], names: Sequence[str], cells: Sequence[Sequence[Any]]) -> list[Any]:
    """Return what a fallback answers to rows, a value each. What cannot be compared does not fit a rule."""
    places = {name: at for at, name in enumerate(names)}
    return [_answer(rule, places, row) for row in cells]


def _answer(rule: Mapping[str, Any], places: Mapping[str, int], row: Sequence[Any]) -> Any:
    for one in rule["rules"]:
        at = places.get(one["column"])
        if at is None or at >= len(row):
            continue
        try:
            found, value = row[at], one["value"]
            if isinstance(value, (int, float)) and isinstance(found, str):
                found = float(found)
            if OPS[one["op"]](found, value):
                return one["then"]
        except (TypeError, ValueError):
            continue
    return rule["else"]
