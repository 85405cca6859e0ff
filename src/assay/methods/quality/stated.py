"""Rulesets as YAML, in Assay's own words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from assay.kernel.errors import UsageError
from assay.kernel.severity import SEVERITIES
from assay.methods.document import Node, parse
from assay.methods.nearest import did_you_mean, nearest
from assay.methods.quality.bounds import Bounds
from assay.methods.quality.guard import guard
from assay.methods.quality.rule import Rule, Ruleset, Threshold, distinct
from assay.methods.quality.spread import DEFAULTS, P_VALUES
from assay.methods.quality.values import duration
from assay.methods.quality.vocabulary import (
    BOUNDS,
    COMMON,
    FORMATS,
    KINDS,
    ROWWISE,
    SYNONYMS,
    TYPE_SYNONYMS,
    TYPES,
    Kind,
)
from assay.methods.quality.words import default_name

MOST = 2_000  # rules
MOST_VALUES = 100_000
EXAMPLE = "write `rules:` and below it `- complete: column`"
_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")
_ANY_TIME = "2000-01-01T00:00:00Z"  # SQL is only looked at here


def read(raw: bytes, shown: str) -> Ruleset:
    """Read a ruleset from the bytes of a YAML file; UsageError names file and line, and the nearest word there is."""
    top = parse(raw, shown, EXAMPLE)
    if isinstance(top.value, list):
        listed, named = top, {}
    else:
        parts = top.mapping("a ruleset")
        for key, node in parts.items():
            if key not in ("rules", "tables", "description"):
                raise node.place.error(
                    f"{key!r} is not a part of a ruleset",
                    did_you_mean(key, ("rules", "tables", "description")),
                )
        if "rules" not in parts:
            raise top.place.error("has no `rules:`", EXAMPLE)
        listed = parts["rules"]
        named = _tables(parts["tables"]) if "tables" in parts else {}
    if not isinstance(listed.value, list) or not listed.value:
        raise listed.place.error(f"`rules` must be a list of rules, and is {listed.shown}", EXAMPLE)
    reader = _Reader(named)
    rules = [rule for item in listed.value for rule in reader.rules(item)]
    if len(rules) > MOST:
        raise top.place.error(f"there are {len(rules)} rules, and {MOST} are the most", "split the file")
    return Ruleset(tuple(distinct(rules)), (), reader.tables)


def _tables(node: Node) -> dict[str, str]:
    return {name: _path(inner) for name, inner in node.mapping("tables").items()}


def _path(node: Node) -> str:
    text = node.text("a table")
    if "://" in text or "::" in text or any(c in text for c in "*?"):
        raise node.place.error(
            f"a ruleset names files beside it, and {text[:60]!r} is none",
            "give other tables with --tables NAME=SOURCE",
        )
    return text


class _Reader:
    """Reads rules, and gathers the tables that they name."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self.tables = dict(named)

    def rules(self, item: Node) -> list[Rule]:
        """Return the rules that one item of the list states: one a column where it is about several."""
        parts = item.mapping("a rule")
        kinds = [k for k in parts if k in KINDS]
        if len(kinds) != 1:
            raise self._no_kind(item, parts, kinds)
        word = kinds[0]
        kind = KINDS[word]
        takes = {**COMMON, **kind.fields}
        takes |= (ROWWISE if kind.rowwise else {}) | (BOUNDS if kind.bounded else {})
        given: dict[str, Any] = {}
        for key, node in parts.items():
            if key == word:
                continue
            if key not in takes:
                raise node.place.error(f"a {word} rule takes no {key!r}", did_you_mean(key, takes))
            given[key] = self._field(key, takes[key], node)
            if takes[key] == "scalars":
                given["written"] = [n.written for n in node.value]
        self._needed(word, kind, given, item)
        return self._made(word, kind, parts[word], given, item)

    def _no_kind(self, item: Node, parts: Mapping[str, Node], kinds: list[str]) -> UsageError:
        if kinds:
            return item.place.error(f"a rule says one thing, and this one says {' and '.join(kinds)}")
        for key in parts:
            if key in SYNONYMS and key not in COMMON | BOUNDS:
                return parts[key].place.error(f"there is no rule {key!r}", f"did you mean {SYNONYMS[key]!r}?")
        for key in parts:
            close = nearest(key, KINDS)
            if close and key not in COMMON | ROWWISE | BOUNDS:
                return parts[key].place.error(f"there is no rule {key!r}", f"did you mean {close!r}?")
        said = ", ".join(map(repr, list(parts)[:4])) or "nothing"
        return item.place.error(f"a rule names its kind, and this one says {said}", did_you_mean("", KINDS))

    def _needed(self, word: str, kind: Kind, given: Mapping[str, Any], item: Node) -> None:
        for need in kind.needs:
            choices = tuple(BOUNDS) if need == "bounds" else tuple(need.split("|"))
            count = sum(c in given for c in choices)
            if not count:
                listed = choices[0] if len(choices) == 1 else "one of " + ", ".join(choices)
                raise item.place.error(f"a {word} rule needs {listed}")
            if need != "bounds" and count > 1:
                raise item.place.error(f"a {word} rule takes one of {', '.join(choices)}, and not several")

    def _field(self, key: str, form: str, node: Node) -> Any:
        base, _, choices = form.partition(": ")
        if base == "word":
            return _word(key, node, choices.split(", "))
        if base == "table":
            return self._table(node)
        return _FORMS[base](key, node)

    def _table(self, node: Node) -> str:
        """Return the name of another table; one that is given as a file here is named by its file."""
        text = node.text("a table")
        if text in self.tables or not ("/" in text or "." in text):
            return text
        name = PurePath(text).name
        if self.tables.get(name, text) != text:
            name = text.replace("/", "_")
        self.tables[name] = _path(node)
        return name

    def _made(self, word: str, kind: Kind, subject: Node, given: dict[str, Any], item: Node) -> list[Rule]:
        bounds = _tested(given, item) if word == "distribution" else _bounds(given, item)
        rule = Rule(
            word,
            str(given.pop("name", ""))[:120],
            (),
            {},
            bounds,
            Threshold(Bounds(low=given.pop("mostly", 1.0))),
            given.pop("nulls", "ignore"),
            given.pop("when", ""),
            given.pop("severity", "high"),
            str(given.pop("message", ""))[:500],
            f"{item.place.file}:{item.place.line}",
        )
        rule = replace(rule, given=given)
        made = self._about(word, kind, subject, rule)
        _sensible(made[0], item)
        many = len(made) > 1
        return [
            replace(r, name=f"{r.name} {r.columns[0]}" if many and r.name else r.name or default_name(r))
            for r in made
        ]

    def _about(self, word: str, kind: Kind, subject: Node, rule: Rule) -> list[Rule]:
        about = kind.about
        if about == "rules":
            return [self._joined(word, subject, rule)]
        if about == "nothing":
            if subject.value is not None:
                raise subject.place.error(
                    f"{word} is about the whole table, and {subject.shown} is given", f"write `{word}:` alone"
                )
            return [rule]
        if about == "sql":
            text = _sql(word, subject, aggregate=word == "aggregate")
            columns = guard(text, (), _ANY_TIME, aggregate=word == "aggregate").columns
            return [replace(rule, columns=columns, given={**rule.given, "sql": text})]
        if about == "types":
            types = {n: _stored(v) for n, v in subject.mapping(word).items()}
            return [replace(rule, columns=tuple(types), given={**rule.given, "types": types})]
        if about == "pattern":
            return [replace(rule, given={**rule.given, "pattern": subject.text(word)})]
        if about == "table":
            return [replace(rule, given={**rule.given, "table": self._table(subject)})]
        columns = _columns(word, subject)
        if about == "each":
            return [replace(rule, columns=(c,)) for c in columns]
        if about == "pair" and len(columns) != 2:
            raise subject.place.error(f"a {word} rule is about two columns, and {len(columns)} are given")
        return [replace(rule, columns=columns)]

    def _joined(self, word: str, subject: Node, rule: Rule) -> Rule:
        if not isinstance(subject.value, list) or len(subject.value) < 2:
            raise subject.place.error(f"`{word}` joins a list of two rules or more, and is {subject.shown}")
        if rule.when:
            raise subject.place.error(f"`{word}` takes no filter", "write `when` in the rules that it joins")
        parts = tuple(r for item in subject.value for r in self.rules(item))
        columns = tuple(dict.fromkeys(c for p in parts for c in p.columns))
        return replace(rule, parts=parts, columns=columns)


