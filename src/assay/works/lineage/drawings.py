"""Lineage drawn in the languages of Graphviz and Mermaid: a box a thing, an arrow a step, dotted what a person said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.office.runs import Edge


def as_dot(edges: Sequence[Edge]) -> str:
    """Return a directed graph in Graphviz's language."""
    names = {e.source: e.from_name for e in edges} | {e.target: e.to_name for e in edges}
    ids = {urn: f"n{i}" for i, urn in enumerate(names)}
    lines = ["digraph lineage {", "  rankdir=LR; node [shape=box, fontname=sans];"]
    lines += [f"  {ids[urn]} [label={_quoted(name)}, tooltip={_quoted(urn)}];" for urn, name in names.items()]
    for e in edges:
        style = ", style=dotted" if e.kind else ""
        lines.append(f"  {ids[e.source]} -> {ids[e.target]} [label={_quoted(e.kind or e.step)}{style}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def as_mermaid(edges: Sequence[Edge]) -> str:
    """Return a flowchart in Mermaid's language."""
    names = {e.source: e.from_name for e in edges} | {e.target: e.to_name for e in edges}
    ids = {urn: f"n{i}" for i, urn in enumerate(names)}
    lines = ["flowchart LR", *(f'  {ids[urn]}["{_entities(name)}"]' for urn, name in names.items())]
    for e in edges:
        arrow = "-.->" if e.kind else "-->"
        lines.append(f'  {ids[e.source]} {arrow}|"{_entities(e.kind or e.step)}"| {ids[e.target]}')
    return "\n".join(lines) + "\n"


def _entities(text: str) -> str:
    """Mermaid reads ``#NUMBER;`` as the character of that number; all but plain ones are written so."""
    return "".join(c if c.isalnum() or c in " ._-/@:" else f"#{ord(c)};" for c in text) or " "
