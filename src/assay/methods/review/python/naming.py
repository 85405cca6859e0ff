"""The names of a program: what each stands for, and what is kept under which path."""

from __future__ import annotations

import ast
import builtins
from dataclasses import replace
from typing import Any

from assay.methods.review.python import known
from assay.methods.review.python.program import Enough, Program
from assay.methods.review.python.scope import MOST_DOTS, Names
from assay.methods.review.python.values import (
    NONE,
    UNKNOWN,
    Value,
    any_of,
    either,
    holding,
    plain,
    within,
)

_BUILTINS = frozenset(dir(builtins))
MOST_STEPS = 1_500_000  # expressions and statements followed, again where they are followed again


class Naming:
    """names: what is known of each name and attribute path (``self.model``) where the program now is."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = Names()
        self.within = ""
        self.fetched: set[str] = set()  # files, by the name that is written out, that came over the network
        self._tokens: dict[tuple[object, ...], int] = {}
        self._steps = 0
        self.missed: list[str] = []  # names that were read before anything was known of them
        self._something = Value()  # of which nothing is known
        self._things: dict[str, Value] = {}  # what whole names stand for
        self.starred: list[str] = []  # modules all of whose names were imported
        self.bound: dict[tuple[str, ast.AST], Value] = {}  # each assignment: what it may have given
        self.mentioned: dict[str, ast.expr] = {}  # functions that are named without being called there

    def fresh(self, *at: object) -> int:
        """Return the number of the value that is made at a place: the same each time the place is followed."""
        return self._tokens.setdefault(at, len(self._tokens) + 1)

    def step(self, cost: int = 1) -> None:
        """Count a step; Enough where there were too many."""
        self._steps += cost
        if self._steps > MOST_STEPS:
            raise Enough(f"it takes more than {MOST_STEPS:,} steps to follow")

    def value(self, node: ast.expr) -> Value:
        """Return what is known of an expression, noting the calls in it."""
        raise NotImplementedError

    def attribute_of(self, code: ast.ClassDef, name: str) -> Value | None:
        """Return what a class of this program, or what is made of it, has under a name; None where it has nothing."""
        raise NotImplementedError

    def keep_attribute(self, code: ast.ClassDef, name: str, value: Value) -> None:
        """Note what a class of this program, or what is made of it, is given under a name."""
        raise NotImplementedError

    # ---- names

    def place(self, node: ast.expr) -> str:
        """Return the path by which a value is kept: ``x``, ``self.model``; empty where it has none."""
        if isinstance(node, ast.Name):
            return node.id
        parts: list[str] = []
        while not isinstance(node, ast.Name):
            if isinstance(node, ast.Attribute):
                parts.append(node.attr)
            elif not isinstance(node, ast.Subscript):
                return ""
            node = node.value
            if len(parts) > MOST_DOTS:
                return ""
        return ".".join([node.id, *reversed(parts)])

    def bind(self, target: ast.expr, value: Value) -> None:
        """Give a name, an attribute, or several names, a value."""
        if isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, value)
            return
        if isinstance(target, ast.Starred):
            self.bind(target.value, value)
            return
        if isinstance(target, ast.Subscript):
            self._put(target, value)
            return
        path = self.place(target)
        if isinstance(target, ast.Attribute):
            for way in self.value(target.value).may():
                if isinstance(way.code, ast.ClassDef):
                    self.keep_attribute(way.code, target.attr, value)
        if not path:
            return
        self.names.forget_below(path)
        self.names[path] = value if value.token else value.numbered(self.fresh(path, target))
        self.noted(path, value, target)

    def noted(self, path: str, value: Value, target: ast.AST) -> None:
        """Remember an assignment for the rules."""
        key = (path, target)
        self.bound[key] = either(self.bound[key], value) if key in self.bound else value

    def _unpack(self, targets: list[ast.expr], value: Value) -> None:
        parts = value.parts if value.whole and value.parts is not None else None
        apart = parts is not None and len(parts) == len(targets)
        for at, one in enumerate(targets):
            if apart and parts is not None and at in parts and not isinstance(one, ast.Starred):
                self.bind(one, parts[at])
            else:
                self.bind(one, within(value).numbered(self.fresh(one)))

    def _put(self, target: ast.Subscript, value: Value) -> None:
        """Put a value into a container: it is in it from then on."""
        key = self.value(target.slice)
        self.hold(target.value, value, key.literal if key.known and plain(key.literal) else UNKNOWN)
        if path := self.place(target):
            self.noted(path, value, target)

    def hold(self, container: ast.expr, value: Value, key: Any = UNKNOWN) -> None:
        """Let a container hold one thing more, under a key where that is known."""
        path = self.place(container)
        was = self.value(container)
        if not path:
            return
        parts = dict(was.parts or {})
        if key is UNKNOWN:
            key = ("further", len(parts))
        old = parts.get(key)
        parts[key] = value if old is None or key is not UNKNOWN else either(old, value)
        made = holding(parts, was.labels | value.labels, whole=was.whole)
        self.names[path] = replace(made, name=was.name, token=was.token, code=was.code)

    # ---- what they stand for

    def name(self, node: ast.Name) -> Value:
        """Return what a name stands for: what it was given, what was imported, a builtin."""
        found = self.names.get(node.id)
        if found is not None:
            return found
        imported = self.program.imports.get(node.id)
        if imported is not None:
            return any_of([self.named(name) for name in imported])
        if node.id == "__builtins__":
            return Value(name="builtins")
        if node.id in _BUILTINS:
            return self.named(f"builtins.{node.id}")
        if self.starred:
            return any_of(self.named(f"{module}.{node.id}") for module in self.starred[:MOST_DOTS])
        # which value it is matters, even where nothing else is known of it
        self.missed.append(node.id)
        self.names[node.id] = Value(token=self.fresh(node.id))
        return self.names[node.id]

    def apart(self, name: str) -> bool:
        """Whether a name stands for nothing before it is given a value."""
        return not (
            "." in name
            or self.starred
            or name in self.program.imports
            or name in _BUILTINS
            or name == "__builtins__"
        )

    def named(self, name: str) -> Value:
        """Return what a whole name stands for."""
        found = self._things.get(name)
        if found is None:
            whole = known.canonical(name)
            label = known.source(whole)
            found = self._things[name] = Value(frozenset({label}) if label else NONE, name=whole)
        return found

    def attribute(self, node: ast.Attribute) -> tuple[Value, Value]:
        """Return the object, and what it has under the name."""
        base = self.value(node.value)
        if type(node.value) is not ast.Subscript and (kept := self.names.get(self.place(node))) is not None:
            return base, kept
        if not base.ways:
            return base, self.member(base, node.attr)
        return base, any_of([self.member(way, node.attr) for way in base.ways])

    def member(self, base: Value, name: str) -> Value:
        """Return what one thing has under a name."""
        if isinstance(base.code, ast.ClassDef):
            found = self.attribute_of(base.code, name)
            if found is not None:
                return replace(found, labels=found.labels | base.labels) if base.labels else found
        if not base.name:
            return Value(base.labels) if base.labels else self._something
        found = self.named(f"{base.name}.{name}")
        return found if found.labels or not base.labels else Value(base.labels, name=found.name)
