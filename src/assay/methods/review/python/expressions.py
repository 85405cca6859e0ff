"""The expressions of a program: what each may be, and every call on the way."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from assay.methods.review.python import known
from assay.methods.review.python.program import Enough, Program
from assay.methods.review.python.scope import MOST_DOTS, Names
from assay.methods.review.python.values import (
    LISTED,
    NONE,
    NOTHING,
    UNKNOWN,
    Value,
    any_of,
    either,
    holding,
    labels_of,
    plain,
    within,
)

_BUILTINS = frozenset(dir(builtins))
_LONG = 100_000  # characters of a literal that is put together here
MOST_STEPS = 1_500_000  # expressions and statements followed, again where they are followed again
_DICTS = ("builtins.globals()", "builtins.locals()")


def open_(value: Value) -> bool:
    """Whether a part of a text may be anything: not what is written out, a number, a quoted word, or one of a list."""
    ended = value.name.endswith("()") and known.within(value.name[:-2], known.ENDS)
    if value.ways and not value.labels and all(way.known for way in value.ways):
        return False
    return not value.known and not ended and value.name != LISTED


class Expressions:
    """names: what is known of each name and attribute path (``self.model``) where the program now is."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = Names()
        self.within = ""
        self.fetched: set[str] = set()  # files, by the name that is written out, that came over the network
        self._tokens: dict[tuple[object, ...], int] = {}
        self._steps = 0
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

    def call(self, node: ast.Call) -> Value:
        """Note a call, and return what it gives."""
        raise NotImplementedError

    def yielded(self, value: Value) -> None:
        """Note what a generator gives one of."""
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
        self.names[path] = value if value.token else replace(value, token=self.fresh(path, target))
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
                self.bind(one, replace(within(value), token=self.fresh(one)))

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

    # ---- expressions

    def value(self, node: ast.expr) -> Value:
        """Return what is known of an expression, noting the calls in it."""
        self.step()
        match node:
            case ast.Constant():
                fetched = isinstance(node.value, str) and node.value in self.fetched
                return Value(frozenset({"download"}) if fetched else NONE, node.value)
            case ast.Name() | ast.Attribute():
                found = self.name(node) if isinstance(node, ast.Name) else self.attribute(node)[1]
                for way in found.may():
                    if way.name in known.MENTIONED:
                        self.mentioned.setdefault(way.name, node)
                return found
            case ast.Call():
                return self.call(node)
            case ast.JoinedStr():
                return self._joined([self.value(v) for v in node.values])
            case ast.FormattedValue():
                inner = self.value(node.value)
                spec = self.value(node.format_spec) if node.format_spec is not None else NOTHING
                if node.format_spec is None or (spec.known and not spec.literal):
                    return inner
                return Value(inner.labels | spec.labels, built=inner.built or open_(inner) or open_(spec))
            case ast.BinOp():
                return self._binary(node)
            case ast.BoolOp():
                return any_of([self.value(v) for v in node.values])
            case ast.IfExp():
                self.value(node.test)
                return either(self.value(node.body), self.value(node.orelse))
            case ast.Subscript():
                return self._subscript(node)
            case ast.Starred() | ast.Await():
                return self.value(node.value)
            case ast.Yield() | ast.YieldFrom():
                value = self.value(node.value) if node.value is not None else NOTHING
                self.yielded(value if isinstance(node, ast.Yield) else self.each(value))
                return NOTHING
            case ast.NamedExpr():
                value = self.value(node.value)
                self.bind(node.target, value)
                return value
            case ast.Tuple() | ast.List() | ast.Set():
                return self._list(node.elts)
            case ast.Dict():
                return self._dict(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case ast.Lambda():
                return self._lambda(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.Compare():
                for one in (node.left, *node.comparators):
                    self.value(one)
                return NOTHING
            case _:
                inner_ = [self.value(v) for v in ast.iter_child_nodes(node) if isinstance(v, ast.expr)]
                return Value(labels_of(inner_))

    def name(self, node: ast.Name) -> Value:
        """Return what a name stands for: what it was given, what was imported, a builtin."""
        found = self.names.get(node.id)
        if found is not None:
            return found
        if node.id in self.program.imports:
            return any_of(self.named(name) for name in self.program.imports[node.id])
        if node.id == "__builtins__":
            return Value(name="builtins")
        if node.id in _BUILTINS:
            return self.named(f"builtins.{node.id}")
        if self.starred:
            return any_of(self.named(f"{module}.{node.id}") for module in self.starred[:MOST_DOTS])
        # which value it is matters, even where nothing else is known of it
        self.names[node.id] = Value(token=self.fresh(node.id))
        return self.names[node.id]

    def named(self, name: str) -> Value:
        """Return what a whole name stands for."""
        name = known.canonical(name)
        label = known.source(name)
        return Value(frozenset({label}) if label else NONE, name=name)

    def attribute(self, node: ast.Attribute) -> tuple[Value, Value]:
        """Return the object, and what it has under the name."""
        base = self.value(node.value)
        path = self.place(node)
        if path in self.names and not isinstance(node.value, ast.Subscript):
            return base, self.names[path]
        return base, any_of(self.member(way, node.attr) for way in base.may())

    def member(self, base: Value, name: str) -> Value:
        """Return what one thing has under a name."""
        if isinstance(base.code, ast.ClassDef):
            found = self.attribute_of(base.code, name)
            if found is not None:
                return replace(found, labels=found.labels | base.labels) if base.labels else found
        if not base.name:
            return Value(base.labels)
        found = self.named(f"{base.name}.{name}")
        return found if found.labels else Value(base.labels, name=found.name)

    def _subscript(self, node: ast.Subscript) -> Value:
        base, key = self.value(node.value), self.value(node.slice)
        path = self.place(node)
        if key.text is not None and base.name:
            if base.name == "sys.modules":
                return self.named(key.text)
            if base.name.endswith(".__dict__") or base.name == "builtins":
                return self.named(f"{base.name.removesuffix('.__dict__')}.{key.text}")
            if base.name in _DICTS and key.text.isidentifier():
                return self.name(ast.Name(key.text, ast.Load()))
        if base.parts is not None and not isinstance(node.slice, ast.Slice):
            if key.known and plain(key.literal) and key.literal in base.parts:
                return base.parts[key.literal]
            found = within(base)
            if found.name or found.ways or found.code or found.parts:
                return found
        return Value(
            base.labels,
            name=base.name,
            token=base.token if isinstance(node.slice, ast.Slice) and not path else 0,
        )

    def _joined(self, inner: list[Value]) -> Value:
        labels, built = labels_of(inner), any(v.built or open_(v) for v in inner)
        if not all(v.known and plain(v.literal) for v in inner):
            return Value(labels, built=built)
        texts = [str(v.literal) for v in inner]
        short = sum(map(len, texts)) <= _LONG
        return Value(labels, "".join(texts) if short else UNKNOWN)

    def _binary(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        labels = left.labels | right.labels
        if isinstance(node.op, ast.Add) and left.text is not None and right.text is not None:
            whole = left.text + right.text if len(left.text) + len(right.text) <= _LONG else UNKNOWN
            return Value(labels, whole)
        if left.parts is not None and right.parts is not None and isinstance(node.op, ast.Add | ast.BitOr):
            if isinstance(node.op, ast.BitOr):
                parts = {**left.parts, **right.parts}
            else:
                parts = dict(enumerate([*left.parts.values(), *right.parts.values()]))
            return holding(parts, labels, whole=left.whole and right.whole)
        text = left.text is not None or right.text is not None or left.built or right.built
        free = open_(left) or open_(right)
        return Value(labels, built=isinstance(node.op, ast.Add | ast.Mod) and text and free)

    def _unary(self, node: ast.UnaryOp) -> Value:
        inner = self.value(node.operand)
        if isinstance(node.op, ast.USub) and isinstance(inner.literal, int | float):
            return Value(literal=-inner.literal)
        if isinstance(node.op, ast.Not):
            return any_of(Value(literal=not w.literal if w.known else UNKNOWN) for w in inner.may())
        return NOTHING

    def _list(self, elements: list[ast.expr]) -> Value:
        inner: list[Value] = []
        whole = True
        for one in elements:
            value = self.value(one)
            if isinstance(one, ast.Starred):
                if value.whole and value.parts is not None:
                    inner += value.parts.values()
                else:
                    whole = False
                    inner.append(within(value))
            else:
                inner.append(value)
        literal = [v.literal for v in inner] if whole and all(v.known for v in inner) else UNKNOWN
        return holding(dict(enumerate(inner)), labels_of(inner), whole=whole, literal=literal)

    def _dict(self, node: ast.Dict) -> Value:
        parts: dict[Any, Value] = {}
        labels, whole = NONE, True
        for key, given in zip(node.keys, node.values, strict=True):
            value = self.value(given)
            labels |= value.labels
            if key is None:
                parts |= value.parts or {}
                whole = whole and value.whole
                continue
            name = self.value(key)
            labels |= name.labels
            if name.known and plain(name.literal):
                parts[name.literal] = value
            else:
                parts["further", len(parts)] = value
                whole = False
        return holding(parts, labels, whole=whole)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        mark = self.names.mark()
        for part in node.generators:
            self.bind(part.target, self.each(self.value(part.iter)))
            for test in part.ifs:
                self.value(test)
        shown = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        inner = [self.value(n) for n in shown]
        self.names.back(mark)
        return holding({("further", 0): inner[-1]}, labels_of(inner), whole=False)

    def each(self, value: Value) -> Value:
        """Return what is known of each thing that a loop over a value gives."""
        if value.parts is not None and all(not isinstance(k, str) for k in value.parts):
            return replace(within(value), token=0)
        return Value(value.labels)

    def _lambda(self, node: ast.Lambda) -> Value:
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.value(default)
        mark = self.names.mark()
        for arg in parameters(node.args):
            self.names[arg.arg] = Value(token=self.fresh(arg))
        self.value(node.body)
        self.names.back(mark)
        return Value(code=node)


def parameters(args: ast.arguments) -> Iterable[ast.arg]:
    """Return the parameters of a function that are named, in order, and those that take the rest."""
    rest = [a for a in (args.vararg, args.kwarg) if a is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *rest]
