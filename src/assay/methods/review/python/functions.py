"""The functions of a program: each followed by itself, and anew for each kind of arguments that it is called with."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from assay.methods.review.python import known
from assay.methods.review.python.classes import UNSURE, Classes, Function, Read, takes_itself
from assay.methods.review.python.expressions import parameters
from assay.methods.review.python.program import Program, Unreadable, parse
from assay.methods.review.python.values import NOTHING, Value, either, holding, kind_of, labels_of

_WAYS = 3_000  # times that functions of the program are followed anew, in all
_DEEP = 10  # calls within calls
_APART = 8  # kinds of arguments of one function that are told apart; further ones are taken together
_TEXTS = 200  # texts that are run as programs
_ROUNDS = 3  # times that all functions are followed, while attributes and globals still change


class Functions(Classes):
    """done: what a function gave for which arguments, and what it read for that. alone: what those read that were followed by
    themselves. given: what the function that is followed has given so far.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.functions: dict[str, Function] = {}
        self.done: dict[Any, tuple[Value, set[Read]]] = {}
        self.alone: dict[Function, set[Read]] = {}
        self.globals: dict[ast.AST, frozenset[str]] = {}
        self.sets_globals = any(program.of(ast.Global, ast.Nonlocal))
        self.shared: dict[str, Value] = {}  # globals that functions set
        self.depth = 0
        self.ways = 0
        self.given: Value = NOTHING
        self.kinds: dict[ast.AST, set[Any]] = {}
        self.joined: dict[ast.AST, dict[str, Value]] = {}
        self.given_else: dict[ast.AST, dict[str, ast.expr]] = {}  # what parameters are by default
        self.calls_made: dict[ast.expr, ast.Call] = {}
        self.texts: dict[tuple[ast.Call, str], list[ast.stmt]] = {}

    def block(self, body: Iterable[ast.stmt]) -> None:
        """Follow statements one after another."""
        raise NotImplementedError

    def follow(self) -> None:
        """Follow everything."""
        self.gather()
        every: list[Function] = list(self.program.of(ast.FunctionDef, ast.AsyncFunctionDef))
        for node in every:
            self.functions.setdefault(node.name, node)
        for node in self.program.of(ast.Import, ast.ImportFrom):
            self._imported(node)
        self.block(self.program.tree.body)
        every.sort(key=lambda n: n.name != "__init__")
        self.done.clear()
        for _ in range(_ROUNDS):
            before = self._outer()
            for name, value in self.shared.items():
                self.names[name] = either(self.names[name], value) if name in self.names else value
            for node in every:
                self._again(node)
            if before != self._outer():
                self.done.clear()
                self.alone.clear()
            else:
                self._forget()
                if len(self.alone) == len(every):
                    break
        for node in self.program.of(ast.Call):
            if node not in self.visited:  # which was not come by on the way
                self.value(node)

    def close(self) -> None:
        """Hand what was met to the program."""
        called = {name for _, name in self.met}
        for name, where in self.mentioned.items():
            if name not in called:
                self.invoke(Value(name=name), "", self.made_call(where), [], {}, spread=True)
        self.program.calls = sorted(self.met.values(), key=lambda c: (c.node.lineno, c.node.col_offset))
        self.program.assigned = [(path, value, target) for (path, target), value in self.bound.items()]

    def made_call(self, where: ast.expr) -> ast.Call:
        """Return the call that an expression stands for which is none in the text (a decorator)."""
        if where not in self.calls_made:
            self.calls_made[where] = ast.copy_location(ast.Call(where, [], []), where)
        return self.calls_made[where]

    def _imported(self, node: ast.Import | ast.ImportFrom) -> None:
        """Note what an import may call things."""
        pairs: list[tuple[str, str]] = []
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                pairs.append((name, alias.name if alias.asname else name))
        elif not node.level:
            for alias in node.names:
                if alias.name == "*":
                    self.starred += [] if node.module in self.starred else [str(node.module)]
                else:
                    pairs.append((alias.asname or alias.name, f"{node.module}.{alias.name}"))
        else:
            pairs = [
                (a.asname or a.name, "numpy" if a.name == "np" else a.name)
                for a in node.names
                if a.name in known.TAKEN
            ]
        for name, whole in pairs:
            names = self.program.imports.setdefault(name, [])
            if whole not in names and len(names) < 8:
                names.append(whole)

    def _outer(self) -> tuple[object, ...]:
        """Return what all functions see, in a form that differs where it changed."""
        return (
            {name: kind_of(value) for name, value in self.shared.items()}, set(self.fetched), len(self.starred),
            {name: len(names) for name, names in self.program.imports.items()},
        )  # fmt: skip

    def _forget(self) -> None:
        """Forget what was found with attributes that have changed meanwhile, so that it is followed again."""
        joined = {code for code, kinds in self.kinds.items() if len(kinds) >= _APART}

        def holds(read: set[Read]) -> bool:
            return all(
                self.versions.get(one[:2], 0) == one[2]
                if one[1]
                else one[0] is not None and one[0] not in joined
                for one in read
            )

        self.done = {key: found for key, found in self.done.items() if holds(found[1])}
        self.alone = {node: read for node, read in self.alone.items() if holds(read)}

    # ---- one function

    def _again(self, node: Function) -> None:
        """Follow a function by itself, unless nothing that it read has changed since."""
        if node not in self.alone:
            before, self.read = self.read, set()
            self._alone(node)
            self.alone[node], self.read = self.read, before

    def _alone(self, node: Function) -> None:
        """Follow a function by itself, its parameters being what they may be when a service calls it."""
        owner = self.owner.get(node)
        mark = self.names.mark()
        before, self.within = self.within, f"{owner.name}.{node.name}" if owner else node.name
        back, self.given = self.given, NOTHING
        route = any(self._is_route(d) for d in node.decorator_list)
        view = owner is not None and node.name in known.VERBS and any(map(_is_view, owner.bases))
        outside, self.inside = self.inside, owner or self.inside
        handled = known.HANDLERS.get(node.name, ())
        defaults = self._defaults(node)
        for place, arg in enumerate(parameters(node.args)):
            own = place == 0 and owner is not None and takes_itself(node, owner)
            sent = not own and (route or view or arg.arg in handled)
            if own:
                value = Value(code=owner)
            elif (
                sent
                or (arg.arg == "request" and place == int(owner is not None))
                or self._is_request(arg.annotation)
            ):
                value = Value(frozenset({"caller"}))
            else:
                value = Value(name=self._annotated(arg.annotation))
                if arg.arg in defaults and not value.name:
                    value = either(value, self.value(defaults[arg.arg]))
            self.names.forget_below(arg.arg)
            self.names[arg.arg] = value.numbered(self.fresh(arg))
        if node.name in ("do_GET", "do_POST", "do_PUT"):
            for name in ("self.path", "self.rfile", "self.headers"):
                self.names[name] = Value(frozenset({"caller"}))
        self.block(node.body)
        if node.returns is not None:
            self.value(node.returns)
        self._leave(node, mark)
        self.inside = outside
        self.within, self.given = before, back

    def _leave(self, node: ast.AST, mark: int) -> None:
        """Forget what is a function's own, and keep what it gave to globals."""
        changed = self.names.back(mark)
        if not self.sets_globals:
            return
        if node not in self.globals:
            found = [n for n in ast.walk(node) if isinstance(n, ast.Global | ast.Nonlocal)]
            self.globals[node] = frozenset(name for one in found for name in one.names)
        for name in self.globals[node]:
            value = changed.get(name)
            if value is None:
                continue
            now = (either(self.shared[name], value) if name in self.shared else value).numbered(0)
            if name not in self.shared or kind_of(now) != kind_of(self.shared[name]):
                self.shared[name] = now

    def _is_route(self, node: ast.expr) -> bool:
        """Whether a decorator makes a function answer requests: ``@app.post("/predict")``."""
        called = node.func if isinstance(node, ast.Call) else node
        if isinstance(called, ast.Name):
            return called.id in ("api_view", "view_config", "route")
        return (
            isinstance(called, ast.Attribute) and called.attr in known.ROUTES and isinstance(node, ast.Call)
        )

    def _is_request(self, node: ast.expr | None) -> bool:
        """Whether a parameter is declared as a request."""
        return self._annotated(node).rpartition(".")[2].removesuffix("()") in (
            "Request",
            "HttpRequest",
            "UploadFile",
        )

    def _annotated(self, node: ast.expr | None) -> str:
        """Return the dotted name of an annotation, with ``()`` for what is of that kind."""
        if not isinstance(node, ast.Name | ast.Attribute):
            return ""
        found = self.value(node).name
        return f"{found}()" if found and not found.startswith("builtins.") else found

    # ---- calls of it

    def own(self, name: str) -> ast.AST | None:
        """Return a function of this program by its name alone."""
        return self.functions.get(name)

    def give(self, value: Value) -> None:
        """Note what the function that is followed gives."""
        self.given = value if self.given is NOTHING else either(self.given, value)

    def yielded(self, value: Value) -> None:
        """Note what a generator gives one of."""
        self.give(holding({("further", 0): value}, value.labels, whole=False))

    def run(self, code: ast.AST, args: list[Value], keywords: dict[str, Value]) -> Value:
        """Follow a function, lambda or class of this program with what it is given."""
        if isinstance(code, ast.ClassDef):
            if self.depth >= _DEEP:
                return Value(labels_of([*args, *keywords.values()]), code=code, token=self.fresh(code))
            return self.make(code, args, keywords)
        if not isinstance(code, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return NOTHING
        given = self._arguments(code, args, keywords)
        if len(self.kinds.setdefault(code, set())) >= _APART:
            given = self.joined[code] = {
                n: either(self.joined[code][n], v) if n in self.joined.get(code, {}) else v
                for n, v in given.items()
            }
        key = (code, tuple((n, kind_of(v)) for n, v in given.items()))
        self.kinds[code].add(key)
        if key in self.done:
            result, read = self.done[key]
            self.read |= read
            return result
        if self.depth >= _DEEP or self.ways >= _WAYS:
            return Value(labels_of(given.values()))
        self.ways += 1
        self.depth += 1
        self.done[key] = NOTHING, {UNSURE}
        outer, self.read = self.read, {(code, "", 0)}
        mark = self.names.mark()
        before, self.within = self.within, getattr(code, "name", self.within)
        back, self.given = self.given, NOTHING
        owner = self.owner.get(code)
        first = next(iter(parameters(code.args)), None)
        outside, self.inside = self.inside, owner or self.inside
        if owner is not None and first is not None and takes_itself(code, owner):
            self.names.forget_below(first.arg)
            self.names[first.arg] = Value(code=owner, token=self.fresh(owner))
        for name, value in given.items():
            self.names.forget_below(name)
            self.names[name] = value if value.token else value.numbered(self.fresh(code, name))
        if isinstance(code, ast.Lambda):
            self.give(self.value(code.body))
        else:
            self.block(code.body)
        result, self.given = self.given, back
        self._leave(code, mark)
        self.inside = outside
        self.within, self.depth = before, self.depth - 1
        self.done[key] = result, self.read
        self.read = outer | self.read
        return result

    def _arguments(
        self, code: Function | ast.Lambda, args: list[Value], keywords: dict[str, Value]
    ) -> dict[str, Value]:
        """Return what each parameter is given."""
        every = [*code.args.posonlyargs, *code.args.args]
        if every and takes_itself(code, self.owner.get(code)):
            every = every[1:]
        given = dict(zip((a.arg for a in every), args, strict=False))
        if code.args.vararg is not None:
            rest = args[len(every) :]
            given[code.args.vararg.arg] = holding(dict(enumerate(rest)), labels_of(rest), whole=True)
        taken = {a.arg for a in [*every, *code.args.kwonlyargs]}
        more = {k: v for k, v in keywords.items() if k not in taken}
        given |= {k: v for k, v in keywords.items() if k in taken}
        if code.args.kwarg is not None:
            given[code.args.kwarg.arg] = holding(more, labels_of(more.values()), whole=True)
        for name, default in self._defaults(code).items():
            if name not in given:
                given[name] = self.value(default)
        return given

    def run_text(self, text: str, node: ast.Call) -> None:
        """Follow a program that stands in a text, as if it stood where it is run."""
        if self.depth >= _DEEP:
            return
        if (node, text) not in self.texts:
            self.texts[node, text] = self._parsed(text, node) if len(self.texts) < _TEXTS else []
        self.depth += 1
        self.block(self.texts[node, text])
        self.depth -= 1

    def _parsed(self, text: str, node: ast.Call) -> list[ast.stmt]:
        """Return the statements of a text, all at the place where it is run; none where it is no program."""
        try:
            tree, nodes = parse(text.strip())
        except Unreadable:
            return []
        for one in nodes:
            ast.copy_location(one, node)
            if isinstance(one, ast.Import | ast.ImportFrom):
                self._imported(one)
        return tree.body

    def _defaults(self, code: Function | ast.Lambda) -> dict[str, ast.expr]:
        """Return the default of each parameter that has one."""
        found = self.given_else.get(code)
        if found is None:
            args = code.args
            named = [*args.posonlyargs, *args.args]
            pairs = list(
                zip((a.arg for a in named[len(named) - len(args.defaults) :]), args.defaults, strict=True)
            )
            pairs += [
                (a.arg, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d is not None
            ]
            found = self.given_else[code] = dict(pairs)
        return found


def _is_view(base: ast.expr) -> bool:
    """Whether a class above one is of those whose methods answer requests, by its last name."""
    last = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
    return last in known.VIEWS
