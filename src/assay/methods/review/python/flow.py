"""The statements of a program, followed with what is known of each name."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from assay.methods.review.python import known
from assay.methods.review.python.expressions import Expressions
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import LISTED, NONE, NOTHING, Value, either

Function = ast.FunctionDef | ast.AsyncFunctionDef
_WAYS = 400  # functions of the file followed anew, in all
_DEEP = 4


class Flow(Expressions):
    """Follows the module, then each function that it holds, with what its parameters may be."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.functions: dict[str, Function] = {}
        self.done: dict[tuple[str, tuple[Value, ...]], Value] = {}
        self.depth = 0
        self.ways = 0
        self.given: Value = NOTHING

    def follow(self) -> None:
        """Follow everything."""
        methods: set[Function] = set()
        for node in self.program.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self.functions.setdefault(node.name, node)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self.imported(node)
        self.block(self.program.tree.body)
        for scope in self.program.nodes:
            if isinstance(scope, ast.ClassDef):
                for inner in scope.body:
                    if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                        self.function(inner, scope.name)
                        methods.add(inner)
        for node in self.program.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node not in methods:
                self.function(node, "")

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        """Note what an import calls things."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                self.program.imports[name] = alias.name if alias.asname else name
        elif not node.level:
            for alias in node.names:
                self.program.imports[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def function(self, node: Function, owner: str) -> None:
        """Follow a function by itself, its parameters being what they may be when a service calls it."""
        outer, self.names = self.names, dict(self.names)
        before, self.within = self.within, f"{owner}.{node.name}" if owner else node.name
        route = any(self.is_route(d) for d in node.decorator_list)
        handled = known.HANDLERS.get(node.name, ())
        for place, arg in enumerate([*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]):
            sent = arg.arg not in ("self", "cls") and (route or arg.arg in handled)
            if sent or (arg.arg == "request" and place == 0) or self.is_request(arg.annotation):
                self.names[arg.arg] = Value(frozenset({"caller"}), token=self.fresh())
            else:
                self.names[arg.arg] = Value(name=self.annotated(arg.annotation), token=self.fresh())
        if node.name in ("do_GET", "do_POST", "do_PUT"):
            self.names["self.path"] = self.names["self.rfile"] = self.names["self.headers"] = Value(
                frozenset({"caller"})
            )
        self.block(node.body)
        self.names, self.within = outer, before

    def is_route(self, node: ast.expr) -> bool:
        """Whether a decorator makes a function answer requests: ``@app.post("/predict")``."""
        called = node.func if isinstance(node, ast.Call) else node
        if isinstance(called, ast.Name):
            return called.id in ("api_view", "view_config", "route")
        return (
            isinstance(called, ast.Attribute) and called.attr in known.ROUTES and isinstance(node, ast.Call)
        )

    def is_request(self, node: ast.expr | None) -> bool:
        """Whether a parameter is declared as a request."""
        return self.annotated(node).rpartition(".")[2] in ("Request", "HttpRequest", "UploadFile")

    def annotated(self, node: ast.expr | None) -> str:
        """Return the dotted name of an annotation, with ``()`` for what is of that kind."""
        found = self.dotted(node) if isinstance(node, ast.Name | ast.Attribute) else ""
        return f"{found}()" if found and not found.startswith("builtins.") else found

    def called(self, name: str, args: list[Value], keywords: dict[str, Value]) -> Value | None:
        """Follow a function of this file with what it is called with; None where there is none of that name."""
        node = self.functions.get(name)
        if node is None:
            return None
        every = [*node.args.posonlyargs, *node.args.args]
        if every and every[0].arg in ("self", "cls"):
            every = every[1:]
        given = dict(zip((a.arg for a in every), args, strict=False)) | keywords
        key = (
            name,
            tuple(Value(v.labels, v.literal if _plain(v) else None, v.name, v.built) for v in given.values()),
        )
        if key in self.done:
            return self.done[key]
        if self.depth >= _DEEP or self.ways >= _WAYS:
            return Value(frozenset().union(*(v.labels for v in given.values())) if given else NONE)
        self.ways += 1
        self.depth += 1
        self.done[key] = NOTHING
        outer, self.names = self.names, {k: v for k, v in self.names.items() if k not in given} | given
        before, self.within = self.within, name
        back, self.given = self.given, NOTHING
        self.block(node.body)
        result, self.given = self.given, back
        self.names, self.within, self.depth = outer, before, self.depth - 1
        self.done[key] = result
        return result

    # ---- statements

    def block(self, body: Iterable[ast.stmt]) -> None:
        """Follow statements one after another."""
        for one in body:
            self.statement(one)

    def statement(self, one: ast.stmt) -> None:
        """Follow one statement."""
        match one:
            case ast.Assign():
                value = self.value(one.value)
                for target in one.targets:
                    self.bind(target, value, one.value)
            case ast.AnnAssign(value=given) if given is not None:
                self.bind(one.target, self.value(given), given)
            case ast.AugAssign():
                was, more = self.value(one.target), self.value(one.value)
                built = isinstance(one.op, ast.Add) and not (was.known and more.known)
                self.bind(
                    one.target,
                    Value(was.labels | more.labels, name=was.name, built=built or was.built),
                    one.value,
                )
            case ast.Expr():
                self.value(one.value)
            case ast.Return():
                if one.value is not None:
                    self.given = (
                        either(self.given, self.value(one.value))
                        if self.given != NOTHING
                        else self.value(one.value)
                    )
            case ast.If():
                self.fork(one)
            case ast.For() | ast.AsyncFor():
                self.bind(one.target, Value(self.value(one.iter).labels), one.iter)
                for _ in range(2):
                    self.block(one.body)
                self.block(one.orelse)
            case ast.While():
                self.value(one.test)
                for _ in range(2):
                    self.block(one.body)
                self.block(one.orelse)
            case ast.With() | ast.AsyncWith():
                for item in one.items:
                    value = self.value(item.context_expr)
                    if item.optional_vars is not None:
                        self.bind(item.optional_vars, value, item.context_expr)
                self.block(one.body)
            case ast.Try() | ast.TryStar():
                self.block(one.body)
                for handler in one.handlers:
                    self.block(handler.body)
                self.block(one.orelse)
                self.block(one.finalbody)
            case ast.Match():
                self.value(one.subject)
                for branch in one.cases:
                    self.block(branch.body)
            case ast.ClassDef():
                self.block(s for s in one.body if not isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for decorator in one.decorator_list:
                    self.value(decorator)
                for default in [*one.args.defaults, *(d for d in one.args.kw_defaults if d is not None)]:
                    self.value(default)
            case ast.Assert():
                self.value(one.test)
                self.narrowed(one.test, True)
            case ast.Raise():
                if one.exc is not None:
                    self.value(one.exc)
            case _:
                pass

    def fork(self, one: ast.If) -> None:
        """Follow both branches apart, and put together what may then hold."""
        self.value(one.test)
        before = dict(self.names)
        self.narrowed(one.test, True)
        self.block(one.body)
        then, self.names = self.names, before
        self.narrowed(one.test, False)
        self.block(one.orelse)
        if _ends(one.body):
            return
        if _ends(one.orelse):
            self.names = then
            return
        other = self.names
        self.names = {
            n: either(then[n], other[n]) if n in then and n in other else then.get(n, other.get(n, NOTHING))
            for n in {*then, *other}
        }

    def narrowed(self, test: ast.expr, holds: bool) -> None:
        """After ``x in ALLOWED`` the value is one that the program names, and no longer a caller's."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self.narrowed(test.operand, not holds)
            return
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) is holds:
            for part in test.values:
                self.narrowed(part, holds)
            return
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            wanted = (ast.In, ast.Eq) if holds else (ast.NotIn, ast.NotEq)
            if isinstance(test.ops[0], wanted) and not self.value(test.comparators[0]).labels:
                name = self.place(test.left)
                if name in self.names:
                    self.names[name] = Value(name=LISTED)


def _plain(value: Value) -> bool:
    return isinstance(value.literal, str | int | float | bool | bytes | None)


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
