"""Rules divided into those that a server is asked, and those whose columns are copied here; and what was answered."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and of questions, which are
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from assay.methods.quality.bounds import Bounds
from assay.methods.quality.compile import question
from assay.methods.quality.hold import Asked, Outcome, hold
from assay.methods.quality.question import (
    Context,
    Grouped,
    Joined,
    Measured,
    Question,
    Rowwise,
    Settled,
    Unable,
)
from assay.methods.quality.rule import Rule
from assay.methods.quality.spread import Ask
from assay.methods.quality.there.alike import agreed
from assay.methods.quality.there.reading import Differs, Far
from assay.methods.sqltext import quoted

_COMPARED = ("integer", "text", "date", "timestamp", "boolean")  # kinds of which equal values are equal texts
_NEAR, _DIGITS = 1e-9, 1e-10  # of a bound, and of what was added up: closer than that is in doubt


def divide(rules: Sequence[Rule], context: Context) -> list[Question | Differs]:
    """Return for each rule what the server is asked, or why it is not; ``context.far`` says what it understands."""
    return [_one(rule, context) for rule in rules]


def _one(rule: Rule, context: Context) -> Question | Differs:
    try:
        return _there(rule, question(rule, context), context)
    except Differs as error:
        return error


def _there(rule: Rule, asked: Question, context: Context) -> Question:
    far = context.far
    assert far is not None
    if isinstance(asked, (Settled, Unable)):
        return asked
    if isinstance(asked, Rowwise):
        found = agreed(asked.holds, far)
        if found.kind not in ("boolean", "null"):
            raise Differs("it is no truth value")
        return Rowwise(found.sql)
    if isinstance(asked, Joined):
        return Joined(asked.word, tuple((r, _there(r, q, context)) for r, q in asked.parts))
    if isinstance(asked, Grouped) and rule.kind == "unique":
        _groups(rule.columns, far)
        return asked
    if isinstance(asked, Grouped) and rule.kind == "references":
        _references(rule, context)
        return asked
    if isinstance(asked, Measured):
        if asked.whole:
            _groups(rule.columns or list(context.columns), far)
            return asked
        found = agreed(asked.sql, far)
        return replace(asked, sql=found.sql, scale=found.scale)
    raise Differs("it is asked here only")


def _groups(columns: Sequence[str], far: Far) -> None:
    for column in columns:
        if far.kinds.get(column, "opaque") == "opaque":
            raise Differs(f"the type of {column} has no equal")


def _references(rule: Rule, context: Context) -> None:
    table = context.others[str(rule.given["table"])]
    theirs = tuple(rule.given.get("column") or rule.columns)
    assert context.far is not None
    for a, b in zip(rule.columns, theirs, strict=True):
        kinds = context.far.kinds.get(a), table.kinds.get(b)
        if kinds[0] != kinds[1] or kinds[0] not in _COMPARED:
            raise Differs(f"{a} and {b} do not compare alike")


def ask_there(
    asked: Sequence[Asked], context: Context, ask: Ask, progress: Callable[[int, int], None]
) -> list[Outcome | str]:
    """Return what became of each rule, or why it is to be asked here: the server failed, or a figure is in doubt."""
    figures = [q for _, q in _flat(asked) if isinstance(q, Measured) and q.scale]
    scales = [(r, replace(q, sql=q.scale, scale="")) for r, q in _flat(asked) if q in figures]
    outcomes = hold([*asked, *scales], context, ask, progress)
    sizes = dict(zip(map(id, figures), [o.value for o in outcomes[len(asked) :]], strict=True))
    return [_settled(q, o, sizes) for (_, q), o in zip(asked, outcomes, strict=False)]


def _flat(asked: Sequence[Asked]) -> list[Asked]:
    out: list[Asked] = []
    for rule, q in asked:
        out += _flat(q.parts) if isinstance(q, Joined) else [(rule, q)]
    return out


def parts_of(asked: Question) -> set[int]:
    """Return the identities of a question and of those that it joins."""
    parts = [q for _, q in asked.parts] if isinstance(asked, Joined) else []
    return {id(asked)}.union(*map(parts_of, parts))


def _settled(asked: Question, outcome: Outcome, sizes: dict[int, float | None]) -> Outcome | str:
    if isinstance(asked, Joined):
        parts = [_settled(q, o, sizes) for (_, q), o in zip(asked.parts, outcome.parts, strict=True)]
        return next((p for p in parts if isinstance(p, str)), outcome)
    if outcome.failed:
        return "the server could not answer"
    if isinstance(asked, Measured) and asked.scale and _doubtful(asked.bounds, outcome, sizes.get(id(asked))):
        return "its figure is too near a bound to be told from sums of another order"
    return outcome


def _doubtful(bounds: Bounds, outcome: Outcome, size: float | None) -> bool:
    value = outcome.value
    if value is None or size is None or not math.isfinite(value) or not math.isfinite(size):
        return True
    for end in (bounds.low, bounds.high, *bounds.among):
        if end is None:
            continue
        end = float(end)
        if abs(value - end) <= _NEAR * max(abs(value), abs(end)) + _DIGITS * size:
            return True
    return False


def rows_there(rule: Rule, asked: Question, context: Context, most: int) -> tuple[str, list[str]]:
    """Return the query of the numbers and cells of the first ``most`` rows that break a rule, and its columns."""
    columns = [c for c in dict.fromkeys(rule.columns) if c in context.columns]
    assert context.far is not None
    if isinstance(asked, Rowwise):
        chosen = ", ".join([context.row, *map(quoted, columns)])
        order = (
            f" ORDER BY {context.row}" if context.far.dialect == "spark" else ""
        )  # PostgreSQL numbers as it reads
        return (
            f"SELECT {chosen} FROM {context.numbered} WHERE NOT ({asked.holds}){order} LIMIT {most}",
            columns,
        )
    assert isinstance(asked, Grouped)
    chosen = ", ".join(f"a.{n}" for n in [context.row, *map(quoted, columns)])
    numbers = f"SELECT * FROM ({asked.rows}) b LIMIT {most}"
    on = f"a.{context.row} = b.{context.row}"
    return (
        f"SELECT {chosen} FROM (SELECT * FROM {context.numbered}) a SEMI JOIN ({numbers}) b ON {on}",
        columns,
    )
