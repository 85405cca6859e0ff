"""The expressions of a program: what each may be, and every call on the way."""

from __future__ import annotations

import ast
import builtins

from assay.methods.review.python import known
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import LISTED, NONE, NOTHING, UNKNOWN, Call, Value, either, labels_of

_BUILTINS = frozenset(dir(builtins))
_LONG = 100_000  # characters of a literal that is put together here


def open_(value: Value) -> bool:
    """Whether a part of a text may be anything: not what is written out, a number, a quoted word, or one of a list."""
    ended = value.name.endswith("()") and known.within(value.name[:-2], known.ENDS)
    return not value.known and not ended and value.name != LISTED


class Expressions:
    """names: what is known of each name and attribute path (``self.model``) where the program now is."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names: dict[str, Value] = {}
        self.met: dict[ast.Call, Call] = {}
        self.within = ""
        self.fetched: set[str] = set()  # files, by the name that is written out, that came over the network
        self.opened: dict[int, str] = {}  # which file an open one is
        self._tokens = 0

    def fresh(self) -> int:
        """Return a number that no value has yet."""
        self._tokens += 1
        return self._tokens

    def called(self, name: str, args: list[Value], keywords: dict[str, Value]) -> Value | None:
        """Follow a function of the file; None where there is none of that name."""
        raise NotImplementedError

    # ---- names

    def place(self, node: ast.expr) -> str:
        """Return the path by which a value is kept: ``x``, ``self.model``; empty where it has none."""
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Attribute):
            base = self.place(node.value)
            return f"{base}.{node.attr}" if base else ""
        if isinstance(node, ast.Subscript):
            return self.place(node.value)
        return ""

    def dotted(self, node: ast.expr) -> str:
        """Return the whole name of what an expression names: ``np.load`` is ``numpy.load``."""
        if isinstance(node, ast.Name):
            if node.id in self.names and self.names[node.id].name:
                return self.names[node.id].name
            if node.id in self.names:
                return ""
            if node.id in self.program.imports:
                return self.program.imports[node.id]
            return f"builtins.{node.id}" if node.id in _BUILTINS else ""
        if isinstance(node, ast.Attribute):
            path = self.place(node)
            if path in self.names and self.names[path].name:
                return self.names[path].name
            base = self.dotted(node.value)
            if not base and isinstance(node.value, ast.Call | ast.Subscript | ast.Await):
                base = self.value(node.value).name
            return f"{base}.{node.attr}" if base else f".{node.attr}"
        if isinstance(node, ast.Call):
            return self.value(node).name
        return ""

    def bind(self, target: ast.expr, value: Value, given: ast.expr) -> None:
        """Give a name, an attribute, or several names, a value."""
        if isinstance(target, ast.Tuple | ast.List):
            parts = (
                given.elts
                if isinstance(given, ast.Tuple | ast.List) and len(given.elts) == len(target.elts)
                else None
            )
            for place, one in enumerate(target.elts):
                part = self.value(parts[place]) if parts else Value(value.labels, token=self.fresh())
                self.bind(one, part, parts[place] if parts else given)
            return
        if isinstance(target, ast.Starred):
            self.bind(target.value, value, given)
            return
        path = self.place(target)
        if not path:
            return
        if isinstance(target, ast.Subscript):  # what is put into a container is in it from then on
            was = self.names.get(path, NOTHING)
            self.names[path] = Value(was.labels | value.labels, name=was.name, token=was.token)
        else:
            for inner in [n for n in self.names if n.startswith(f"{path}.")]:
                del self.names[inner]
            self.names[path] = (
                value
                if value.token
                else Value(value.labels, value.literal, value.name, value.built, self.fresh())
            )
        self.program.assigned.append((path, value, target))

    # ---- expressions

    def value(self, node: ast.expr) -> Value:
        """Return what is known of an expression, noting the calls in it."""
        match node:
            case ast.Constant():
                fetched = isinstance(node.value, str) and node.value in self.fetched
                return Value(frozenset({"download"}) if fetched else NONE, node.value)
            case ast.Name() | ast.Attribute():
                return self._named(node)
            case ast.Call():
                return self._call(node)
            case ast.JoinedStr():
                inner = [self.value(v) for v in node.values]
                text = "".join(str(v.literal) for v in inner) if all(v.known for v in inner) else UNKNOWN
                return Value(labels_of(inner), text, built=any(open_(v) for v in inner))
            case ast.FormattedValue():
                return self.value(node.value)
            case ast.BinOp():
                return self._binary(node)
            case ast.BoolOp():
                inner = [self.value(v) for v in node.values]
                out = inner[0]
                for one in inner[1:]:
                    out = either(out, one)
                return out
            case ast.IfExp():
                self.value(node.test)
                return either(self.value(node.body), self.value(node.orelse))
            case ast.Subscript():
                base = self.value(node.value)
                self.value(node.slice)
                path = self.place(node)
                return Value(
                    base.labels,
                    name=base.name,
                    token=base.token if isinstance(node.slice, ast.Slice) and not path else 0,
                )
            case ast.Starred() | ast.Await() | ast.YieldFrom():
                return self.value(node.value)
            case ast.NamedExpr():
                value = self.value(node.value)
                self.bind(node.target, value, node.value)
                return value
            case ast.Tuple() | ast.List() | ast.Set():
                inner = [self.value(v) for v in node.elts]
                literal = [v.literal for v in inner] if all(v.known for v in inner) else UNKNOWN
                return Value(labels_of(inner), literal, built=any(v.built for v in inner))
            case ast.Dict():
                inner = [self.value(v) for v in [*filter(None, node.keys), *node.values]]
                return Value(labels_of(inner))
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case ast.Lambda():
                self.value(node.body)
                return NOTHING
            case ast.Compare() | ast.UnaryOp():
                inner = [self.value(v) for v in ast.iter_child_nodes(node) if isinstance(v, ast.expr)]
                minus = (
                    isinstance(node, ast.UnaryOp)
                    and isinstance(node.op, ast.USub)
                    and inner
                    and isinstance(inner[0].literal, int | float)
                )
                return Value(literal=-inner[0].literal) if minus else NOTHING
            case _:
                inner = [self.value(v) for v in ast.iter_child_nodes(node) if isinstance(v, ast.expr)]
                return Value(labels_of(inner))

    def _named(self, node: ast.Name | ast.Attribute) -> Value:
        path = self.place(node)
        if path in self.names:
            return self.names[path]
        name = self.dotted(node)
        label = known.source(name)
        if label:
            return Value(frozenset({label}), name=name)
        if isinstance(node, ast.Attribute):
            base = self.value(node.value)
            return Value(base.labels, name=name if not name.startswith(".") else "")
        if (
            isinstance(node, ast.Name) and not name
        ):  # which value it is matters, even where nothing else is known of it
            self.names[path] = Value(token=self.fresh())
            return self.names[path]
        return Value(name=name)

    def _binary(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        labels = left.labels | right.labels
        if isinstance(node.op, ast.Add) and left.text is not None and right.text is not None:
            whole = left.text + right.text
            return Value(labels, whole if len(whole) <= _LONG else UNKNOWN)
        text = left.text is not None or right.text is not None or left.built or right.built
        free = open_(left) or open_(right)
        return Value(labels, built=isinstance(node.op, ast.Add | ast.Mod) and text and free)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        outer, self.names = self.names, dict(self.names)
        for part in node.generators:
            self.bind(part.target, Value(self.value(part.iter).labels), part.iter)
            for test in part.ifs:
                self.value(test)
        inner = [
            self.value(n) for n in ([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        ]
        self.names = outer
        return Value(labels_of(inner), built=any(v.built for v in inner))

    def _call(self, node: ast.Call) -> Value:
        receiver = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else NOTHING
        name = self.dotted(node.func)
        args = [self.value(a) for a in node.args]
        keywords = {k.arg: self.value(k.value) for k in node.keywords if k.arg is not None}
        spread = [self.value(k.value) for k in node.keywords if k.arg is None]
        starred = any(isinstance(a, ast.Starred) for a in node.args)
        call = Call(name, node, args, keywords, receiver, bool(spread) or starred, self.within)
        if node in self.met:
            self.met[node].merge(call)
        else:
            self.met[node] = call
            self.program.calls.append(call)
        call.result = self._given(call, labels_of([*args, *keywords.values(), *spread]))
        self._fetched(call)
        return call.result

    def _given(self, call: Call, labels: frozenset[str]) -> Value:
        """Return what a call gives."""
        node, name = call.node, call.name
        own = (
            node.func.id
            if isinstance(node.func, ast.Name)
            else node.func.attr
            if isinstance(node.func, ast.Attribute)
            else ""
        )
        local = isinstance(node.func, ast.Name) and (not name or name.startswith("builtins."))
        method = (
            isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in ("self", "cls")
        )
        if local or method:
            found = self.called(own, call.args, call.keywords)
            if found is not None:
                return found
        label = known.source(name)
        if label:
            return Value(frozenset({label}) | call.receiver.labels, name=f"{name}()", token=self.fresh())
        if known.within(name, known.ENDS):
            return Value(name=f"{name}()", token=self.fresh())
        kept = call.receiver.labels
        if name in known.PATHS_END:
            return Value(NONE, token=self.fresh())
        if name.startswith(known.THROUGH) or (
            isinstance(node.func, ast.Attribute) and (call.receiver.known or kept)
        ):
            kept = kept | labels
        joins = own == "join" and not call.receiver.name.startswith("os")
        inside = any(open_(v) for v in [*call.args, *call.keywords.values()])
        built = isinstance(node.func, ast.Attribute) and (own == "format" or joins) and inside
        literal = UNKNOWN
        if own == "format" and call.receiver.text is not None and not call.args and not call.keywords:
            literal, built = call.receiver.literal, False
        shown = f"{name}()" if name and not name.startswith(".") else ""
        return Value(kept, literal, shown, built, self.fresh())

    def _fetched(self, call: Call) -> None:
        """A file that a call writes what it fetched to is a download from then on."""
        if call.name == "builtins.open" and call.args and call.args[0].text:
            self.opened[call.result.token] = call.args[0].text
        if call.method == "write" and any(a.has("network", "download") for a in call.args):
            if (path := self.opened.get(call.receiver.token)) is not None:
                self.fetched.add(path)
            return
        where = known.FETCHED.get(call.name) or known.FETCHED.get(f".{call.method}")
        if where is None:
            return
        place, keyword = where
        node = next((k.value for k in call.node.keywords if k.arg == keyword), None)
        if node is None and place < len(call.node.args):
            node = call.node.args[place]
        if node is None:
            return
        path_, found = self.place(node), self.value(node)
        if path_:
            self.names[path_] = Value(
                found.labels | {"download"}, found.literal, found.name, found.built, found.token
            )
        if found.text is not None:
            self.fetched.add(found.text)
