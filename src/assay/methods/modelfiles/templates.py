"""What a Jinja template would reach for, told from its parse tree; nothing of it is ever rendered.

A chat template needs loops, conditions, filters and the fields of messages. Names that begin with an underscore, the
``attr`` filter, frames of functions and templates of other files lead out of it: this is how a template is made to run
commands in a reader that does not confine it (server-side template injection, CWE-1336).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

LIMIT = 1 << 20
_LONGEST = 1 << 16  # characters of a text put together
_FRAMES = frozenset(
    [
        "mro",
        "subclasses",
        "func_globals",
        "func_code",
        "func_closure",
        "func_defaults",
        "im_class",
        "im_func",
        "im_self",
        "gi_frame",
        "gi_code",
        "gi_yieldfrom",
        "cr_frame",
        "cr_code",
        "ag_frame",
        "ag_code",
        "f_globals",
        "f_locals",
        "f_builtins",
        "f_back",
        "f_code",
        "tb_frame",
        "tb_next",
    ]
)
_GIVEN = frozenset(
    {"lipsum", "cycler", "joiner", "self", "request", "config", "url_for", "get_flashed_messages", "g", "session",
     "current_app", "caller", "undefined"}
)  # fmt: skip
_CALLS = frozenset(
    {"open", "eval", "exec", "compile", "getattr", "globals", "locals", "vars", "popen", "system"}
)
_HIDDEN = re.compile(r"__\w+__|\b(?:popen|subprocess|builtins|importlib)\b")
_ROUGH = re.compile(r"__\w+__|\|\s*attr\b|\b(?:lipsum|cycler|joiner)\s*\.|\\x5f|\\u005f")
_GENERATION = re.compile(r"\{%[-+]?\s*(?:end)?generation\s*[-+]?%\}")


def harms(source: str) -> list[tuple[str, int]]:
    """Return what a template reaches for that it should not, each with its line; ValueError where it is no template."""
    import jinja2
    from jinja2 import nodes

    if len(source) > LIMIT:
        raise ValueError("it is longer than 1 MiB")
    environment = jinja2.Environment(  # noqa: S701 - parsed, never rendered
        extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do", "jinja2.ext.i18n"]
    )
    try:
        tree = environment.parse(_GENERATION.sub("", source))
    except (jinja2.TemplateError, RecursionError, OverflowError, MemoryError) as error:
        rough = _roughly(source)
        if rough:
            return [rough]
        raise ValueError(ascii(str(error))[1:-1][:80]) from None
    found: dict[tuple[str, int], None] = {}
    grown: ValueError | None = None
    for node in _all(tree, nodes.Node):
        try:
            what = _harm(node, nodes)
        except ValueError as error:
            grown = error
            continue
        if what:
            found[what, node.lineno] = None
    if grown is not None and not found:
        raise grown
    return list(found)


def _roughly(source: str) -> tuple[str, int] | None:
    """Return what a template that cannot be parsed seems to reach for, not long after an opening brace, and its line."""
    for found in _ROUGH.finditer(source):
        low = max(0, found.start() - 4000)
        brace = max(source.rfind(sign, low, found.start()) for sign in ("{{", "{%"))
        if brace >= 0:
            text = source[max(brace, found.end() - 60) : found.end()]
            return text, source.count("\n", 0, found.end()) + 1
    return None


def _all(tree: Any, kind: Any) -> Iterator[Any]:
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        for _, value in node.iter_fields():
            for item in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(item, kind):
                    todo.append(item)


def _harm(node: Any, nodes: Any) -> str:
    if isinstance(node, nodes.Getattr) and _leads_out(node.attr):
        return _written(node, nodes)
    if isinstance(node, nodes.Getitem):
        key = _constant(node.arg, nodes)
        return _written(node, nodes) if isinstance(key, str) and _leads_out(key) else ""
    if isinstance(node, nodes.Filter) and node.name in (
        "attr",
        "map",
        "selectattr",
        "rejectattr",
        "groupby",
        "sort",
    ):
        return _filter(node, nodes)
    if isinstance(node, (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        return f"{type(node).__name__.lower()} of another file"
    if isinstance(node, nodes.Call):
        target = node.node
        if isinstance(target, nodes.Name) and target.name in _CALLS:
            return f"{target.name}(…)"
        if isinstance(target, nodes.Getattr) and isinstance(target.node, nodes.Name) and target.node.name in _GIVEN - {
            "self", "caller", "config"
        }:  # fmt: skip
            return _written(node, nodes)
    text = _constant(node, nodes) if isinstance(node, (nodes.Const, nodes.Concat, nodes.Add)) else None
    if isinstance(text, str) and (hidden := _HIDDEN.search(text)):
        return repr(hidden[0])
    return ""


def _filter(node: Any, nodes: Any) -> str:
    if node.name == "attr":
        return _written(node, nodes)
    for value in [*node.args, *(pair.value for pair in node.kwargs)]:
        key = _constant(value, nodes)
        if isinstance(key, str) and (key == "attr" or any(_leads_out(part) for part in key.split("."))):
            return _written(node, nodes)
    return ""


def _leads_out(name: str) -> bool:
    return name.startswith("_") or name in _FRAMES


def _bounded(size: int) -> None:
    if size > _LONGEST:
        raise ValueError("a text that it puts together grows past what is followed")


def _constant(node: Any, nodes: Any, deep: int = 0) -> Any:
    """Return what an expression of constants gives, texts put together among them; None where it is not constant."""
    if deep > 50:
        return None
    if isinstance(node, nodes.Const):
        return node.value
    if isinstance(node, nodes.TemplateData):
        return None
    if isinstance(node, nodes.Concat):
        parts = [_constant(n, nodes, deep + 1) for n in node.nodes]
        if None in parts:
            return None
        texts = [str(p) for p in parts]
        _bounded(sum(map(len, texts)))
        return "".join(texts)
    if isinstance(node, nodes.Add):
        left, right = _constant(node.left, nodes, deep + 1), _constant(node.right, nodes, deep + 1)
        if not isinstance(left, str) or not isinstance(right, str):
            return None
        _bounded(len(left) + len(right))
        return left + right
    if isinstance(node, nodes.Mul):
        left, right = _constant(node.left, nodes, deep + 1), _constant(node.right, nodes, deep + 1)
        if not isinstance(left, str) or not isinstance(right, int):
            return None
        _bounded(len(left) * min(right, 100))
        return left * min(right, 100)
    if isinstance(node, nodes.Filter) and node.node is not None:
        return _filtered(node, nodes, deep)
    if isinstance(node, nodes.List):
        items = [_constant(n, nodes, deep + 1) for n in node.items]
        return items if None not in items else None
    return None


def _filtered(node: Any, nodes: Any, deep: int) -> Any:
    held = _constant(node.node, nodes, deep + 1)
    args = [_constant(a, nodes, deep + 1) for a in node.args]
    if isinstance(held, list) and node.name == "join" and None not in args:
        sign, texts = str(args[0]) if args else "", [str(h) for h in held]
        _bounded(sum(map(len, texts)) + len(sign) * len(texts))
        return sign.join(texts)
    if not isinstance(held, str):
        return None
    if node.name == "replace" and len(args) >= 2 and None not in args:
        old, new = str(args[0]), str(args[1])
        _bounded(len(held) + held.count(old) * len(new))
        return held.replace(old, new)
    if (
        node.name == "format"
        and held.count("%") == len(args)
        and held.count("%s") + held.count("%c") == len(args)
    ):
        given = tuple(chr(a) if isinstance(a, int) else str(a) for a in args)
        _bounded(len(held) + sum(map(len, given)))
        return held.replace("%c", "%s") % given
    return {"lower": held.lower(), "upper": held.upper(), "reverse": held[::-1], "trim": held.strip()}.get(
        node.name
    )


def _written(node: Any, nodes: Any, deep: int = 0) -> str:
    """Return an expression as one would write it, cut short."""
    if deep > 12:
        return "…"
    if isinstance(node, nodes.Name):
        return str(node.name)
    if isinstance(node, nodes.Const):
        return repr(node.value)[:60]
    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node, nodes, deep + 1)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        return f"{_written(node.node, nodes, deep + 1)}[{_written(node.arg, nodes, deep + 1)}]"
    if isinstance(node, nodes.Call):
        args = ", ".join(_written(a, nodes, deep + 1) for a in node.args[:4])
        return f"{_written(node.node, nodes, deep + 1)}({args})"
    if isinstance(node, nodes.Filter):
        args = ", ".join(_written(a, nodes, deep + 1) for a in node.args[:4])
        held = _written(node.node, nodes, deep + 1) if node.node is not None else ""
        return f"{held} | {node.name}({args})"
    key = _constant(node, nodes)
    return repr(key)[:60] if key is not None else "…"
