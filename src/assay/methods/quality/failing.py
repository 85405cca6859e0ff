"""The rows that break rules, as a table: row, rule, column and value."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and of questions, which are
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from assay.methods.quality.hold import Outcome
from assay.methods.quality.question import Context, Grouped, Joined, Question, Rowwise
from assay.methods.quality.rule import Rule
from assay.methods.sqltext import literal, quoted

LONGEST = 500  # characters of a value
TOGETHER = 32  # rules a query: to plan one of hundreds takes longer than to answer it

Broken = tuple[str, Rule, Question, Outcome]  # under which name its rows are told


def broken(asked: Sequence[tuple[Rule, Question]], outcomes: Sequence[Outcome]) -> list[Broken]:
    """Return the broken rules that single rows break; those that a broken ``all`` or ``any`` joins under its name."""
    out: list[Broken] = []
    for (rule, question), outcome in zip(asked, outcomes, strict=True):
        if outcome.state != "broken":
            continue
        if isinstance(question, Joined):
            inner = broken(question.parts, outcome.parts)
            out += [(rule.name, r, q, o) for _, r, q, o in inner]
        elif outcome.broken:
            out.append((rule.name, rule, question, outcome))
    return out


def failing(
    found: Sequence[Broken], context: Context, most: int, held: Mapping[int, str] | None = None
) -> list[str]:
    """Return the queries of the failing rows, rule by rule and in their own order, at most ``most`` of each rule.

    Columns: row, rule, column, value: the cell as text, or ``column=value`` of each column where the rule is about
    several. Each rule reads its own columns only, and no further than it has what it wants. held: by the identity of a
    question the relation that holds its failing rows already, with their numbers.
    """
    parts = []
    for name, rule, question, _ in found:
        column = literal(", ".join(rule.columns)) if rule.columns else "CAST(NULL AS VARCHAR)"
        told = f'{literal(name)} AS "rule", {column} AS "column", {_shown(rule, context)} AS "value"'
        there = (held or {}).get(id(question))
        wanted = f'SELECT {context.row} AS "row", {told} FROM {there or context.numbered}'
        if there:
            parts.append(f"({wanted} ORDER BY 1)")
        elif isinstance(question, Rowwise):
            parts.append(f"({wanted} WHERE NOT ({question.holds}) LIMIT {most})")
        elif isinstance(question, Grouped):
            numbers = f"SELECT * FROM ({question.rows}) LIMIT {most}"
            parts.append(f"({wanted} SEMI JOIN ({numbers}) b USING ({context.row}) ORDER BY 1)")
    return [" UNION ALL ".join(parts[n : n + TOGETHER]) for n in range(0, len(parts), TOGETHER)]


def firsts(path: Path) -> str:
    """Return the query of the first failing row of each rule, of a file that has them."""
    return f'SELECT "rule", min("row") FROM read_parquet({literal(str(path))}) GROUP BY 1'


def _shown(rule: Rule, context: Context) -> str:
    """Return SQL of what is shown of a failing row: the cell, or the cells by name, as text."""
    columns = [c for c in rule.columns if c in context.columns]
    if not columns:
        return "CAST(NULL AS VARCHAR)"
    if len(columns) == 1:
        return f"CAST({quoted(columns[0])} AS VARCHAR)[1:{LONGEST}]"
    each = [f"{literal(c + '=')} || coalesce(CAST({quoted(c)} AS VARCHAR), 'null')" for c in columns]
    return f"concat_ws(', ', {', '.join(each)})[1:{LONGEST}]"
