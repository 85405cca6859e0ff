"""A data.integrity report's list of rules, read strictly: it may be forged, and what is misread would change a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.expressions import LONGEST

MOST_RULES = 1_000  # data.integrity lists 500
KINDS = (
    "derived_flag", "band", "order", "sum", "product", "linear", "equal", "rounding", "dates", "copy", "dependency",
    "condition", "key", "inclusion", "stated",
)  # fmt: skip
LONGEST_TITLE = 20_000  # characters of a rule in words, which may name many columns
_LARGEST = 2**63
_REMEDY = "give a report as data.integrity writes it"


@dataclass(frozen=True)
class Repair:
    """How a column is set right: the column, the expression, and how it writes true and false where it is no truth value."""

    set: str
    to: str
    words: tuple[Any, Any] | None = None


@dataclass(frozen=True)
class Listed:
    """A rule as the report lists it. holds: empty where no row breaks it alone."""

    kind: str
    title: str
    holds: str
    violations: int
    repair: Repair | None = None


def listed(data: Any) -> list[Listed]:
    """Read ``data.rules`` of a report; UsageError names the first thing that is not as data.integrity writes it."""
    if not isinstance(data, Mapping) or "rules" not in data:
        raise UsageError(
            "the report given as `using` lists no rules", remedy="give a report of data.integrity"
        )
    rules = data["rules"]
    if not isinstance(rules, Sequence) or isinstance(rules, (str, bytes)):
        raise _odd("its rules are no list")
    if len(rules) > MOST_RULES:
        raise UsageError(
            f"the report given as `using` lists {len(rules):,} rules, more than the {MOST_RULES:,} that are read",
            remedy=_REMEDY,
        )
    return [_one(rule, f"rule {place}") for place, rule in enumerate(rules, 1)]


def _one(raw: Any, at: str) -> Listed:
    if not isinstance(raw, Mapping):
        raise _odd(f"{at} is {_said(raw)}")
    kind = _text(raw, "kind", at, 40)
    if kind not in KINDS:
        raise _odd(f"the kind of {at}, {kind!r}, is none that data.integrity has")
    title = _text(raw, "rule", at, LONGEST_TITLE)
    holds = _text(raw, "holds", at, LONGEST, empty=True)
    violations = _count(raw, "violations", at)
    if "support" in raw and violations > _count(raw, "support", at):
        raise _odd(f"{at} is broken in more rows than it was seen on")
    repair = _repair(raw["repair"], at) if "repair" in raw else None
    if raw.get("expression", repair.to if repair else None) != (repair.to if repair else None):
        raise _odd(f"the expression of {at} is not that of its repair")
    return Listed(kind, title, holds, violations, repair)


def _repair(raw: Any, at: str) -> Repair:
    if not isinstance(raw, Mapping):
        raise _odd(f"the repair of {at} is {_said(raw)}")
    at = f"the repair of {at}"
    to, set_ = _text(raw, "to", at, LONGEST), _text(raw, "set", at, LONGEST)
    words = [_word(raw[name], name, at) for name in ("true", "false") if name in raw]
    if len(words) == 1:
        raise _odd(f"{at} writes only one of true and false")
    return Repair(set_, to, (words[0], words[1]) if words else None)


def _text(raw: Mapping[str, Any], name: str, at: str, most: int, *, empty: bool = False) -> str:
    if name not in raw:
        raise _odd(f"{at} has no {name!r}")
    value = raw[name]
    if not isinstance(value, str):
        raise _odd(f"the {name!r} of {at} is {_said(value)}, and no text")
    if not value and not empty:
        raise _odd(f"the {name!r} of {at} is empty")
    if len(value) > most:
        raise _odd(f"the {name!r} of {at} is longer than {most:,} characters")
    return value


def _count(raw: Mapping[str, Any], name: str, at: str) -> int:
    if name not in raw:
        raise _odd(f"{at} has no {name!r}")
    value = raw[name]
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LARGEST:
        raise _odd(f"the {name!r} of {at} is {_said(value)}, and no count of rows")
    return value


def _word(value: Any, name: str, at: str) -> Any:
    plain = isinstance(value, (bool, str)) or (isinstance(value, int) and abs(value) < _LARGEST)
    plain |= isinstance(value, float) and math.isfinite(value)
    if not plain or (isinstance(value, str) and len(value) > LONGEST):
        raise _odd(f"the {name!r} of {at} is {_said(value)}, and no value of a cell")
    return value


def _said(value: Any) -> str:
    """Return a value as a sentence names it."""
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    return repr(value)[:40]


def _odd(what: str) -> UsageError:
    return UsageError(f"the report given as `using` cannot be trusted: {what}", remedy=_REMEDY)