def _bounds(given: dict[str, Any], item: Node) -> Bounds:
    """Take the bounds out of what was given."""
    ends = {k: given.pop(k) for k in tuple(BOUNDS) if k in given}
    for a, b in (("min", "above"), ("max", "below")):
        if a in ends and b in ends:
            raise item.place.error(f"a rule takes {a} or {b}, and not both")
    if "equals" in ends:
        if len(ends) > 1:
            raise item.place.error("`equals` stands alone, without other bounds")
        return Bounds(among=(ends["equals"],))
    low, high = ends.get("min", ends.get("above")), ends.get("max", ends.get("below"))
    numbers = isinstance(low, (int, float)), isinstance(high, (int, float))
    if low is not None and high is not None:
        if numbers[0] != numbers[1]:
            raise item.place.error(f"one bound is a number and the other is not: {low!r} and {high!r}")
        if all(numbers) and low > high:
            raise item.place.error(f"nothing lies between {low} and {high}", "the lesser bound comes first")
    return Bounds(low, high, "above" in ends, "below" in ends)


def _tested(given: dict[str, Any], item: Node) -> Bounds:
    """Return the bounds of a distribution rule: a p-value has to be large, a distance small."""
    test = given["test"]
    word, wrong = ("min", "max") if test in P_VALUES else ("max", "min")
    if wrong in given:
        what = "p-value, which has to be large" if test in P_VALUES else "distance, which has to be small"
        raise item.place.error(f"{test} gives a {what}", f"write `{word}:` in place of `{wrong}:`")
    if "shares" in given and ("against" in given or test.startswith("ks")):
        raise item.place.error(
            "`shares` are for psi, kl, total_variation and chi_square, and go without `against`"
        )
    limit = float(given.pop(word, DEFAULTS[test]))
    return Bounds(low=limit) if word == "min" else Bounds(high=limit)


