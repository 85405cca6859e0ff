"""A function's signature read as options: what it examines, what it is told, within which limits."""

from __future__ import annotations

import inspect
import json
import keyword
import math
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import annotated_types as at
from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.handles import (
    Advisories,
    AllAbout,
    Column,
    Image,
    Key,
    Model,
    Table,
    Traffic,
    Trainer,
    Tree,
    Unless,
    Work,
)
from assay.kernel.report import Report
from assay.methods.nearest import did_you_mean

HANDLES: dict[Any, str] = {
    Table: "table", Model: "model", Tree: "tree", Key: "key", Trainer: "trainer", Traffic: "traffic",
    Image: "image", Advisories: "advisories",
}  # fmt: skip
Role = Literal["input", "report", "work", "value"]


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. kinds: which handles it takes (inputs). type: str, int, float, bool, Column, Path or dict.

    many: a tuple of values; of inputs and reports, any number of them by name (``Mapping[str, Table]``).
    """

    name: str
    role: Role
    kinds: tuple[str, ...] = ()
    type: Any = str
    many: bool = False
    choices: tuple[str, ...] = ()
    required: bool = False
    default: Any = None
    doc: str = ""
    limits: tuple[Any, ...] = ()

    @property
    def unless(self) -> str:
        """Return the name of the parameter that may stand in for this one, or nothing."""
        return next((limit.other for limit in self.limits if isinstance(limit, Unless)), "")

    @property
    def all_about(self) -> bool:
        """Whether it is, where none is named, every report that there is about the subject."""
        return any(limit is AllAbout or isinstance(limit, AllAbout) for limit in self.limits)

    def needed(self, given: Iterable[str]) -> bool:
        """Whether it must be given where these are."""
        return self.required or bool(self.unless and self.unless not in given)

    @property
    def argument(self) -> str:
        """Return its name in the function, where a Python keyword carries a trailing underscore."""
        return f"{self.name}_" if keyword.iskeyword(self.name) else self.name

    @property
    def flag(self) -> str:
        """Return it as a command-line option."""
        return "--" + self.name.replace("_", "-")

    def value(self, raw: Any) -> Any:
        """Return ``raw`` (text, or a YAML value) as this parameter's type; UsageError outside its limits."""
        if self.type is dict and raw is not None:
            return self._mapping(raw)
        if self.many:
            items = list(raw) if isinstance(raw, (list, tuple)) else [raw]
            return tuple(self._one(item) for item in items)
        if isinstance(raw, (list, tuple)) and self.type is not Any:
            raise UsageError(f"{self.name} takes one value and {len(raw)} were given")
        return None if raw is None else self._one(raw)

    def _one(self, raw: Any) -> Any:
        wrong = UsageError(f"{self.name} takes {self.expected}, and {str(raw)[:60]!r} is not that")
        if self.choices:
            if str(raw) not in self.choices:
                raise UsageError(
                    f"{self.name} cannot be {raw!r}", remedy=did_you_mean(str(raw), self.choices)
                )
            return str(raw)
        if isinstance(raw, dict):
            raise wrong
        if self.type is bool:
            return self._bool(raw, wrong)
        if isinstance(raw, bool) and self.type in (int, float):
            raise wrong
        try:
            value = self.type(raw) if self.type in (int, float, Path) else str(raw)
        except (TypeError, ValueError, OverflowError):
            raise wrong from None
        if self.type is int and isinstance(raw, float) and not raw.is_integer():
            raise wrong
        if self.type is float and not math.isfinite(float(value)):
            raise wrong
        self._within(value)
        return value

    def _mapping(self, raw: Any) -> dict[str, Any]:
        """Return a mapping, given as one, as a JSON object, or as texts like ``name=value``."""
        if isinstance(raw, dict):
            return raw
        out: dict[str, Any] = {}
        for text in raw if isinstance(raw, (list, tuple)) else [raw]:
            found = _json(text) if str(text).lstrip().startswith("{") else None
            name, equals, value = str(text).partition("=")
            if isinstance(found, dict):
                out |= found
            elif name.strip() and equals:
                out[name.strip()] = _json(value)
            else:
                raise UsageError(f"{self.name} takes {self.expected}, and {str(text)[:60]!r} is not that")
        return out

    def _bool(self, raw: Any, wrong: UsageError) -> bool:
        if isinstance(raw, bool):
            return raw
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if str(raw).lower() not in words:
            raise wrong
        return words[str(raw).lower()]

    def _within(self, value: Any) -> None:
        for limit in self.limits:
            for low, high in _bounds(limit):
                if not _inside(value, low, high):
                    raise UsageError(f"{self.name} is {value}; it takes {self.expected}")

    @property
    def expected(self) -> str:
        """Return what it takes, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        word = {int: "a whole number", float: "a number", bool: "true or false", dict: "NAME=VALUE"}
        names = {Column: "the name of a column", Path: "a path"}
        base = word.get(self.type) or names.get(self.type) or "a text"
        bounds = [w for limit in self.limits for w in _words(limit)]
        return f"{base} {' and '.join(bounds)}".strip()


def _json(text: Any) -> Any:
    """Return what a text says as JSON, or the text itself."""
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, TypeError, RecursionError):
        return text


def _bounds(limit: Any) -> list[tuple[tuple[str, Any] | None, tuple[str, Any] | None]]:
    if isinstance(limit, at.Interval):
        low = ("ge", limit.ge) if limit.ge is not None else ("gt", limit.gt) if limit.gt is not None else None
        high = (
            ("le", limit.le) if limit.le is not None else ("lt", limit.lt) if limit.lt is not None else None
        )
        return [(low, high)]
    if isinstance(limit, at.Ge):
        return [(("ge", limit.ge), None)]
    if isinstance(limit, at.Gt):
        return [(("gt", limit.gt), None)]
    if isinstance(limit, at.Le):
        return [(None, ("le", limit.le))]
    if isinstance(limit, at.Lt):
        return [(None, ("lt", limit.lt))]
    return []


def _inside(value: Any, low: tuple[str, Any] | None, high: tuple[str, Any] | None) -> bool:
    if value != value:  # NaN is within nothing
        return False
    if low and not (value >= low[1] if low[0] == "ge" else value > low[1]):
        return False
    return not (high and not (value <= high[1] if high[0] == "le" else value < high[1]))


def _words(limit: Any) -> list[str]:
    words = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}
    return [f"{words[b[0]]} {b[1]}" for pair in _bounds(limit) for b in pair if b]


@cache
def signature(function: Callable[..., Any]) -> tuple[Param, ...]:
    """Return a function's parameters in order; the first is the subject."""
    hints = get_type_hints(function, include_extras=True)
    return tuple(
        _param(name.rstrip("_"), hints[name], parameter)
        for name, parameter in inspect.signature(function).parameters.items()
    )


