"""The classes of a program: what they and what is made of them have under which name, wherever it was put there."""

from __future__ import annotations

import ast
from typing import Final

from assay.methods.review.python import known
from assay.methods.review.python.calls import Calls
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import Call, Value, any_of, either, kind_of

Function = ast.FunctionDef | ast.AsyncFunctionDef
Read = tuple[
    ast.AST | None, str, int
]  # an attribute of a class and which version of it; or a function that was called, without a name
UNSURE: Final[Read] = (None, "", 0)  # read by what may be another when it is followed again
_ABOVE = 5  # classes above a class that are looked at
_SETS = ("setter", "deleter")  # of a property, beside what it gives
_READS = ("property", "cached_property")


class Classes(Calls):
    """state: of each class its attributes; functions: its methods; above: the classes of this program that it is made from."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.state: dict[ast.ClassDef, dict[str, Value]] = {}
        self.methods: dict[ast.ClassDef, dict[str, Function]] = {}
        self.above: dict[ast.ClassDef, list[ast.ClassDef]] = {}
        self.owner: dict[ast.AST, ast.ClassDef] = {}
        self.read: set[Read] = set()  # what was looked at by what is followed now
        self.versions: dict[tuple[ast.AST | None, str], int] = {}  # how often an attribute has changed
        self.moved = 0  # how often any has
        self.inside: ast.ClassDef | None = None  # whose method is followed now
        self._special["builtins.super"] = self._super

    def gather(self) -> None:
        """Find the methods of every class."""
        for node in self.program.of(ast.ClassDef):
            self.state[node] = {}
            self.methods[node] = {}
            for inner in _inside(node.body):
                self.owner[inner] = node
                if not any(isinstance(d, ast.Attribute) and d.attr in _SETS for d in inner.decorator_list):
                    self.methods[node][inner.name] = inner

    def _super(self, call: Call) -> Value | None:
        """Return what stands above the class whose method this is; None where nothing of this program does."""
        above = self.above.get(self.inside, []) if self.inside is not None else []
        return any_of(Value(code=one) for one in above) if above else None

    def attribute_of(self, code: ast.ClassDef, name: str, depth: int = 0) -> Value | None:
        """Return what a class has under a name, its own or one above it; None where nothing is known."""
        self.read.add((code, name, self.versions.get((code, name), 0)))
        found = self.state.get(code, {}).get(name)
        if found is not None:
            return found
        method = self.methods.get(code, {}).get(name)
        if method is not None:
            return self.run(method, [], {}) if is_read(method) else Value(code=method)
        for base in self.above.get(code, []) if depth < _ABOVE else []:
            if base is not code and (found := self.attribute_of(base, name, depth + 1)) is not None:
                return found
        return None

    def keep_attribute(self, code: ast.ClassDef, name: str, value: Value) -> None:
        """Note what a class is given under a name; whatever it was before it may still be."""
        known_ = self.state.setdefault(code, {})
        value = value.numbered(0)
        now = either(known_[name], value) if name in known_ else value
        if name not in known_ or kind_of(now) != kind_of(known_[name]):
            known_[name] = now
            self.versions[code, name] = self.versions.get((code, name), 0) + 1
            self.moved += 1

    def class_value(self, node: ast.ClassDef) -> Value:
        """Return a class as a value: what it is made from counts where it is used as that."""
        name = ""
        self.above[node] = []
        for base in node.bases:
            for way in self.value(base).may():
                if isinstance(way.code, ast.ClassDef):
                    self.above[node].append(way.code)
                known_ = way.name.removesuffix("()")
                changed = known.BASES.get(known_)
                if changed is not None and not (changed and changed in self.methods.get(node, {})):
                    name = name or known_
        return Value(name=name, code=node)

    def make(self, node: ast.ClassDef, args: list[Value], keywords: dict[str, Value]) -> Value:
        """Return what a class gives when it is called, or what an instance of it does."""
        begin = self.attribute_of(node, "__init__")
        if begin is not None and begin.code is not None:
            self.run(begin.code, args, keywords)
        else:
            fields = [
                s.target.id
                for s in node.body
                if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)
            ]
            for name, value in {**dict(zip(fields, args, strict=False)), **keywords}.items():
                self.keep_attribute(node, name, value)
        asked = self.attribute_of(node, "__call__")
        if asked is not None and asked.code is not None:
            self.run(asked.code, args, keywords)
        return Value(code=node, token=self.fresh(node))


def is_read(method: Function) -> bool:
    """Whether a method is a property: its name stands for what it gives."""
    return any(
        (d.id if isinstance(d, ast.Name) else d.attr if isinstance(d, ast.Attribute) else "") in _READS
        for d in method.decorator_list
    )


def takes_itself(method: ast.AST, owner: ast.ClassDef | None) -> bool:
    """Whether the first parameter of a function is the object or class that it is a method of, whatever that is called."""
    if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        first = next(iter([*method.args.posonlyargs, *method.args.args]), None)
        if first is None or first.arg in ("self", "cls"):
            return first is not None
    if owner is None or not isinstance(method, Function):
        return False
    return not any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in method.decorator_list)


def _inside(body: list[ast.stmt]) -> list[Function]:
    """Return the functions of a class, those under an ``if`` or ``try`` of it too."""
    found: list[Function] = []
    for one in body:
        if isinstance(one, Function):
            found.append(one)
        elif isinstance(one, ast.If):
            found += _inside(one.body) + _inside(one.orelse)
        elif isinstance(one, ast.Try | ast.TryStar):
            found += _inside(one.body) + _inside(one.orelse) + _inside(one.finalbody)
            for handler in one.handlers:
                found += _inside(handler.body)
        elif isinstance(one, ast.With):
            found += _inside(one.body)
    return found
