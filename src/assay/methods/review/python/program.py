"""A Python program as the rules see it: every call met, with what is known of its arguments.

It is followed statement by statement, branches apart and then together, loops twice, a function of the file anew for each
kind of arguments it is called with. Bounds: characters, nodes, depth, calls within calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from assay.methods.review.python.values import Call, Value, begin
from assay.methods.review.spot import rows

MOST_TEXT = 4 << 20
MOST_NODES = 400_000
NESTED = 60
_BARE = (
    ast.expr_context,
    ast.operator,
    ast.cmpop,
    ast.boolop,
    ast.unaryop,
)  # which say how, and hold nothing
_LEAVES = frozenset(
    {int, str, type(None), ast.Load, ast.Store}
)  # most of what is no node, or none that holds another


class Unreadable(ValueError):
    """A program that is not Python, or too much of it."""


class Enough(Exception):
    """A program of which more would have to be followed than there is time for."""


@dataclass(slots=True)
class Program:
    """What was met. calls: in the order of the text. assigned: name, value and target of each assignment.

    texts: every literal text with its node. imports: what a name may stand for. cut: why it was not followed to its end.
    """

    text: str
    tree: ast.Module
    nodes: list[ast.AST]
    calls: list[Call] = field(default_factory=list)
    assigned: list[tuple[str, Value, ast.AST]] = field(default_factory=list)
    texts: list[tuple[str, ast.Constant]] = field(default_factory=list)
    imports: dict[str, list[str]] = field(default_factory=dict)
    cut: str = ""
    lines: list[bytes] = field(default_factory=list, repr=False)

    def of(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        """Give the nodes of these kinds, level by level."""
        return (n for n in self.nodes if type(n) in kinds)

    def called(self, *names: str) -> list[Call]:
        """Return the calls of functions by their whole names, or, with a dot before, of methods."""
        plain = {n for n in names if not n.startswith(".")}
        methods = {n[1:] for n in names if n.startswith(".")}
        return [c for c in self.calls if c.name in plain or ("." in c.name and c.method in methods)]

    def segment(self, node: ast.AST) -> str:
        """Return the text of a node, shortened to one line of at most 120 characters."""
        if not self.lines:
            self.lines.extend(line.rstrip("\r\n").encode("utf-8", "replace") for line in rows(self.text))
        begin, end = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1) or 1
        first, last = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0)
        kept = self.lines[begin - 1 : min(end, begin + 40)]
        if end <= begin + 40:
            kept = [*kept[:-1], kept[-1][:last]]
        line = " ".join(b"\n".join([kept[0][first:], *kept[1:]]).decode("utf-8", "replace").split())
        return line if len(line) <= 120 else line[:117] + "…"


def parse(text: str) -> tuple[ast.Module, list[ast.AST]]:
    """Return the syntax tree, and its nodes level by level; Unreadable where there is none, or it is too large or too deep."""
    if len(text) > MOST_TEXT:
        raise Unreadable(f"it is longer than {MOST_TEXT >> 20} MB")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        place = f" in line {error.lineno}" if error.lineno else ""
        raise Unreadable(f"it is no Python of this version: {error.msg}{place}") from None
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("it cannot be parsed") from None
    every: list[ast.AST] = []
    level: list[ast.AST] = [tree]
    for _ in range(4 * NESTED):
        below: list[ast.AST] = []
        for node in level:
            for child in vars(node).values():
                kind = type(child)
                if kind is list:
                    below += [c for c in child if isinstance(c, ast.AST)]
                elif kind not in _LEAVES and isinstance(child, ast.AST) and not isinstance(child, _BARE):
                    below.append(child)
        every += level
        if len(every) + len(below) > MOST_NODES:
            raise Unreadable(f"it has more than {MOST_NODES:,} parts")
        if not below:
            return tree, every
        level = below
    raise Unreadable("it is nested too deep")


def review(text: str) -> Program:
    """Follow a program; Unreadable where that is not possible. What was met before it grew too long is kept."""
    from assay.methods.review.python.flow import Flow

    tree, nodes = parse(text)
    program = Program(text, tree, nodes)
    program.texts = [(n.value, n) for n in nodes if type(n) is ast.Constant and isinstance(n.value, str)]
    begin()
    flow = Flow(program)
    try:
        flow.follow()
    except RecursionError:
        raise Unreadable("it is nested too deep") from None
    except Enough as error:
        program.cut = str(error)
    flow.close()
    program.calls.sort(key=lambda c: (c.node.lineno, c.node.col_offset))
    return program