def _sensible(rule: Rule, item: Node) -> None:
    """Refuse what can be told without the table: no filter or unknown word that a kind cannot use."""
    if (
        rule.kind in ("exists", "columns", "schema", "column_names", "column_count", "same_schema")
        and rule.when
    ):
        raise item.place.error(f"a {rule.kind} rule is about the columns, and takes no `when`")
    if rule.kind == "format" and rule.given["is"] not in FORMATS and "%" not in rule.given["is"]:
        raise item.place.error(
            f"there is no format {rule.given['is']!r}", did_you_mean(rule.given["is"], FORMATS)
        )
    if rule.kind == "length" and any(
        not isinstance(e, (int, float))
        for e in (rule.bounds.low, rule.bounds.high, *rule.bounds.among)
        if e is not None
    ):
        raise item.place.error("a length is bounded by numbers")
    theirs = rule.given.get("column")
    if rule.kind == "references" and theirs and len(theirs) != len(rule.columns):
        raise item.place.error(f"{len(rule.columns)} columns are looked for among {len(theirs)}")


def _word(key: str, node: Node, choices: list[str]) -> str:
    text = node.text(key)
    if text not in choices:
        meant = TYPE_SYNONYMS.get(text.lower(), text)
        raise node.place.error(f"{key} cannot be {text!r}", did_you_mean(meant, choices))
    return text


def _stored(node: Node) -> str:
    return _word("a type", node, list(TYPES))


def _columns(key: str, node: Node) -> tuple[str, ...]:
    items = node.value if isinstance(node.value, list) else [node]
    out = tuple(
        item.written if item.value is not None else item.text(key) for item in items if _plain(key, item)
    )
    if not out or "" in out:
        raise node.place.error(f"{key} names no column", f"write `{key}: column`")
    twice = next((c for n, c in enumerate(out) if c in out[:n]), None)
    if twice:
        raise node.place.error(f"{key} names {twice!r} twice")
    return out


