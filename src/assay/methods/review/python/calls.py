"""Calls: which functions one may be of, whatever they were named on the way, and what it gives."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assay.methods.review.python import known
from assay.methods.review.python.expressions import open_
from assay.methods.review.python.program import Program
from assay.methods.review.python.special import Special
from assay.methods.review.python.values import (
    LISTED,
    NONE,
    NOTHING,
    UNKNOWN,
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


class Calls(Special):
    """met: each call by its place in the text and the function that it is of."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.met: dict[tuple[ast.Call, str], Call] = {}
        self.visited: set[ast.Call] = set()
        self.opened: dict[int, tuple[Value, str]] = {}  # which file an open one is, and what it is kept as

    def run(self, code: ast.AST, args: list[Value], keywords: dict[str, Value]) -> Value:
        """Follow a function, lambda or class of this program with what it is given."""
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
            if type(one) is not ast.Starred:
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
        if not function.ways:
            return self.invoke(function, plain_name, node, args, keywords, receiver, spread, more)
        return any_of(
            self.invoke(way, plain_name, node, args, keywords, receiver, spread, more)
            for way in function.ways
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
        met = self.met.setdefault((node, name), call)
        if met is not call:
            met.merge(call)
        result = self._given(function, call, labels_of([*args, *keywords.values()]) | more)
        met.result = call.result = result
        self._fetched(call)
        return result

    # ---- what a call gives

    def _given(self, function: Value, call: Call, labels: frozenset[str]) -> Value:
        name, node = call.name, call.node
        found = self.special(call)
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
        if known.ends(name):
            return Value(name=f"{name}()", token=self.fresh(call.node, call.name))
        if name in known.PATHS_END:
            return Value(NONE, token=self.fresh(call.node, call.name))
        if (taken := self._taken(call, own)) is not None:
            return taken
        kept = call.receiver.labels
        method = isinstance(node.func, ast.Attribute)
        if (labels and name.startswith(known.THROUGH)) or (method and (call.receiver.known or kept)):
            kept = kept | labels
        literal, built = UNKNOWN, False
        if method and own in ("format", "format_map", "join", "replace"):
            literal, built = _put_together(call)
        shown = f"{name}()" if name and not name.startswith(".") else ""
        if method and own in ("format", "join") and call.receiver.text is not None and not built:
            shown = LISTED  # of what is written out
        return Value(kept, literal, shown, built, self.fresh(call.node, call.name))

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
            found = any_of([within(held), *call.args[1:2]])  # which of them it is says the key, and no more
            return (
                found
                if found.name or found.ways or found.code or found.parts or found.known
                else Value(held.labels | labels_of(call.args[1:2]))
            )
        if own == "values":
            return holding(dict(enumerate(held.parts.values())), held.labels, whole=held.whole)
        if own == "items":
            pairs = {
                at: holding({0: Value(literal=k if plain(k) else UNKNOWN), 1: v}, v.labels, whole=True)
                for at, (k, v) in enumerate(held.parts.items())
            }
            return holding(pairs, held.labels, whole=held.whole)
        return held.numbered(self.fresh(call.node, call.name)) if own in _COPIES else None

    def _fetched(self, call: Call) -> None:
        """A file that a call writes what it fetched to is a download from then on."""
        path = _opens(call)
        if path is not None:
            found, node = path
            self.opened[call.result.token] = (found, self.place(node) if node is not None else "")
        came = any(a.has("network", "download") for a in call.args)
        if call.method == "write" and came:
            self._came(*self.opened.get(call.receiver.token, (NOTHING, "")))
            return
        if (
            call.method in ("write_bytes", "write_text")
            and came
            and isinstance(call.node.func, ast.Attribute)
        ):
            self._came(call.receiver, self.place(call.node.func.value))
            return
        if call.name == "shutil.copyfileobj" and len(call.args) > 1 and came:
            self._came(*self.opened.get(call.args[1].token, (NOTHING, "")))
            return
        told = _told(call, known.FETCHED)
        if told is None:
            return
        place, keyword, found = told
        node = next((k.value for k in call.node.keywords if k.arg == keyword), None)
        if node is None and place < len(call.node.args):
            node = call.node.args[place]
        self._came(found, self.place(node) if node is not None else "")

    def _came(self, file: Value, place: str) -> None:
        """A file came over the network: by the name that is written out, and by what the program keeps it as."""
        if place:
            self.names[place] = replace(file, labels=file.labels | {"download"})
        if file.text is not None:
            self.fetched.add(file.text)


def _opens(call: Call) -> tuple[Value, ast.expr | None] | None:
    """Return the file that a call opens and where that stands: ``open(path)``, ``path.open()``; None of another call."""
    if call.name == "builtins.open" and call.args:
        return call.args[0], call.node.args[0] if call.node.args else None
    if call.method == "open" and isinstance(call.node.func, ast.Attribute) and "Path" in call.receiver.name:
        return call.receiver, call.node.func.value
    return None


def _put_together(call: Call) -> tuple[Any, bool]:
    """Return what ``format`` or ``join`` gives, UNKNOWN where it is not written out, and whether that is put together of what may be anything."""
    if call.method == "format" and call.receiver.text is not None and not call.args and not call.keywords:
        return call.receiver.literal, False
    if call.method == "join" and call.receiver.name.startswith("os"):
        return UNKNOWN, False  # which puts a path together
    inside = any(open_(v) for v in [*call.args, *call.keywords.values()])
    return UNKNOWN, inside or any(open_(v) for a in call.args for v in (a.parts or {}).values())


def _told(call: Call, of: Mapping[str, tuple[int, str]]) -> tuple[int, str, Value] | None:
    """Return the argument that a table tells of a function or method: its place, its keyword, and what is given; None without it."""
    where = of.get(call.name) or of.get(f".{call.method}")
    given = call.arg(*where) if where is not None else None
    return (*where, given) if where is not None and given is not None else None
