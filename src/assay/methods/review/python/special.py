"""Functions that give another, or look one up by its name: ``getattr``, ``partial``, ``import_module``, ``exec`` and their like."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from assay.methods.review.python.expressions import Expressions
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
    within,
)


class Special(Expressions):
    """Each by its name. A method returns None where the call is like any other."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        taken, wraps = self._list_of, self._first
        self._special: dict[str, Callable[[Call], Value | None]] = {
            "builtins.getattr": self._getattr, "builtins.setattr": self._setattr, "builtins.__import__": self._import_of,
            "importlib.import_module": self._import_of, "builtins.vars": self._vars, "functools.partial": self._partial,
            "functools.partialmethod": self._partial, "operator.attrgetter": self._getter, "operator.methodcaller": self._getter,
            "operator.attrgetter()": self._got, "operator.methodcaller()": self._asked, "builtins.dict": self._dict_of,
            "builtins.list": taken, "builtins.tuple": taken, "builtins.set": taken, "builtins.sorted": taken, "builtins.reversed": taken,
            "builtins.bool": self._bool, "builtins.staticmethod": wraps, "builtins.classmethod": wraps, "builtins.property": wraps,
            "functools.wraps": wraps, "builtins.type": self._type, "builtins.exec": self._run, "builtins.eval": self._run,
            "builtins.compile": self._run,
        }  # fmt: skip

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
        """Note a call of one function, and return what it gives."""
        raise NotImplementedError

    def run_text(self, text: str, node: ast.Call) -> None:
        """Follow a program that stands in a text."""
        raise NotImplementedError

    def special(self, call: Call) -> Value | None:
        """Return what is given by functions that give another, or look one up by its name; None of all others."""
        found = self._special.get(call.name)
        return found(call) if found is not None else None

    # ---- by its name

    def _getattr(self, call: Call) -> Value | None:
        args = call.args
        if len(args) < 2:
            return None
        ways = [
            self.member(one, t.text) for one in args[0].may() for t in args[1].may() if t.text is not None
        ]
        return any_of([*ways, *args[2:3]]) if ways else Value(args[0].labels | args[1].labels)

    def _setattr(self, call: Call) -> Value | None:
        args = call.args
        if len(args) < 3 or args[1].text is None:
            return None
        for way in args[0].may():
            if isinstance(way.code, ast.ClassDef):
                self.keep_attribute(way.code, args[1].text, args[2])
        if call.node.args and (path := self.place(call.node.args[0])):
            self.names[f"{path}.{args[1].text}"] = args[2]
            self.noted(f"{path}.{args[1].text}", args[2], call.node)
        return NOTHING

    def _import_of(self, call: Call) -> Value | None:
        text = call.args[0].text if call.args else None
        if text is None:
            return None
        whole = call.name != "builtins.__import__" or "fromlist" in call.keywords or len(call.args) > 3
        return self.named(text if whole else text.partition(".")[0])

    def _vars(self, call: Call) -> Value | None:
        name = call.args[0].name if call.args else ""
        return Value(name=f"{name}.__dict__") if name else None

    # ---- with arguments of their own

    def _partial(self, call: Call) -> Value | None:
        if not call.args:
            return None
        return any_of(_bound(way, call.args[1:], call.keywords) for way in call.args[0].may())

    def _getter(self, call: Call) -> Value | None:
        if not call.args:
            return None
        return Value(
            name=f"{call.name}()",
            bound=_kept(Bound(tuple(call.args), tuple(call.keywords.items()))),
            token=self.fresh(call.node, call.name),
        )

    def _got(self, call: Call) -> Value | None:
        text = call.args[0].text if len(call.args) > 1 else None
        return any_of(self.member(way, text) for way in call.args[-1].may()) if text is not None else None

    def _asked(self, call: Call) -> Value | None:
        args = call.args
        text = args[0].text if len(args) > 1 else None
        if text is None:
            return None
        found = any_of(self.member(way, text) for way in args[-1].may())
        return any_of(
            self.invoke(w, f".{text}", call.node, args[1:-1], call.keywords, args[-1]) for w in found.may()
        )

    # ---- what is made of what is given

    def _list_of(self, call: Call) -> Value | None:
        if len(call.args) != 1 or (parts := call.args[0].parts) is None:
            return None
        pairs = any(isinstance(k, str) for k in parts)
        return None if pairs else call.args[0].numbered(self.fresh(call.node, call.name))

    def _bool(self, call: Call) -> Value | None:
        first = call.args[0] if call.args else NOTHING
        if not (first.known or first.ways):
            return None
        return any_of(Value(literal=bool(w.literal) if w.known else UNKNOWN) for w in first.may())

    def _first(self, call: Call) -> Value | None:
        return call.args[0] if call.args else None

    def _type(self, call: Call) -> Value | None:
        parts = call.args[2].parts if len(call.args) == 3 else None
        return holding(parts, call.args[2].labels, whole=False) if parts is not None else None

    def _run(self, call: Call) -> Value | None:
        first = call.args[0] if call.args else NOTHING
        if first.text is None:
            return None
        self.run_text(first.text, call.node)
        return Value(first.labels, first.literal if call.name == "builtins.compile" else UNKNOWN)

    def _dict_of(self, call: Call) -> Value | None:
        first = call.args[0] if call.args else None
        parts: dict[Any, Value] = dict(first.parts or {}) if first is not None else {}
        if any(not isinstance(k, str) for k in parts):  # pairs
            parts = {("further", 0): within(within(first) if first is not None else NOTHING)}
        parts |= call.keywords
        whole = not call.spread and (first is None or (first.whole and ("further", 0) not in parts))
        return holding(parts, labels_of([*call.args, *call.keywords.values()]), whole=whole)


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
