"""What setup.py asks for, by its syntax tree alone: it is a program, and is never run.

https://setuptools.pypa.io/en/latest/references/keywords.html. Lists that stand there are read, under a name too that is bound once;
what a program would make of anything else is not known and said to be unread.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import Unreadable

_ASKED = ("install_requires", "tests_require", "extras_require", "requires")
_DEEPEST = 20


class _Unknown(Exception):
    """What only running it would tell."""


def read(content: bytes, path: str) -> Locked:
    """Return what the calls of ``setup`` ask for; none where what it asks for stands elsewhere."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(content)
    except (SyntaxError, RecursionError, MemoryError):
        raise Unreadable("it cannot be read as Python") from None
    bound = _bound(tree)
    out = Locked()
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        if getattr(call.func, "attr", getattr(call.func, "id", "")) != "setup":
            continue
        for keyword in call.keywords:
            if keyword.arg is not None and keyword.arg not in _ASKED:
                continue
            try:
                _asked(keyword, bound, path, out)
            except _Unknown:
                out.unread.append(f"{keyword.arg or '**'} of its line {keyword.value.lineno} is computed")
    return out


def _asked(
    keyword: ast.keyword, bound: dict[str, ast.expr | None], path: str, out: Locked
) -> None:
    if keyword.arg is None:  # setup(**settings)
        for name, value in _pairs(keyword.value, bound, 0):
            if name in _ASKED:
                _asked(ast.keyword(name, value), bound, path, out)
        return
    if keyword.arg == "extras_require":
        texts = [t for _, v in _pairs(keyword.value, bound, 0) for t in _texts(v, bound, 0)]
    else:
        texts = list(_texts(keyword.value, bound, 0))
    for text in texts:
        for line in text.splitlines():
            if line.strip():
                out.ask(line.strip(), path)


def _bound(tree: ast.Module) -> dict[str, ast.expr | None]:
    """Return what names stand for at the top of the file; None of one that is bound more than once, or changed in place."""
    out: dict[str, ast.expr | None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            out[node.id] = None  # unless it is the one binding, below
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name):
            if isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Store | ast.Del):
                out.setdefault(f"{node.value.id}!", None)  # append, extend, update, x[…] = …
    stores: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stores[node.id] = stores.get(node.id, 0) + 1
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, statement.value
        else:
            continue
        if isinstance(target, ast.Name) and stores.get(target.id) == 1 and f"{target.id}!" not in out:
            out[target.id] = value
    return out


def _known(node: ast.expr, bound: dict[str, ast.expr | None], depth: int) -> ast.expr:
    if depth > _DEEPEST:
        raise _Unknown
    if isinstance(node, ast.Name):
        value = bound.get(node.id)
        if value is None:
            raise _Unknown
        return _known(value, bound, depth + 1)
    return node


def _texts(node: ast.expr, bound: dict[str, ast.expr | None], depth: int) -> Iterator[str]:
    node = _known(node, bound, depth)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Constant) and node.value is None:
        return
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        for one in node.elts:
            yield from _texts(one.value if isinstance(one, ast.Starred) else one, bound, depth + 1)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        if isinstance(_known(node.left, bound, depth), ast.Constant):
            raise _Unknown  # texts put together
        yield from _texts(node.left, bound, depth + 1)
        yield from _texts(node.right, bound, depth + 1)
    else:
        raise _Unknown


def _pairs(
    node: ast.expr, bound: dict[str, ast.expr | None], depth: int
) -> Iterator[tuple[str, ast.expr]]:
    node = _known(node, bound, depth)
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
            yield from _pairs(value, bound, depth + 1)
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value, value
        else:
            raise _Unknown
