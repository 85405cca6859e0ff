"""The expressions of a program: what each may be, and every call on the way."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from assay.methods.review.python import known
from assay.methods.review.python.naming import Naming
from assay.methods.review.python.program import Program
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

_LONG = 100_000  # characters of a literal that is put together here
_DICTS = ("builtins.globals()", "builtins.locals()")  # by which a name may be looked up


def open_(value: Value) -> bool:
    """Whether a part of a text may be anything: not what is written out, a number, a quoted word, or one of a list."""
    if value.known or value.name == LISTED:
        return False
    ended = value.name.endswith("()") and known.ends(value.name[:-2])
    if value.ways and not value.labels and all(way.known for way in value.ways):
        return False
    return not ended


def _path(value: Value) -> str:
    """Return what kind of path of pathlib a value may be, empty where it is none."""
    return next((w.name for w in value.may() if w.name.startswith("pathlib.") and w.name.endswith("()")), "")


class Expressions(Naming):
    """What each expression may be. A kind of expression has a method; what has none is what is in it, put together."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._written: dict[ast.Constant, Value] = {}
        self._forms: dict[type[ast.AST], Callable[[Any], Value]] = {
            ast.Constant: self._constant, ast.Name: self._named, ast.Attribute: self._named, ast.Call: self.call,
            ast.JoinedStr: self._text, ast.FormattedValue: self._formatted, ast.BinOp: self._binary, ast.BoolOp: self._any,
            ast.IfExp: self._either, ast.Subscript: self._subscript, ast.Starred: self._inner, ast.Await: self._inner,
            ast.Yield: self._yielded, ast.YieldFrom: self._yielded, ast.NamedExpr: self._assigned, ast.Tuple: self._list,
            ast.List: self._list, ast.Set: self._list, ast.Dict: self._dict, ast.ListComp: self._comprehension,
            ast.SetComp: self._comprehension, ast.GeneratorExp: self._comprehension, ast.DictComp: self._comprehension,
            ast.Lambda: self._lambda, ast.UnaryOp: self._unary, ast.Compare: self._compared,
        }  # fmt: skip

    def call(self, node: ast.Call) -> Value:
        """Note a call, and return what it gives."""
        raise NotImplementedError

    def yielded(self, value: Value) -> None:
        """Note what a generator gives one of."""
        raise NotImplementedError

    def value(self, node: ast.expr) -> Value:
        """Return what is known of an expression, noting the calls in it."""
        self.step()
        form = self._forms.get(type(node))
        return form(node) if form is not None else self._other(node)

    def _constant(self, node: ast.Constant) -> Value:
        if isinstance(node.value, str) and node.value in self.fetched:
            return Value(frozenset({"download"}), node.value)
        found = self._written.get(node)
        if found is None:
            found = self._written[node] = Value(NONE, node.value)
        return found

    def _named(self, node: ast.Name | ast.Attribute) -> Value:
        found = self.name(node) if isinstance(node, ast.Name) else self.attribute(node)[1]
        for way in found.ways or (found,):
            if way.name in known.MENTIONED:
                self.mentioned.setdefault(way.name, node)
        return found

    def _text(self, node: ast.JoinedStr) -> Value:
        inner = [self.value(v) for v in node.values]
        labels, built = labels_of(inner), any(v.built or open_(v) for v in inner)
        if not all(v.known and plain(v.literal) for v in inner):
            return Value(labels, name="" if built else LISTED, built=built)
        texts = [str(v.literal) for v in inner]
        short = sum(map(len, texts)) <= _LONG
        return Value(labels, "".join(texts) if short else UNKNOWN)

    def _formatted(self, node: ast.FormattedValue) -> Value:
        inner = self.value(node.value)
        spec = self.value(node.format_spec) if node.format_spec is not None else NOTHING
        if node.format_spec is None or (spec.known and not spec.literal):
            return inner
        return Value(inner.labels | spec.labels, built=inner.built or open_(inner) or open_(spec))

    def _any(self, node: ast.BoolOp) -> Value:
        return any_of([self.value(v) for v in node.values])

    def _either(self, node: ast.IfExp) -> Value:
        self.value(node.test)
        return either(self.value(node.body), self.value(node.orelse))

    def _inner(self, node: ast.Starred | ast.Await) -> Value:
        return self.value(node.value)

    def _yielded(self, node: ast.Yield | ast.YieldFrom) -> Value:
        value = self.value(node.value) if node.value is not None else NOTHING
        self.yielded(value if isinstance(node, ast.Yield) else self.each(value))
        return NOTHING

    def _assigned(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self.bind(node.target, value)
        return value

    def _compared(self, node: ast.Compare) -> Value:
        self.value(node.left)
        for one in node.comparators:
            self.value(one)
        return NOTHING

    def _other(self, node: ast.expr) -> Value:
        inner = [self.value(v) for v in ast.iter_child_nodes(node) if isinstance(v, ast.expr)]
        return Value(labels_of(inner))

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
            if found.name or found.ways or found.code or found.parts or (found.known and base.whole):
                return found
        return Value(
            base.labels,
            name=base.name,
            token=base.token if isinstance(node.slice, ast.Slice) and not path else 0,
        )

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
        if isinstance(node.op, ast.Div) and (path := _path(left) or _path(right)):
            return Value(labels, name=path)
        text = left.text is not None or right.text is not None or left.built or right.built
        free = open_(left) or open_(right)
        together = isinstance(node.op, ast.Add | ast.Mod) and text
        return Value(labels, name=LISTED if together and not free else "", built=together and free)

    def _unary(self, node: ast.UnaryOp) -> Value:
        inner = self.value(node.operand)
        if isinstance(node.op, ast.USub) and isinstance(inner.literal, int | float):
            return Value(literal=-inner.literal)
        if isinstance(node.op, ast.Not):
            return any_of(Value(literal=not w.literal if w.known else UNKNOWN) for w in inner.may())
        return NOTHING

    def _list(self, node: ast.Tuple | ast.List | ast.Set) -> Value:
        inner: list[Value] = []
        whole = True
        for one in node.elts:
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
            return within(value).numbered(0)
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
