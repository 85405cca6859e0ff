"""What setup.py asks for, by its syntax tree alone: it is a program, and is never run.

https://setuptools.pypa.io/en/latest/references/keywords.html. Lists that stand there are read, under a name too that is bound once;
what a program would make of anything else is not known and said to be unread.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Iterator

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import Unreadable

_ASKED = ("install_requires", "tests_require", "extras_require", "requires")
_DEEPEST, _MOST = (
    20,
    20_000,
)  # names that stand for names, and parts of all that is asked for: a name may stand for many
_ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "ascii",
    "iso-8859-1",
    "latin-1",
    "cp1252",
)  # those that are read in one go


class _Unknown(Exception):
    """What only running it would tell."""


def read(content: bytes, path: str) -> Locked:
    """Return what the calls of ``setup`` ask for; none where what it asks for stands elsewhere."""
    tree = _parsed(content)
    reading = _Reading(tree)
    out, called = Locked(), False
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        if getattr(call.func, "attr", getattr(call.func, "id", "")) != "setup":
            continue
        called = True
        for keyword in call.keywords:
            if keyword.arg is not None and keyword.arg not in _ASKED:
                continue
            try:
                for text in reading.asked(keyword):
                    out.ask(text, path)
            except _Unknown:
                out.unread.append(f"{keyword.arg or '**'} of its line {keyword.value.lineno} is computed")
    if not called and _of_setuptools(tree):
        out.unread.append("setup is called by another name")
    return out


def _parsed(content: bytes) -> ast.Module:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        if encoding not in _ENCODINGS:
            raise Unreadable(f"it is written in {encoding[:40]!r}, which is not read here")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(content)
    except (SyntaxError, RecursionError, MemoryError):
        raise Unreadable("it cannot be read as Python") from None


def _of_setuptools(tree: ast.Module) -> bool:
    names = (
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    )
    return any((name or "").partition(".")[0] in ("setuptools", "distutils") for name in names)


class _Reading:
    def __init__(self, tree: ast.Module) -> None:
        self._bound = _bound(tree)
        self._left = _MOST

    def asked(self, keyword: ast.keyword) -> list[str]:
        """Return the lines of what one keyword asks for; _Unknown where it is computed."""
        if keyword.arg is None:  # setup(**settings)
            pairs = [(k, v) for k, v in self._pairs(keyword.value, 0) if k in _ASKED]
            return [line for k, v in pairs for line in self.asked(ast.keyword(k, v))]
        if keyword.arg == "extras_require":
            texts = [t for _, v in self._pairs(keyword.value, 0) for t in self._texts(v, 0)]
        else:
            texts = list(self._texts(keyword.value, 0))
        return [line.strip() for text in texts for line in text.splitlines() if line.strip()]

    def _known(self, node: ast.expr, depth: int) -> ast.expr:
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise _Unknown
        if isinstance(node, ast.Name):
            value = self._bound.get(node.id)
            if value is None:
                raise _Unknown
            return self._known(value, depth + 1)
        return node

    def _texts(self, node: ast.expr, depth: int) -> Iterator[str]:
        node = self._known(node, depth)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Constant) and node.value is None:
            return
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            for one in node.elts:
                yield from self._texts(one.value if isinstance(one, ast.Starred) else one, depth + 1)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            if isinstance(self._known(node.left, depth), ast.Constant):
                raise _Unknown  # texts put together
            yield from self._texts(node.left, depth + 1)
            yield from self._texts(node.right, depth + 1)
        else:
            raise _Unknown

    def _pairs(self, node: ast.expr, depth: int) -> Iterator[tuple[str, ast.expr]]:
        node = self._known(node, depth)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "dict" and not node.args:
            for keyword in node.keywords:
                if keyword.arg is None:
                    raise _Unknown
                yield keyword.arg, keyword.value
            return
        if not isinstance(node, ast.Dict):
            raise _Unknown
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                yield from self._pairs(value, depth + 1)
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
            else:
                raise _Unknown


def _bound(tree: ast.Module) -> dict[str, ast.expr | None]:
    """Return what names stand for at the top of the file; nothing of one that is bound more than once, or changed in place."""
    stores: dict[str, int] = {}
    changed: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            stores[node.id] = stores.get(node.id, 0) + 1
        elif (
            isinstance(node, ast.Attribute | ast.Subscript)
            and isinstance(node.value, ast.Name)
            and (isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Store | ast.Del))
        ):
            changed.add(node.value.id)  # append, extend, update, x[…] = …
    out: dict[str, ast.expr | None] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, statement.value
        else:
            continue
        if isinstance(target, ast.Name) and stores.get(target.id) == 1 and target.id not in changed:
            out[target.id] = value
    return out
