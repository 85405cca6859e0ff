"""A masking policy as a person writes it: which column, or which type of value, is hidden how. YAML, with lines for errors.

``columns:`` names columns, or patterns with ``*`` and ``?``; a name goes before a pattern, and an earlier pattern before a
later one. ``types:`` says how the types of a data.pii report are hidden where no column is named; ``rest:`` what happens to
all other columns. ``key:`` names the key of the home that is used, ``missing: skip`` allows names that the table lacks, and
``unfit:`` says what stands for values that cannot be hidden as said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import isfinite
from pathlib import Path
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.document import Node, Place, part, read
from assay.methods.masking.method import METHODS, UNFIT, Option, Rule
from assay.methods.masking.partial import PARTIAL
from assay.methods.masking.redact import TYPES
from assay.methods.masking.shape import ALPHABETS, LONGEST
from assay.methods.nearest import did_you_mean

PARTS = ("key", "columns", "types", "rest", "missing", "unfit")
MOST = 2_000
_LIST = 1_000


@dataclass(frozen=True)
class Policy:
    """A policy that was read. columns: exact names, patterns: in order. folder: where its hierarchies are looked for."""

    columns: Mapping[str, Rule] = field(default_factory=dict)
    patterns: Mapping[str, Rule] = field(default_factory=dict)
    types: Mapping[str, Rule] = field(default_factory=dict)
    rest: Rule | None = None
    key: str = ""
    skip_missing: bool = False
    folder: Path = Path()

    def of_column(self, name: str) -> Rule | None:
        """Return the rule that names a column, or None."""
        if name in self.columns:
            return self.columns[name]
        return next((r for p, r in self.patterns.items() if fnmatchcase(name, p)), None)

    @property
    def rules(self) -> Iterable[Rule]:
        """Return every rule."""
        rest = [self.rest] if self.rest else []
        return [*self.columns.values(), *self.patterns.values(), *self.types.values(), *rest]

    def check(self, columns: Iterable[str]) -> list[tuple[str, Rule]]:
        """Return the names that a table of these columns lacks; UsageError where the policy does not allow that."""
        known = list(columns)
        lacking = [(n, r) for n, r in self.columns.items() if n not in known]
        if lacking and not self.skip_missing:
            name, rule = lacking[0]
            raise UsageError(
                f"there is no column {name!r}",
                where=rule.place,
                remedy=f"{did_you_mean(name, known)} or say `missing: skip`, if it is in other tables",
            )
        return lacking


def read_policy(path: Path) -> Policy:
    """Read a policy; UsageError names file, line and the nearest name."""
    top = read(path, "write one: `columns:`, and below it `email: partial`")
    parts = top.parts("a policy", PARTS)
    unfit = _choice(parts, "unfit", UNFIT.choices, UNFIT.default)
    columns: dict[str, Rule] = {}
    patterns: dict[str, Rule] = {}
    for name, node in part(parts, "columns").items():
        rule = _rule(node, unfit, f"the column {name!r}")
        (patterns if any(c in name for c in "*?[") else columns)[name] = rule
    types = {}
    for name, node in part(parts, "types").items():
        if name not in (*TYPES, *PARTIAL, "*"):
            known = [*dict.fromkeys((*TYPES, *PARTIAL))]
            raise node.place.error(f"there is no type {name!r}", did_you_mean(name, known))
        types[name] = _rule(node, unfit, f"the type {name!r}")
    if len(columns) + len(patterns) > MOST:
        raise parts["columns"].place.error(f"names more than {MOST:,} columns")
    rest = _rule(parts["rest"], unfit, "`rest`") if "rest" in parts else None
    if not (columns or patterns or types or rest):
        raise top.place.error("masks nothing", "write `columns:`, and below it `email: partial`")
    return Policy(
        columns,
        patterns,
        types,
        rest,
        parts["key"].text("key") if "key" in parts else "",
        _choice(parts, "missing", ("error", "skip"), "error") == "skip",
        path.resolve().parent,
    )


def _choice(parts: Mapping[str, Node], name: str, choices: tuple[str, ...], default: str) -> str:
    if name not in parts:
        return default
    word = "null" if parts[name].value is None else parts[name].text(name)
    if word not in choices:
        raise parts[name].place.error(f"{name} cannot be {word!r}", did_you_mean(word, choices))
    return word


def _rule(node: Node, unfit: str, what: str) -> Rule:
    """Read ``partial`` or ``{method: partial, last: 4}``; YAML reads a bare ``null`` as nothing, which is that method."""
    inner = node.value if isinstance(node.value, dict) else {"method": node}
    if "method" not in inner:
        raise node.place.error(f"{what} says no method", "write `method: partial`, say")
    said = inner["method"]
    method = "null" if said.value is None else said.text("method")
    if method not in METHODS:
        raise said.place.error(f"there is no method {method!r}", did_you_mean(method, METHODS))
    known = {**METHODS[method].options, "unfit": UNFIT}
    options: dict[str, Any] = {"unfit": unfit}
    for name, value in inner.items():
        if name == "method":
            continue
        if name not in known:
            raise value.place.error(f"{method} has no {name!r}", did_you_mean(name, known))
        options[name] = _option(name, known[name], value)
    rule = Rule(method, options, f"{node.place.file}:{node.place.line}")
    wrong = rule.lacking() or _more(rule)
    if wrong:
        raise node.place.error(wrong)
    return rule


def _option(name: str, option: Option, node: Node) -> Any:
    plain = node.plain
    if name == "unfit" and plain is None:
        return "null"
    if option.type is list:
        items = plain if isinstance(plain, list) else [plain]
        if not items or len(items) > _LIST:
            raise node.place.error(f"{name} takes a list of 1 to {_LIST:,}")
        return tuple(_one(name, option, str if option.choices else float, i, node.place) for i in items)
    return _one(name, option, option.type, plain, node.place)


def _one(name: str, option: Option, kind: Callable[[Any], Any], value: Any, place: Place) -> Any:
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}[kind]  # type: ignore[index]
    fits = {
        bool: isinstance(value, bool),
        int: isinstance(value, int) and not isinstance(value, bool),
        float: isinstance(value, (int, float)) and not isinstance(value, bool),
        str: isinstance(value, (str, int, float)) and not isinstance(value, bool),
    }[kind]  # type: ignore[index]
    if not fits:
        raise place.error(f"{name} takes {words}, and {str(value)[:60]!r} is not that")
    if option.choices and str(value) not in option.choices:
        raise place.error(f"{name} cannot be {str(value)[:60]!r}", did_you_mean(str(value), option.choices))
    if kind in (int, float):
        if not isfinite(value):
            raise place.error(f"{name} takes a number, and {value} is none")
        low, high = option.low, option.high
        if (low is not None and (value < low or (kind is float and value == low))) or (
            high is not None and value > high
        ):
            bounds = (
                [f"above {low:g}" if kind is float else f"of at least {low:g}"] if low is not None else []
            )
            bounds += [f"of at most {high:g}"] if high is not None else []
            raise place.error(f"{name} is {value:g}; it takes {words} {' and '.join(bounds)}")
        return value
    return str(value) if kind is str else value


def _more(rule: Rule) -> str:
    """Return what is wrong between options, or the empty text."""
    given = rule.options
    if rule.method == "partial" and len(rule.get("sign")) != 1:
        return "sign takes one character"
    if rule.method == "fpe":
        alphabet = rule.get("alphabet")
        if alphabet not in ALPHABETS and (len(alphabet) < 2 or len(set(alphabet)) != len(alphabet)):
            return f"alphabet takes one of {', '.join(ALPHABETS)}, or two or more different characters"
        if alphabet not in ALPHABETS and "\x00" in alphabet:
            return "alphabet cannot have a NUL"
        if rule.get("luhn") and alphabet not in ("digits", "shape"):
            return "luhn goes with digits only"
        if rule.get("digits") and rule.get("digits") < 6:
            return "digits is at least 6: fewer have not the million values that SP 800-38G asks for"
        if rule.get("first") + rule.get("last") >= LONGEST:
            return f"first and last together are less than {LONGEST}"
    if rule.method == "generalise":
        edges = given.get("edges")
        if edges and list(edges) != sorted(set(edges)):
            return "edges rise from one to the next"
        if {"top", "bottom"} & set(given) and {"to", "prefix", "hierarchy"} & set(given):
            return "top and bottom go with numbers"
    if (
        rule.method == "noise"
        and None not in (rule.get("low"), rule.get("high"))
        and rule.get("low") >= rule.get("high")
    ):
        return "low is below high"
    return ""
