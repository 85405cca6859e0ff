"""The statements of a program, followed with what is known of each name."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from assay.methods.review.python.classes import Function
from assay.methods.review.python.expressions import parameters
from assay.methods.review.python.functions import Functions
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import LISTED, NONE, Value, either, kind_of, within

_AGAIN = 4  # times a loop is followed, until it changes nothing more
_LOOPS = (
    3  # loops within loops that are followed so often; deeper ones twice, and once from ``_DEEP_LOOPS`` on
)
_DEEP_LOOPS = 6


class Flow(Functions):
    """Follows the module, then each function that it holds, with what its parameters may be."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.loops = 0
        self._statements: dict[type[ast.AST], Callable[[Any], None]] = {
            ast.Expr: self._alone_standing, ast.Assign: self._assign, ast.AnnAssign: self._annotated_assign, ast.AugAssign: self._added,
            ast.Return: self._return, ast.If: self._fork, ast.For: self._for, ast.AsyncFor: self._for, ast.While: self._while,
            ast.With: self._with, ast.AsyncWith: self._with, ast.Try: self._try, ast.TryStar: self._try, ast.Match: self._match,
            ast.ClassDef: self._class, ast.FunctionDef: self._defined, ast.AsyncFunctionDef: self._defined,
            ast.Import: self._import, ast.ImportFrom: self._import, ast.Assert: self._assert,
        }  # fmt: skip

    # ---- statements

    def block(self, body: Iterable[ast.stmt]) -> None:
        """Follow statements one after another."""
        for one in body:
            self.statement(one)

    def statement(self, one: ast.stmt) -> None:
        """Follow one statement. A kind of statement has a method; of what has none the expressions are followed."""
        self.step()
        follow = self._statements.get(type(one))
        if follow is not None:
            follow(one)
            return
        for inner in ast.iter_child_nodes(one):
            if isinstance(inner, ast.expr):
                self.value(inner)

    def _alone_standing(self, one: ast.Expr) -> None:
        self.value(one.value)

    def _assign(self, one: ast.Assign) -> None:
        value = self.value(one.value)
        for target in one.targets:
            self.bind(target, value)

    def _annotated_assign(self, one: ast.AnnAssign) -> None:
        self.value(one.annotation)
        if one.value is not None:
            self.bind(one.target, self.value(one.value))

    def _return(self, one: ast.Return) -> None:
        if one.value is not None:
            self.give(self.value(one.value))

    def _for(self, one: ast.For | ast.AsyncFor) -> None:
        self._loop(one.body, one.orelse, one)

    def _while(self, one: ast.While) -> None:
        self.value(one.test)
        self._loop(one.body, one.orelse, None)

    def _with(self, one: ast.With | ast.AsyncWith) -> None:
        for item in one.items:
            value = self.value(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value)
        self.block(one.body)

    def _import(self, one: ast.Import | ast.ImportFrom) -> None:
        for alias in one.names:
            name = alias.asname or alias.name.partition(".")[0]
            if name in self.names:
                del self.names[name]

    def _assert(self, one: ast.Assert) -> None:
        self.value(one.test)
        if one.msg is not None:
            self.value(one.msg)
        self._narrowed(one.test, True)

    def _added(self, one: ast.AugAssign) -> None:
        was, more = self.value(one.target), self.value(one.value)
        if isinstance(one.op, ast.BitOr | ast.Add) and more.parts is not None:
            for key, value in more.parts.items():
                self.hold(one.target, value, key) if isinstance(key, str) else self.hold(one.target, value)
            return
        built = isinstance(one.op, ast.Add) and not (was.known and more.known)
        self.bind(one.target, Value(was.labels | more.labels, name=was.name, built=built or was.built))

    def _class(self, one: ast.ClassDef) -> None:
        for given in one.keywords:
            self.value(given.value)
        value = self.class_value(one)
        mark = self.names.mark()
        self.block(s for s in one.body if not isinstance(s, Function))
        for name, found in self.names.back(mark).items():
            if found is not None and "." not in name:
                self.keep_attribute(one, name, found)
        for inner in self.methods.get(one, {}).values():
            self._defined(inner, bound=False)
        self.bind(ast.Name(one.name, ast.Store()), self._decorated(one, value))

    def _defined(self, one: Function, *, bound: bool = True) -> None:
        every = [*one.args.defaults, *(d for d in one.args.kw_defaults if d is not None)]
        for default in every:
            self.value(default)
        for arg in parameters(one.args):
            if arg.annotation is not None:
                self.value(arg.annotation)
        value = self._decorated(one, Value(code=one))
        if bound:
            self.names[one.name] = value.numbered(self.fresh(one))

    def _decorated(self, one: Function | ast.ClassDef, value: Value) -> Value:
        """Call each decorator with what stands below it. What it gives is taken for what it was given."""
        for decorator in reversed(one.decorator_list):
            found = self.value(decorator)
            for way in found.may():
                if (
                    way.code is not None
                    or way.bound is not None
                    or (way.name and not way.name.endswith("()"))
                ):
                    given = self.invoke(way, "", self.made_call(decorator), [value], {})
                    value = (
                        either(value, given) if given.code is not None or given.bound is not None else value
                    )
        return value

    # ---- ways that part

    def _fork(self, one: ast.If) -> None:
        """Follow both branches apart, and put together what may then hold."""
        self.value(one.test)
        mark = self.names.mark()
        self._narrowed(one.test, True)
        self.block(one.body)
        then = self.names.back(mark)
        self._narrowed(one.test, False)
        self.block(one.orelse)
        other = self.names.back(mark)
        if _ends(one.body):
            self.names.put(other)
        elif _ends(one.orelse):
            self.names.put(then)
        else:
            self.names.join([then, other])

    def _loop(
        self, body: list[ast.stmt], orelse: list[ast.stmt], each: ast.For | ast.AsyncFor | None
    ) -> None:
        """Follow a loop until it changes nothing more; it may also not be entered."""
        self.loops += 1
        times = _AGAIN if self.loops <= _LOOPS else 2 if self.loops <= _DEEP_LOOPS else 1
        for _ in range(times):
            mark, seen, missed = self.names.mark(), self._seen(), len(self.missed)
            if each is not None:
                self.bind(each.target, self.each(self.value(each.iter)))
            self.block(body)
            changed = self.names.back(mark)
            self.step(len(changed))
            still = all(
                v is not None and n in self.names and kind_of(v) == kind_of(self.names[n])
                for n, v in changed.items()
            )
            if still or (seen == self._seen() and self._own(changed, set(self.missed[missed:]))):
                self.names.put(changed)
                break
            self.names.join([changed, {}])
        self.loops -= 1
        self.block(orelse)

    def _seen(self) -> tuple[int, ...]:
        """Return counts that differ where what a body did besides its names may be seen when it is followed again."""
        return len(self.fetched), len(self.opened), self.moved, len(self.starred)

    def _own(self, changed: dict[str, Value | None], missed: set[str]) -> bool:
        """Whether a body gives names a value before it reads them, or the value that they had: once more, it would do the same."""
        for name, value in changed.items():
            was = self.names.get(name)
            if value is None or (was is None and (name in missed or not self.apart(name))):
                return False
            if was is not None and (kind_of(was) != kind_of(value) or was.token != value.token):
                return False
        return True

    def _try(self, one: ast.Try | ast.TryStar) -> None:
        """Follow a body that may end anywhere, and each handler after it."""
        mark = self.names.mark()
        self.block(one.body)
        done = self.names.back(mark)
        ways = []
        for handler in one.handlers:
            self.names.join([done, {}])
            if handler.type is not None:
                self.value(handler.type)
            if handler.name:
                self.bind(ast.Name(handler.name, ast.Store()), Value(token=self.fresh(handler)))
            self.block(handler.body)
            after = self.names.back(mark)
            if not _ends(handler.body):
                ways.append(after)
        self.names.put(done)
        self.block(one.orelse)
        whole = self.names.back(mark)
        self.names.join([whole, *ways])
        self.block(one.finalbody)

    def _match(self, one: ast.Match) -> None:
        subject = self.value(one.subject)
        given = replace(within(subject), labels=subject.labels, token=0)
        mark = self.names.mark()
        ways: list[dict[str, Value | None]] = [{}]
        for branch in one.cases:
            for inner in ast.walk(branch.pattern):
                name = getattr(inner, "name", None) or getattr(inner, "rest", None)
                if isinstance(inner, ast.MatchValue):
                    self.value(inner.value)
                if isinstance(name, str):
                    whole = isinstance(inner, ast.MatchAs) and inner is branch.pattern
                    found = Value(name=LISTED) if _written(inner) else subject if whole else given
                    self.bind(ast.Name(name, ast.Store()), found)
            named = isinstance(one.subject, ast.Name | ast.Attribute) and _written(branch.pattern)
            if named and (path := self.place(one.subject)) in self.names:
                self.names[path] = Value(name=LISTED)
            if branch.guard is not None:
                self.value(branch.guard)
            self.block(branch.body)
            after = self.names.back(mark)
            if not _ends(branch.body):
                ways.append(after)
        self.names.join(ways)

    def _narrowed(self, test: ast.expr, holds: bool) -> None:
        """After ``x in ALLOWED`` the value is one that the program names, and no longer a caller's."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self._narrowed(test.operand, not holds)
            return
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is holds:
            for part in test.values:
                self._narrowed(part, holds)
            return
        if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and holds:
            name = self.place(test.func.value)
            if test.func.attr == "is_relative_to" and name in self.names:  # and so it lies in its folder
                self.names[name] = replace(self.names[name], labels=NONE, ways=(), parts=None)
            return
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            wanted = (ast.In, ast.Eq) if holds else (ast.NotIn, ast.NotEq)
            if isinstance(test.ops[0], wanted) and not self.value(test.comparators[0]).labels:
                name = self.place(test.left)
                if name in self.names and isinstance(test.left, ast.Name | ast.Attribute):
                    self.names[name] = Value(name=LISTED)


def _written(pattern: ast.pattern | ast.AST) -> bool:
    """Whether a pattern takes only what is written out in it: ``"a" | "b"``, also under a name."""
    if isinstance(pattern, ast.MatchOr):
        return all(map(_written, pattern.patterns))
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        return _written(pattern.pattern)
    return isinstance(pattern, ast.MatchSingleton) or (
        isinstance(pattern, ast.MatchValue) and isinstance(pattern.value, ast.Constant)
    )


def _ends(body: list[ast.stmt]) -> bool:
    """Whether nothing after these statements is reached through them."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.Return | ast.Raise | ast.Continue | ast.Break):
        return True
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        called = last.value.func
        name = (
            called.attr
            if isinstance(called, ast.Attribute)
            else called.id
            if isinstance(called, ast.Name)
            else ""
        )
        return name in ("abort", "exit", "_exit")
    return False
