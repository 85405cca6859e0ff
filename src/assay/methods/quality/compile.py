"""From a rule to what SQL is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from assay.kernel.errors import UsageError
from assay.methods.quality import measures, rowwise, shapes, together
from assay.methods.quality.guard import guard
from assay.methods.quality.question import Context, Joined, Question, Rowwise, Unable, gone
from assay.methods.quality.rule import Rule

Maker = Callable[[Rule, Context], Question]
MAKERS: dict[str, Maker] = {**rowwise.MAKERS, **together.MAKERS, **measures.MAKERS, **shapes.MAKERS}
_NAMES = ("exists", "columns", "schema")  # rules about which columns there are
_SQL = ("sql", "aggregate")  # rules whose columns SQL names, whatever their case


def spelled(rule: Rule, columns: Iterable[str]) -> Rule:
    """Return a rule whose SQL columns are spelled as the table spells them, for what is shown of failing rows."""
    if rule.parts:
        return replace(rule, parts=tuple(spelled(p, columns) for p in rule.parts))
    if rule.kind not in _SQL:
        return rule
    known = {c.lower(): c for c in columns} | {c: c for c in columns}
    return replace(rule, columns=tuple(known.get(c) or known.get(c.lower(), c) for c in rule.columns))


def question(rule: Rule, context: Context) -> Question:
    """Return what a rule asks of a table. A column that is not there breaks it; what cannot be had is Unable."""
    if rule.kind in ("all", "any"):
        return Joined(rule.kind, tuple((part, question(part, context)) for part in rule.parts))
    maker = MAKERS.get(rule.kind)
    if maker is None:
        return Unable(f"there is no kind of rule {rule.kind!r}")
    absent = gone(rule.columns, context) if rule.kind not in (*_NAMES, *_SQL) else None
    if absent is not None:
        return absent
    try:
        if rule.when:
            guarded = guard(rule.when, context.columns, context.now)
            absent = gone(guarded.columns, context)
            if absent is not None:
                return absent
            rule = replace(rule, when=f"coalesce(CAST(({guarded.sql}) AS BOOLEAN), FALSE)")
        made = maker(rule, context)
    except UsageError as error:
        return Unable(str(error))
    return Rowwise(_counted(made.holds, rule)) if isinstance(made, Rowwise) else made


def _counted(holds: str, rule: Rule) -> str:
    """Return SQL that is true, false or, where the row does not count, null."""
    if rule.nulls != "ignore":
        holds = f"coalesce({holds}, {'FALSE' if rule.nulls == 'fail' else 'TRUE'})"
    return f"CASE WHEN {rule.when} THEN {holds} END" if rule.when else holds
