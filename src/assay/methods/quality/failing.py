"""The rows that break rules, as a table: row, rule, column and value."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and of questions, which are
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assay.methods.quality.hold import Outcome, flags
from assay.methods.quality.question import Context, Grouped, Joined, Question, Rowwise
from assay.methods.quality.rule import Rule
from assay.methods.sqltext import literal, quoted

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST = 500  # characters of a value

Stream = Callable[[str], Iterator[Any]]
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
    found: Sequence[Broken], context: Context, stream: Stream, most: int
) -> tuple[pa.Table, dict[str, int]]:
    """Return the failing rows, rule by rule and in their own order, at most ``most`` of each rule, and the first of each.

    Rules of single rows are told in one pass, which ends as soon as no rule wants more. value: the cell as text, or
    ``column=value`` of each column where the rule is about several.
    """
    import pyarrow as pa

    together = [b for b in found if isinstance(b[2], Rowwise)]
    parts: dict[int, list[Any]] = {id(b[2]): [] for b in found}
    if together:
        _in_one_pass(together, context, stream, most, parts)
    for name, rule, question, _ in found:
        if isinstance(question, Grouped):
            shown = _shown(rule, context)
            numbers = f"SELECT * FROM ({question.rows}) LIMIT {most}"
            query = (
                f"SELECT n.{context.row}, {shown} AS v FROM {context.numbered} n "
                f"SEMI JOIN ({numbers}) b ON n.{context.row} = b.{context.row} ORDER BY 1"
            )
            for batch in stream(query):
                parts[id(question)].append(_table(name, rule, batch.column(0), batch.column(1)))
    tables = [t for b in found for t in parts[id(b[2])]]
    first: dict[str, int] = {}
    for name, _, question, _ in found:
        for part in parts[id(question)][:1]:
            row = part["row"][0].as_py()
            first[name] = min(row, first.get(name, row))
    nothing = _table("", Rule("", ""), pa.nulls(0, pa.int64()), None)
    return (pa.concat_tables(tables) if tables else nothing), first


def _in_one_pass(
    together: Sequence[Broken], context: Context, stream: Stream, most: int, parts: dict[int, list[Any]]
) -> None:
    wanted, names = flags([b[2] for b in together if isinstance(b[2], Rowwise)], context)
    values: dict[str, int] = {}  # what is shown → its place: rules of one column share it
    breaks: dict[str, list[str]] = {}  # … and is read only where one of them is broken
    for (_, rule, _, _), flag in zip(together, names, strict=True):
        values.setdefault(_shown(rule, context), len(values))
        breaks.setdefault(_shown(rule, context), []).append(f"NOT {flag}")
    kept = ", ".join(f"CASE WHEN {' OR '.join(breaks[v])} THEN {v} END AS v{n}" for v, n in values.items())
    amiss = " OR ".join(f"NOT {n}" for n in names)
    told = ", ".join(f"coalesce(NOT {n}, FALSE)" for n in names)
    inner = f"SELECT *, {wanted} FROM {context.numbered}"
    query = f"SELECT {context.row}, {told}, {kept} FROM ({inner}) WHERE {amiss}"
    left = [min(most, b[3].broken or 0) for b in together]
    for batch in stream(query):
        row = batch.column(0)
        for place, (name, rule, question, _) in enumerate(together):
            if not left[place]:
                continue
            broken_here = batch.column(1 + place)
            numbers = row.filter(broken_here)[: left[place]]
            if len(numbers):
                left[place] -= len(numbers)
                value = batch.column(1 + len(names) + values[_shown(rule, context)])
                shown = value.filter(broken_here)[: len(numbers)]
                parts[id(question)].append(_table(name, rule, numbers, shown))
        if not any(left):
            return


def _shown(rule: Rule, context: Context) -> str:
    """Return SQL of what is shown of a failing row: the cell, or the cells by name, as text."""
    columns = [c for c in rule.columns if c in context.columns]
    if not columns:
        return "CAST(NULL AS VARCHAR)"
    if len(columns) == 1:
        return f"CAST({quoted(columns[0])} AS VARCHAR)[1:{LONGEST}]"
    each = [f"{literal(c + '=')} || coalesce(CAST({quoted(c)} AS VARCHAR), 'null')" for c in columns]
    return f"concat_ws(', ', {', '.join(each)})[1:{LONGEST}]"


def _table(name: str, rule: Rule, rows: Any, values: Any) -> pa.Table:
    import pyarrow as pa

    size = len(rows)
    column = ", ".join(rule.columns)
    return pa.table(
        {
            "row": rows.cast(pa.int64()),
            "rule": _constant(name, size),
            "column": _constant(column, size) if column else pa.nulls(size, pa.string()),
            "value": pa.nulls(size, pa.string()) if values is None else values.cast(pa.string()),
        }
    )


def _constant(text: str, size: int) -> pa.Array:
    """Return a text ``size`` times over. Made of its bytes: ``pa.scalar`` imports pandas, which takes longer than this."""
    import numpy as np
    import pyarrow as pa

    raw = text.encode("utf-8", "replace")
    ends = np.arange(size + 1, dtype=np.int32) * len(raw)
    return pa.StringArray.from_buffers(size, pa.py_buffer(ends), pa.py_buffer(raw * size))
