"""Rules about a text column of few different values, asked of the values once and not of every row."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and of questions, which are
from __future__ import annotations

from collections.abc import Sequence

from assay.kernel.errors import AssayError
from assay.methods.quality.hold import Asked
from assay.methods.quality.question import Context, Joined, Rowwise
from assay.methods.quality.rule import Rule
from assay.methods.quality.spread import Ask
from assay.methods.sqltext import literal, quoted

ROWS = 50_000  # a table of fewer rows is asked as it is
SAMPLE, SEEN = 8_192, 128  # the first rows hold no more different values than that, or it is not tried
MOST = 512  # different values
_KINDS = ("pattern", "format", "length", "set", "forbidden")


def fewer(asked: Sequence[Asked], context: Context, ask: Ask) -> list[Asked]:
    """Return rules with what they ask of such columns turned into the list of values that break them.

    A pattern costs far more than to look a value up. Only where every value counts and null does not: what a rule asks
    is then ``column NOT IN (the values that break it)``, to the row.
    """
    if context.rows < ROWS:
        return list(asked)
    small: dict[str, bool] = {}
    return [_one(rule, question, context, ask, small) for rule, question in asked]


def _one(rule: Rule, question: object, context: Context, ask: Ask, small: dict[str, bool]) -> Asked:
    if isinstance(question, Joined):
        parts = tuple(_one(r, q, context, ask, small) for r, q in question.parts)
        return rule, Joined(question.word, parts)
    if not isinstance(question, Rowwise) or not _fits(rule, context):
        return rule, question  # type: ignore[return-value]
    name = quoted(rule.columns[0])
    try:
        if name not in small:
            seen = f"SELECT count(DISTINCT {name}) FROM (SELECT {name} FROM {context.plain} LIMIT {SAMPLE})"
            small[name] = ask(seen)[0][0] <= SEEN
        if not small[name]:
            return rule, question
        values = f"SELECT DISTINCT {name} FROM {context.plain} LIMIT {MOST + 1}"
        answers = ask(f"SELECT {name}, {question.holds} FROM ({values})")
    except AssayError:  # the rule itself will be told to be unknown
        return rule, question
    if len(answers) > MOST or any((value is None) != (holds is None) for value, holds in answers):
        return rule, question
    bad = sorted(value for value, holds in answers if holds is False)
    if any("\0" in value for value in bad):
        return rule, question
    listed = ", ".join(map(literal, bad))
    return rule, Rowwise(f"({name} NOT IN ({listed}))" if bad else f"({name} IS NOT NULL OR NULL)")


def _fits(rule: Rule, context: Context) -> bool:
    if rule.kind not in _KINDS or rule.when or len(rule.columns) != 1:
        return False
    return context.columns[rule.columns[0]].type == "text"
