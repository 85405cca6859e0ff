"""From a rule to what SQL is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from assay.kernel.errors import UsageError
from assay.methods.quality import measures, rowwise, shapes, together
from assay.methods.quality.databrew import CHOSEN
from assay.methods.quality.guard import guard
from assay.methods.quality.question import Context, Joined, Question, Rowwise, Unable, gone
from assay.methods.quality.rule import Rule, distinct
from assay.methods.quality.there.alike import agreed
from assay.methods.sqltext import quoted

Maker = Callable[[Rule, Context], Question]
MAKERS: dict[str, Maker] = {**rowwise.MAKERS, **together.MAKERS, **measures.MAKERS, **shapes.MAKERS}
_NAMES = ("exists", "columns", "schema", "column_names", "same_schema")  # rules about which columns there are
_SQL = ("sql", "aggregate")  # rules whose columns SQL names, whatever their case


def chosen(rules: Iterable[Rule], columns: Sequence[str], match: Callable[[str], set[str]]) -> list[Rule]:
    """Return rules with a rule for each column that a selector chooses, where one has selectors in place of columns.

    match: the columns whose names a regular expression matches as a whole.
    """
    out: list[Rule] = []
    for rule in rules:
        select = rule.given.get("select")
        if not select:
            out.append(rule)
            continue
        names: dict[str, None] = {}
        for how, text in select:
            names |= dict.fromkeys([text] if how == "name" else [c for c in columns if c in match(text)])
        if not names:
            shown = ", ".join(repr(t) for _, t in select)
            out.append(
                replace(rule, kind="unable", given={"why": f"no column is chosen by {shown[:80]}"}, parts=())
            )
        out += [replace(_about(rule, c), name=f"{rule.name} {c}"[:120]) for c in names]
    return distinct(out)


def _about(rule: Rule, column: str) -> Rule:
    given = {k: v for k, v in rule.given.items() if k != "select"}
    if "made" in given:
        given["made"] = str(given["made"]).replace(quoted(CHOSEN), quoted(column))
    parts = tuple(_about(p, column) for p in rule.parts)
    about_table = rule.kind in ("row_count", "column_count", "duplicate_rows")
    columns = () if about_table else (column, *(c for c in rule.columns if c != column))
    return replace(rule, columns=columns, given=given, parts=parts)


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
    named = rule.kind not in (*_NAMES, *_SQL) or "made" in rule.given
    absent = gone(rule.columns, context) if named else None
    if absent is not None:
        return absent
    try:
        if rule.when:
            guarded = guard(rule.when, context.columns, context.now)
            absent = gone(guarded.columns, context)
            if absent is not None:
                return absent
            when = f"coalesce(CAST(({guarded.sql}) AS BOOLEAN), FALSE)"
            rule = replace(rule, when=agreed(when, context.far).sql if context.far else when)
        made = maker(rule, context)
    except UsageError as error:
        return Unable(str(error))
    return Rowwise(_counted(made.holds, rule)) if isinstance(made, Rowwise) else made


def _counted(holds: str, rule: Rule) -> str:
    """Return SQL that is true, false or, where the row does not count, null."""
    if rule.nulls != "ignore":
        holds = f"coalesce({holds}, {'FALSE' if rule.nulls == 'fail' else 'TRUE'})"
    return f"CASE WHEN {rule.when} THEN {holds} END" if rule.when else holds


def named_in(rules: Iterable[Rule], columns: Iterable[str]) -> list[str] | None:
    """Return the columns whose values rules may ask for, by name or in SQL; None where a rule is of all of them.

    More than are needed may be told, never fewer: a name that stands anywhere in a rule as a word counts, whatever its
    case.
    """
    rules = list(rules)
    if any(_of_all(rule) for rule in rules):
        return None
    text = " ".join(_asking(rules)).lower()
    return [c for c in columns if re.search(rf"(?<!\w){re.escape(repr(c)[1:-1].lower())}(?!\w)", text)]


def _asking(rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        if rule.kind not in _NAMES:
            yield repr(replace(rule, parts=(), name="", message=""))
        yield from _asking(rule.parts)


def _of_all(rule: Rule) -> bool:
    if rule.kind == "same_data":  # compared are those that both tables have
        return True
    whole = not rule.columns and rule.kind not in ("row_count", "column_count", *_NAMES, *_SQL, "unable")
    return (whole and not rule.parts) or any(map(_of_all, rule.parts))
