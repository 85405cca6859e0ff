"""How rules of Python say where and what."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from assay.kernel.severity import Severity
from assay.methods.review.python.program import Program
from assay.methods.review.python.values import Call, Value
from assay.methods.review.spot import Edit, Spot

WHO = {
    "caller": "what a caller sends", "network": "what came over the network", "download": "a file from the network",
    "operator": "an argument of the program",
}  # fmt: skip


def spot(
    program: Program,
    node: ast.AST,
    rule: str,
    severity: Severity,
    message: str,
    remedy: str,
    cwe: str,
    edits: Iterable[Edit] = (),
) -> Spot:
    """Say that a rule names a node."""
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    if isinstance(node, ast.Call) and not program.segment(node).endswith((")", "…")):
        edits = ()  # a function that is handed on: there is no call in the text to be mended
    return Spot(rule, severity, message, line, remedy, cwe, column + 1, program.segment(node), tuple(edits))


def who(value: Value, *labels: str) -> str:
    """Return in words where a value comes from, of these labels the first."""
    return next((WHO[one] for one in labels if one in value.labels), "")


def replaced(program: Program, node: ast.expr, text: str) -> tuple[Edit, ...]:
    """Return the edit that puts another text in a node's place."""
    from assay.methods.review.spot import offset

    if node.end_lineno is None or node.end_col_offset is None:
        return ()
    begin = offset(program.text, node.lineno, node.col_offset)
    return (Edit(begin, offset(program.text, node.end_lineno, node.end_col_offset), text),)


def keyword(call: Call, name: str) -> ast.expr | None:
    """Return the expression of a named argument."""
    return next((k.value for k in call.node.keywords if k.arg == name), None)
