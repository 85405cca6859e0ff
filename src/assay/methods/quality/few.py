"""Rules about a text column of few different values, asked of the values once and not of every row."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and of questions, which are
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from assay.kernel.errors import AssayError
from assay.methods.quality.hold import Asked
from assay.methods.quality.question import Context, Joined, Question, Rowwise
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
    found: dict[str, list[tuple[Rule, Rowwise]]] = {}
    for rule, question in _fitting(asked, context):
        found.setdefault(quoted(rule.columns[0]), []).append((rule, question))
    made: dict[int, Rowwise] = {}
    for name in _small(list(found), context, ask):
        made |= _of_values(name, [q for _, q in found[name]], context, ask)
    return [_one(rule, question, made) for rule, question in asked]


def _one(rule: Rule, question: Question, made: Mapping[int, Rowwise]) -> Asked:
    if isinstance(question, Joined):
        return rule, Joined(question.word, tuple(_one(r, q, made) for r, q in question.parts))
    return rule, made.get(id(question), question)


def _fitting(asked: Sequence[Asked], context: Context) -> Iterator[tuple[Rule, Rowwise]]:
    for rule, question in asked:
        if isinstance(question, Joined):
            yield from _fitting(question.parts, context)
        elif isinstance(question, Rowwise) and _fits(rule, context):
            yield rule, question


def _small(names: Sequence[str], context: Context, ask: Ask) -> list[str]:
    """Return the quoted columns of which the first rows hold few different values."""
    if not names:
        return []
    counts = ", ".join(f"count(DISTINCT {n})" for n in names)
    try:
        (seen,) = ask(f"SELECT {counts} FROM (SELECT {', '.join(names)} FROM {context.plain} LIMIT {SAMPLE})")
    except AssayError:  # the rules themselves will be told to be unknown
        return []
    return [n for n, count in zip(names, seen, strict=True) if count <= SEEN]


def _of_values(name: str, questions: Sequence[Rowwise], context: Context, ask: Ask) -> dict[int, Rowwise]:
    """Return, by the identity of each question, what it asks in terms of the values that break it."""
    values = f"SELECT DISTINCT {name} FROM {context.plain} LIMIT {MOST + 1}"
    try:
        answers = ask(f"SELECT {name}, {', '.join(q.holds for q in questions)} FROM ({values})")
    except AssayError:
        if len(questions) == 1:
            return {}
        half = len(questions) // 2
        return _of_values(name, questions[:half], context, ask) | _of_values(
            name, questions[half:], context, ask
        )
    if len(answers) > MOST:
        return {}
    out = {}
    for place, question in enumerate(questions, 1):
        if any((row[0] is None) != (row[place] is None) for row in answers):
            continue
        bad = sorted(row[0] for row in answers if row[place] is False)
        if any("\0" in value for value in bad):
            continue
        listed = ", ".join(map(literal, bad))
        out[id(question)] = Rowwise(f"({name} NOT IN ({listed}))" if bad else f"({name} IS NOT NULL OR NULL)")
    return out


def _fits(rule: Rule, context: Context) -> bool:
    if rule.kind not in _KINDS or rule.when or len(rule.columns) != 1:
        return False
    return context.columns[rule.columns[0]].type == "text"
