"""Questions asked of a table: all rows once for every rule that looks at single rows, and what was answered."""

# ruff: noqa: S608 - SQL is made here of our own words and of questions, which are
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from assay.kernel.errors import AssayError
from assay.methods.quality.bounds import TRUE, Bounds, say
from assay.methods.quality.question import (
    Context,
    Grouped,
    Joined,
    Measured,
    Question,
    Rowwise,
    Settled,
    Spread,
    Unable,
    Wanting,
)
from assay.methods.quality.rule import Rule
from assay.methods.quality.spread import MOST, Ask, TooMany, distance
from assay.methods.sqltext import quoted

State = Literal["holds", "broken", "unknown"]
TOGETHER = 128  # rules a pass: to plan a query of thousands takes longer than to read the table again
HOLDS = "#h"  # the columns that say whether rows obey


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a rule. support: the rows that count; broken: those that break it; value: what was measured.

    said: why it is broken, or why that is unknown. parts: the outcomes of the rules it joins. failed: the engine could
    not answer, though not for want of time.
    """

    state: State
    support: int | None = None
    broken: int | None = None
    value: float | None = None
    said: str = ""
    parts: tuple[Outcome, ...] = ()
    failed: bool = False

    @property
    def share(self) -> float | None:
        """Return the share of rows that obey, of those that count."""
        return 1 - self.broken / self.support if self.support and self.broken is not None else None


Asked = tuple[Rule, Question]


class Late(AssayError):
    """The engine was stopped before it could answer; to ask for less of it at once would take as long again."""


def hold(
    asked: Sequence[Asked], context: Context, ask: Ask, progress: Callable[[int, int], None]
) -> list[Outcome]:
    """Return what became of each rule, in order."""
    flat = _flat(asked)
    together = [q for q in flat if _in_one_pass(q[1])]
    done: dict[int, Outcome] = {}
    progress(0, len(flat))
    for start in range(0, len(together), TOGETHER):
        _pass(together[start : start + TOGETHER], context, ask, done)
    for rule, question in flat:
        if id(question) not in done:
            progress(len(done), len(flat))
            done[id(question)] = _alone(rule, question, context, ask)
    return [_gathered(rule, question, done) for rule, question in asked]


def _flat(asked: Sequence[Asked]) -> list[Asked]:
    out: list[Asked] = []
    for rule, question in asked:
        if isinstance(question, Joined):
            out += _flat(question.parts)
        else:
            out.append((rule, question))
    return out


def _in_one_pass(question: Question) -> bool:
    return isinstance(question, Rowwise) or (
        isinstance(question, Measured) and not question.whole and not question.where
    )


def _gathered(rule: Rule, question: Question, done: dict[int, Outcome]) -> Outcome:
    if not isinstance(question, Joined):
        return done[id(question)]
    parts = tuple(_gathered(r, q, done) for r, q in question.parts)
    states = [p.state for p in parts]
    decisive, other = ("broken", "holds") if question.word == "all" else ("holds", "broken")
    state: Any = decisive if decisive in states else "unknown" if "unknown" in states else other
    said = "; ".join(p.said for p in parts if p.state != "holds" and p.said)
    return Outcome(state, said=said, parts=parts)


def flags(questions: Sequence[Rowwise], context: Context) -> tuple[str, list[str]]:
    """Return the SQL of one truth value a question, and their names, which no column of the table has."""
    prefix = HOLDS
    while any(c.startswith(prefix) for c in context.columns):
        prefix += "#"
    names = [quoted(f"{prefix}{n}") for n in range(len(questions))]
    return ", ".join(f"{q.holds} AS {n}" for q, n in zip(questions, names, strict=True)), names


def _pass(together: Sequence[Asked], context: Context, ask: Ask, done: dict[int, Outcome]) -> None:
    """Ask everything of one pass at once; where the engine cannot answer, halves, until it is known which it was."""
    if not together:
        return
    rows = [(r, q) for r, q in together if isinstance(q, Rowwise)]
    values = [(r, q) for r, q in together if isinstance(q, Measured)]
    wanted, names = flags([q for _, q in rows], context)
    counts = [f"count({n}), count(*) FILTER (WHERE NOT {n})" for n in names]
    inner = f"SELECT *, {wanted} FROM {context.plain}" if wanted else f"SELECT * FROM {context.plain}"
    try:
        (answer,) = ask(f"SELECT {', '.join([*counts, *(q.sql for _, q in values)])} FROM ({inner})")
    except AssayError as error:
        if len(together) == 1 or isinstance(error, Late):
            done.update({id(q): _failed(error) for _, q in together})
            return
        half = len(together) // 2
        _pass(together[:half], context, ask, done)
        _pass(together[half:], context, ask, done)
        return
    for place, (rule, question) in enumerate(rows):
        done[id(question)] = _tally(rule, answer[2 * place], answer[2 * place + 1])
    for (_, measured), value in zip(values, answer[2 * len(rows) :], strict=True):
        done[id(measured)] = _judged(measured.bounds, value, measured.unit)


def _alone(rule: Rule, question: Question, context: Context, ask: Ask) -> Outcome:
    try:
        if isinstance(question, Settled):
            return Outcome("holds" if question.holds else "broken", value=question.value, said=question.said)
        if isinstance(question, Unable):
            return Outcome("unknown", said=question.why)
        if isinstance(question, Grouped):
            ((support, broken),) = _distinct(question.whole, context, ask) or ask(question.tally)
            return _tally(rule, support, broken)
        if isinstance(question, Measured):
            source = f"(SELECT * FROM {context.plain} WHERE {question.where or 'TRUE'})"
            ((value,),) = ask(question.sql if question.whole else f"SELECT {question.sql} FROM {source}")
            return _judged(question.bounds, value, question.unit)
        if isinstance(question, Wanting):
            ((count, examples),) = ask(question.sql)
            shown = ", ".join(say(str(e)) for e in examples or ())
            said = f"{count} {question.said}: {shown}" if count else ""
            return Outcome("broken" if count else "holds", said=said)
        if isinstance(question, Spread):
            return _judged(question.bounds, distance(question, ask), question.test)
    except TooMany:
        return Outcome("unknown", said=f"there are more than {MOST:,} different values to count")
    except AssayError as error:
        return _failed(error)
    raise TypeError(type(question).__name__)


def _distinct(column: str, context: Context, ask: Ask) -> list[tuple[int, int]] | None:
    """Return how many rows count where no integer of a column comes twice; None where one does, or a bitmap is too wide.

    A bit is set for each value: as many as values, and none came twice.
    """
    if not column:
        return None
    ((low, high, count),) = ask(f"SELECT min({column}), max({column}), count({column}) FROM {context.plain}")
    if not count or high - low >= min(_WIDEST, count * 32):
        return None
    x = f"CAST({column} AS BIGINT)"
    bits = f"bit_count(bitstring_agg({x}, CAST({low} AS BIGINT), CAST({high} AS BIGINT)))"
    ((found,),) = ask(f"SELECT {bits} FROM {context.plain}")
    return [(count, 0)] if found == count else None


_WIDEST = 1 << 30  # bits, 128 MiB


def _failed(error: AssayError) -> Outcome:
    said = f"it could not be examined: {error.what}"
    return Outcome("unknown", said=said, failed=not isinstance(error, Late))


def _tally(rule: Rule, support: Any, broken: Any) -> Outcome:
    support, broken = int(support), int(broken)
    return Outcome("holds" if rule.threshold.hold(support, broken) else "broken", support, broken)


def _judged(bounds: Bounds, value: Any, unit: str) -> Outcome:
    """Hold a measured value against its bounds; no value keeps none, and a truth value is held against true."""
    if isinstance(value, Decimal):
        value = float(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return Outcome("broken", said="there is no value to measure")
    figure = float(value) if isinstance(value, (int, float)) else None
    if bounds is TRUE and not isinstance(value, bool):  # == would take a bound of 1 for it
        return Outcome(
            "unknown", value=figure, said="it is no truth value, and has no bounds to be held against"
        )
    try:
        holds = bounds.hold(value)
    except TypeError:
        return Outcome("unknown", said=f"what was measured is no match for bounds of {bounds.shown}")
    if unit == "text":
        return Outcome("holds" if holds else "broken", said="" if holds else "it is another")
    shown = value.isoformat(" ") if isinstance(value, datetime) else say(value)
    word = "" if unit in ("", "text") else f" {unit}" if unit in ("hours", "rows", "values") else f" ({unit})"
    return Outcome("holds" if holds else "broken", value=figure, said=f"it is {shown}{word}")
