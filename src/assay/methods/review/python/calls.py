"""Calls: which functions one may be of, whatever they were named on the way, and what it gives."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assay.methods.review.python import known
from assay.methods.review.python.expressions import Expressions, open_
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import (
    HEAVY,
    MOST_PARTS,
    NONE,
    NOTHING,
    UNKNOWN,
    Bound,
    Call,
    Value,
    any_of,
    holding,
    labels_of,
    plain,
    within,
)

_GROWS = {
    "append": 0,
    "add": 0,
    "appendleft": 0,
    "put": 0,
    "put_nowait": 0,
    "insert": 1,
    "extend": 0,
    "extendleft": 0,
}
_COPIES = ("copy", "deepcopy")


class Calls(Expressions):
    """met: each call by its place in the text and the function that it is of."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.met: dict[tuple[ast.Call, str], Call] = {}
        self.visited: set[ast.Call] = set()
        self.opened: dict[int, str] = {}  # which file an open one is

    def run(self, code: ast.AST, args: list[Value], keywords: dict[str, Value]) -> Value:
        """Follow a function, lambda or class of this program with what it is given."""
        raise NotImplementedError

    def run_text(self, text: str, node: ast.Call) -> None:
        """Follow a program that stands in a text."""
        raise NotImplementedError

    def own(self, name: str) -> ast.AST | None:
        """Return a function of this program by its name alone."""
        raise NotImplementedError

    def call(self, node: ast.Call) -> Value:
        """Note a call, and return what it gives."""
        self.visited.add(node)
        receiver, function, plain_name = self._function(node.func)
        args: list[Value] = []
        spread = False
        for one in node.args:
            value = self.value(one)
            if not isinstance(one, ast.Starred):
                args.append(value)
            elif value.whole and value.parts is not None:
                args += value.parts.values()
            else:
                spread = True
                args.append(within(value))
        keywords: dict[str, Value] = {}
        more = NONE
        for given in node.keywords:
            value = self.value(given.value)
            if given.arg is not None:
                keywords[given.arg] = value
                continue
            spread = spread or not value.whole
            more |= value.labels
            keywords |= {k: v for k, v in (value.parts or {}).items() if isinstance(k, str)}
        return any_of(
            self.invoke(way, plain_name, node, args, keywords, receiver, spread, more)
            for way in function.may()
        )

    def _function(self, node: ast.expr) -> tuple[Value, Value, str]:
        """Return the object of a method, what may be called, and the name by which an unknown method goes."""
        if isinstance(node, ast.Attribute):
            receiver, found = self.attribute(node)
            return receiver, found, f".{node.attr}"
        found = self.name(node) if isinstance(node, ast.Name) else self.value(node)
        return NOTHING, found, ""

    def invoke(
        self,
        function: Value,
        named: str,
        node: ast.Call,
        args: list[Value],
        keywords: dict[str, Value],
        receiver: Value = NOTHING,
        spread: bool = False,
        more: frozenset[str] = NONE,
    ) -> Value:
        """Note a call of one function, and return what it gives. named: of a method whose object is not known."""
        if function.bound is not None:
            args = [*function.bound.args, *args]
            keywords = {**dict(function.bound.keywords), **keywords}
        name = function.name or named
        call = Call(name, node, list(args), dict(keywords), receiver, spread, self.within)
        key = (node, name)
        if key in self.met:
            self.met[key].merge(call)
        else:
            self.met[key] = call
        result = self._given(function, call, labels_of([*args, *keywords.values()]) | more)
        self.met[key].result = call.result = result
        self._fetched(call)
        return result

    # ---- what a call gives

    def _given(self, function: Value, call: Call, labels: frozenset[str]) -> Value:
        name, node = call.name, call.node
        found = self._special(function, call)
        if found is not None:
            return found
        self._handed(call)
        code = function.code
        if code is None and isinstance(node.func, ast.Name) and not name:
            code = self.own(node.func.id)
        if code is not None:
            return self.run(code, call.args, call.keywords)
        own = call.method
        self._held(call, own)
        label = known.source(name)
        if label:
            return Value(
                frozenset({label}) | call.receiver.labels,
                name=f"{name}()",
                token=self.fresh(call.node, call.name),
            )
        if known.within(name, known.ENDS):
            return Value(name=f"{name}()", token=self.fresh(call.node, call.name))
        if name in known.PATHS_END:
            return Value(NONE, token=self.fresh(call.node, call.name))
        if (taken := self._taken(call, own)) is not None:
            return taken
        kept = call.receiver.labels
        method = isinstance(node.func, ast.Attribute)
        if name.startswith(known.THROUGH) or (method and (call.receiver.known or kept)):
            kept = kept | labels
        joins = own == "join" and not call.receiver.name.startswith("os")
        inside = any(open_(v) for v in [*call.args, *call.keywords.values()])
        inside = inside or any(open_(v) for a in call.args for v in (a.parts or {}).values())
        built = method and (own in ("format", "format_map") or joins) and inside
        literal = UNKNOWN
        if own == "format" and call.receiver.text is not None and not call.args and not call.keywords:
            literal, built = call.receiver.literal, False
        shown = f"{name}()" if name and not name.startswith(".") else ""
        return Value(kept, literal, shown, built, self.fresh(call.node, call.name))

    def _special(self, function: Value, call: Call) -> Value | None:
        """Return what is given by functions that give another, or look one up by its name; None of all others."""
        args, name = call.args, call.name
        first = args[0] if args else NOTHING
        match name:
            case "builtins.getattr" if len(args) > 1:
                ways = [
                    self.member(one, t.text)
                    for one in first.may()
                    for t in args[1].may()
                    if t.text is not None
                ]
                return any_of([*ways, *args[2:3]]) if ways else Value(first.labels | args[1].labels)
            case "builtins.setattr" if len(args) > 2 and args[1].text is not None:
                for way in first.may():
                    if isinstance(way.code, ast.ClassDef):
                        self.keep_attribute(way.code, args[1].text, args[2])
                if call.node.args and (path := self.place(call.node.args[0])):
                    self.names[f"{path}.{args[1].text}"] = args[2]
                    self.noted(f"{path}.{args[1].text}", args[2], call.node)
                return NOTHING
            case "builtins.__import__" | "importlib.import_module" if first.text is not None:
                whole = name != "builtins.__import__" or "fromlist" in call.keywords or len(args) > 3
                return self.named(first.text if whole else first.text.partition(".")[0])
            case "builtins.vars" if first.name:
                return Value(name=f"{first.name}.__dict__")
            case "functools.partial" | "functools.partialmethod" if args:
                return any_of(_bound(way, args[1:], call.keywords) for way in first.may())
            case "operator.attrgetter" | "operator.methodcaller" if args:
                return Value(
                    name=f"{name}()",
                    bound=_kept(Bound(tuple(args), tuple(call.keywords.items()))),
                    token=self.fresh(call.node, call.name),
                )
            case "operator.attrgetter()" if len(args) > 1 and first.text is not None:
                return any_of(self.member(way, first.text) for way in args[-1].may())
            case "operator.methodcaller()" if len(args) > 1 and first.text is not None:
                found = any_of(self.member(way, first.text) for way in args[-1].may())
                return any_of(
                    self.invoke(w, f".{first.text}", call.node, args[1:-1], call.keywords, args[-1])
                    for w in found.may()
                )
            case "builtins.dict":
                return self._dict_of(call)
            case (
                "builtins.list" | "builtins.tuple" | "builtins.set" | "builtins.sorted" | "builtins.reversed"
            ) if len(args) == 1 and first.parts is not None:
                return (
                    replace(first, token=self.fresh(call.node, call.name))
                    if all(not isinstance(k, str) for k in first.parts)
                    else None
                )
            case "builtins.bool" if first.known or first.ways:
                return any_of(Value(literal=bool(w.literal) if w.known else UNKNOWN) for w in first.may())
            case (
                "builtins.staticmethod" | "builtins.classmethod" | "builtins.property" | "functools.wraps"
            ) if args:
                return first
            case "builtins.type" if len(args) == 3 and args[2].parts is not None:
                return holding(args[2].parts, args[2].labels, whole=False)
            case "builtins.exec" | "builtins.eval" | "builtins.compile" if first.text is not None:
                self.run_text(first.text, call.node)
                return (
                    Value(first.labels, first.literal) if name == "builtins.compile" else Value(first.labels)
                )
        return None

    def _dict_of(self, call: Call) -> Value:
        first = call.args[0] if call.args else None
        parts: dict[Any, Value] = dict(first.parts or {}) if first is not None else {}
        if any(not isinstance(k, str) for k in parts):  # pairs
            parts = {("further", 0): within(within(first) if first is not None else NOTHING)}
        parts |= call.keywords
        whole = not call.spread and (first is None or (first.whole and ("further", 0) not in parts))
        return holding(parts, labels_of([*call.args, *call.keywords.values()]), whole=whole)

    def _handed(self, call: Call) -> None:
        """Note the calls of a function that another is given to call."""
        found = _told(call, known.CALLERS)
        if found is None:
            return
        place, _, given = found
        rest = [self.each(a) for a in call.args[place + 1 :]]
        if call.name in known.CALLS:
            handed = call.keywords.get("args", NOTHING)
            rest = list((handed.parts or {}).values()) or [Value(handed.labels)]
        if f".{call.method}" in known.CALLERS and call.method in (
            "submit",
            "apply_async",
            "run_in_executor",
            "call_soon",
            "call_later",
            "run_sync",
        ):
            rest = call.args[place + 1 :]
        if not rest and call.receiver.labels:
            rest = [Value(call.receiver.labels)]
        for way in given.may():
            if way.code is not None or (way.name and not way.name.endswith("()")) or way.bound is not None:
                self.invoke(way, "", call.node, rest, {})

    def _held(self, call: Call, own: str) -> None:
        """What a method puts into a container is in it from then on."""
        function = call.node.func
        if not isinstance(function, ast.Attribute) or call.receiver.name.startswith(known.THROUGH):
            return
        if own in _GROWS and len(call.args) > _GROWS[own]:
            value = call.args[_GROWS[own]]
            self.hold(function.value, within(value) if own.startswith("extend") else value)
        elif own == "setdefault" and len(call.args) > 1:
            key = call.args[0]
            self.hold(
                function.value, call.args[1], key.literal if key.known and plain(key.literal) else UNKNOWN
            )
        elif own == "update":
            for given in call.args:
                for key_, value in (given.parts or {("further", 0): Value(given.labels)}).items():
                    self.hold(function.value, value, key_ if plain(key_) else UNKNOWN)
            for name, value in call.keywords.items():
                self.hold(function.value, value, name)

    def _taken(self, call: Call, own: str) -> Value | None:
        """Return what a method takes out of a container whose parts are known."""
        held = call.receiver
        if call.name.endswith((".__dict__.get", ".__dict__.__getitem__")) and call.args and call.args[0].text:
            return self.named(f"{call.name.partition('.__dict__')[0]}.{call.args[0].text}")
        if held.parts is None:
            return None
        if own in ("get", "pop", "__getitem__", "setdefault"):
            key = call.args[0] if call.args else NOTHING
            if key.known and plain(key.literal) and key.literal in held.parts:
                return held.parts[key.literal]
            found = any_of([within(held), *call.args[1:2]])
            return (
                found
                if found.name or found.ways or found.code or found.parts
                else Value(held.labels | labels_of(call.args))
            )
        if own == "values":
            return holding(dict(enumerate(held.parts.values())), held.labels, whole=held.whole)
        if own == "items":
            pairs = {
                at: holding({0: Value(literal=k if plain(k) else UNKNOWN), 1: v}, v.labels, whole=True)
                for at, (k, v) in enumerate(held.parts.items())
            }
            return holding(pairs, held.labels, whole=held.whole)
        return replace(held, token=self.fresh(call.node, call.name)) if own in _COPIES else None

    def _fetched(self, call: Call) -> None:
        """A file that a call writes what it fetched to is a download from then on."""
        if call.name == "builtins.open" and call.args and call.args[0].text:
            self.opened[call.result.token] = call.args[0].text
        if call.method == "write" and any(a.has("network", "download") for a in call.args):
            if (path := self.opened.get(call.receiver.token)) is not None:
                self.fetched.add(path)
            return
        told = _told(call, known.FETCHED)
        if told is None:
            return
        place, keyword, found = told
        node = next((k.value for k in call.node.keywords if k.arg == keyword), None)
        if node is None and place < len(call.node.args):
            node = call.node.args[place]
        if node is not None and (path_ := self.place(node)):
            self.names[path_] = replace(found, labels=found.labels | {"download"})
        if found.text is not None:
            self.fetched.add(found.text)


def _told(call: Call, of: Mapping[str, tuple[int, str]]) -> tuple[int, str, Value] | None:
    """Return the argument that a table tells of a function or method: its place, its keyword, and what is given; None without it."""
    where = of.get(call.name) or of.get(f".{call.method}")
    given = call.arg(*where) if where is not None else None
    return (*where, given) if where is not None and given is not None else None


def _bound(function: Value, args: list[Value], keywords: dict[str, Value]) -> Value:
    before = function.bound or Bound()
    made = _kept(Bound((*before.args, *args), tuple((dict(before.keywords) | keywords).items())))
    weight = 1 + sum(v.weight for v in made.args) + sum(v.weight for _, v in made.keywords)
    return replace(function, bound=made, weight=weight, token=0)


def _kept(bound: Bound) -> Bound:
    """Return arguments that are given beforehand, if they are not too much to carry about."""
    weight = sum(v.weight for v in bound.args) + sum(v.weight for _, v in bound.keywords)
    if weight <= HEAVY:
        return bound
    return Bound((), tuple((k, v) for k, v in bound.keywords if v.weight == 1)[:MOST_PARTS])