def _plain(key: str, node: Node) -> bool:
    if isinstance(node.value, (dict, list)):
        raise node.place.error(f"{key} takes the names of columns, and {node.shown} is not that")
    return True


def _sql(key: str, node: Node, aggregate: bool = False) -> str:
    text = node.written if isinstance(node.value, (bool, int, float)) else node.text(key)
    try:
        guard(text, (), _ANY_TIME, aggregate=aggregate)
    except UsageError as error:
        raise node.place.error(error.what, error.remedy) from None
    return text


def _text(key: str, node: Node) -> str:
    return node.text(key)


def _texts(key: str, node: Node) -> list[str]:
    items = node.value if isinstance(node.value, list) else [node]
    if not items:
        raise node.place.error(f"{key} is an empty list")
    return [i.written if isinstance(i.value, (bool, int, float)) else i.text(key) for i in items]


def _flag(key: str, node: Node) -> bool:
    if not isinstance(node.value, bool):
        raise node.place.error(f"{key} is true or false, and {node.shown} is given")
    return node.value


def _value(node: Node) -> Any:
    """Return a plain value; YAML takes 1e-6 for a text, as it has no point."""
    if isinstance(node.value, str) and _EXPONENT.fullmatch(node.value):
        return float(node.value)
    return node.value


_LARGEST = 10**308  # of a whole number: a larger one is no float


def _number(key: str, node: Node) -> float | int:
    value = _value(node)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _LARGEST:
        raise node.place.error(f"{key} is a number, and {node.shown} is given")
    return value


def _positive(key: str, node: Node) -> float | int:
    value = _number(key, node)
    if value <= 0:
        raise node.place.error(f"{key} is a number above 0, and {value} is given")
    return value


def _share(key: str, node: Node) -> float:
    value = _number(key, node)
    if not 0 <= value <= 1:
        raise node.place.error(f"{key} is a share between 0 and 1, and {value} is given", "0.99 is 99 %")
    return float(value)


def _scalar(key: str, node: Node) -> Any:
    if isinstance(node.value, (dict, list, bool)) or node.value is None:
        raise node.place.error(f"{key} is a number, a date or a text, and {node.shown} is given")
    value = _value(node)
    return _number(key, node) if isinstance(value, float) else value


def _scalars(key: str, node: Node) -> list[Any]:
    if not isinstance(node.value, list) or not node.value:
        raise node.place.error(
            f"{key} is a list of values, and {node.shown} is given", f"write `{key}: [a, b]`"
        )
    if len(node.value) > MOST_VALUES:
        raise node.place.error(
            f"{key} lists more than {MOST_VALUES:,} values", "put them in a table: `references`"
        )
    for item in node.value:
        if isinstance(item.value, (dict, list)):
            raise item.place.error(f"{key} is a list of values, and {item.shown} is in it")
    # YAML reads yes, no, on and off as truth values; only true and false are meant so
    return [
        i.written if isinstance(i.value, bool) and i.written.lower() not in ("true", "false") else i.value
        for i in node.value
    ]


def _shares(key: str, node: Node) -> dict[str, float]:
    shares = {name: float(_number(key, inner)) for name, inner in node.mapping(key).items()}
    if any(s < 0 for s in shares.values()) or not math.isclose(sum(shares.values()), 1, abs_tol=1e-3):
        raise node.place.error(f"shares sum up to 1, and these to {sum(shares.values()):.6g}")
    return shares


def _duration(key: str, node: Node) -> str:
    text = node.text(key)
    if duration(text) is None:
        raise node.place.error(
            f"{key} is a length of time, and {text!r} is not that", "write `24 hours` or `2 days`"
        )
    return text


def _severity(key: str, node: Node) -> str:
    return _word(key, node, list(SEVERITIES))


_FORMS: dict[str, Any] = {
    "text": _text,
    "texts": _texts,
    "flag": _flag,
    "number": _number,
    "positive": _positive,
    "share": _share,
    "scalar": _scalar,
    "scalars": _scalars,
    "shares": _shares,
    "duration": _duration,
    "severity": _severity,
    "columns": _columns,
    "sql": _sql,
}