def _param(name: str, hint: Any, parameter: inspect.Parameter) -> Param:
    doc, limits = "", []
    if get_origin(hint) is Annotated:
        hint, *extras = get_args(hint)
        for extra in extras:
            if isinstance(extra, Doc):
                doc = extra.documentation
            else:
                limits.append(extra)
    required = parameter.default is inspect.Parameter.empty
    default = None if required else parameter.default
    options = [hint]
    if get_origin(hint) in (Union, types.UnionType):
        options = [o for o in get_args(hint) if o is not type(None)]
    if name in ("work", "run") or Work in options:
        return Param(name, "work")
    named = [get_args(o)[1] for o in options if get_origin(o) is Mapping and get_args(o)[0] is str]
    kinds = tuple(HANDLES[o] for o in (*options, *named) if o in HANDLES)
    if kinds:
        marks = tuple(limits)
        return Param(
            name, "input", kinds, many=bool(named), required=required, default=default, doc=doc, limits=marks
        )
    if Report in options or Report in named:
        return Param(
            name,
            "report",
            many=Report in named,
            required=required,
            default=default,
            doc=doc,
            limits=tuple(limits),
        )
    base, many = options[0], False
    if get_origin(base) is tuple:
        base, many = get_args(base)[0], True
        if get_origin(base) is Annotated:
            base, *inner = get_args(base)
            limits += [i for i in inner if not isinstance(i, Doc)]
    choices: tuple[str, ...] = ()
    if get_origin(base) is Literal:
        choices, base = tuple(str(c) for c in get_args(base)), str
    if get_origin(base) is dict:
        base = dict
    return Param(name, "value", (), base, many, choices, required, default, doc, tuple(limits))
