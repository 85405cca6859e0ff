"""Rules of data.quality asked of rows on their way: which of them break which, and what cannot be examined."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.engines.gate.batch import LONG, PLACE, Sorter
from assay.engines.tables import Asking, open_table
from assay.kernel.errors import Missing, UsageError
from assay.methods.nearest import did_you_mean
from assay.methods.quality import failing
from assay.methods.quality.compile import chosen, question, spelled
from assay.methods.quality.hold import Outcome
from assay.methods.quality.question import Context, Question
from assay.methods.quality.rule import Rule
from assay.methods.quality.words import expectation


def told(
    asked: Sequence[tuple[Rule, Question]], outcomes: Sequence[Outcome], asking: Asking, context: Context,
    numbers: Any, before: int, to: Sorter,
) -> set[int]:  # fmt: skip
    """Remember which rows of the batch break which rule, and return them. before: rows of the store in front."""
    found = failing.broken(asked, outcomes)
    if not found:
        return set()
    rules = {r.name: r for r, _ in asked}
    queries = failing.failing(found, context, context.rows)
    out = set()
    for row, name, _, value in (r for query in queries for r in asking.rows(query)):
        if row <= before:
            continue
        place = int(numbers[row - before - 1])
        shown = "" if value is None else f"; it is {str(value)[:LONG]!r}"
        to.keep_out(place, name, expectation(rules[name])[:400] + shown)
        out.add(place)
    return out


def examined(rule: Rule, outcome: Outcome) -> None:
    """UsageError where a rule could not be examined: what is not examined is not let in."""
    if outcome.state == "unknown":
        raise UsageError(
            f"the rule {rule.name!r} cannot be examined, and what is not examined is not let in: {outcome.said}",
            where=rule.place,
            remedy="correct the rule, or leave it out",
        )


@contextlib.contextmanager
def asked_of(path: Path, to: Sorter, which: Callable[[Question], bool]) -> Iterator[Any]:
    """Give a table to ask, its context, and the questions of one sort."""
    with contextlib.ExitStack() as stack:
        table = stack.enter_context(open_table(str(path), scratch=to.scratch / f"asked{to._files}"))
        asking = stack.enter_context(Asking(table, to.scratch))
        columns = {n: c for n, c in asking.columns.items() if n != PLACE}
        others = {}
        for name, source in to.tables.items():
            other = stack.enter_context(open_table(source, scratch=to.scratch / "others"))
            others[name] = asking.beside(stack.enter_context(Asking(other, to.scratch)))
        context = Context(
            columns, table.rows, to.now, others, None, asking.plain, asking.numbered, asking.row
        )
        named = chosen(to.rules.quality, list(columns), lambda text: asking.matching(text) - {PLACE})
        spelt = [spelled(rule, columns) for rule in named]
        _named(spelt, columns)
        asked = [(r, q) for r in spelt if which(q := question(r, context))]
        yield asking, context, asked


_SCHEMA = ("exists", "columns", "schema", "column_names", "column_count", "same_schema", "all", "any")


def _named(rules: Sequence[Rule], columns: Mapping[str, Any]) -> None:
    """Missing where a rule is about a column that the store does not have, but for rules of which columns there are."""
    for rule in rules:
        lost = [c for c in rule.columns if c not in columns and rule.kind not in _SCHEMA]
        if lost:
            raise Missing(
                f"there is no column {lost[0]!r}", where=rule.place, remedy=did_you_mean(lost[0], columns)
            )
