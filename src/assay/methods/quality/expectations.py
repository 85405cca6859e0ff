"""Suites of Great Expectations, as its versions 0.x and 1.x write them, read as rules.

An expectation that is not known, a keyword that is not understood, a parameter without a value and a row_condition
that cannot be read are each refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.quality.bounds import Bounds
from assay.methods.quality.conditions import condition
from assay.methods.quality.expectation import MAKERS, WHY
from assay.methods.quality.kwargs import Kwargs
from assay.methods.quality.rule import Refused, Rule, Ruleset, Threshold, distinct
from assay.methods.quality.stated import MOST
from assay.methods.quality.vocabulary import KINDS

SEVERITIES = {"critical": "critical", "warning": "medium", "info": "info"}


def read(found: Any, shown: str) -> Ruleset:
    """Read a suite from its JSON; UsageError where it is none."""
    suite = found if isinstance(found, Mapping) else {"expectations": found}
    listed = suite.get("expectations")
    if not isinstance(listed, list) or not listed:
        raise UsageError("is a suite without expectations", where=shown)
    if len(listed) > MOST:
        raise UsageError(f"there are {len(listed)} expectations, and {MOST} are the most", where=shown)
    parameters = {**(suite.get("evaluation_parameters") or {}), **(suite.get("suite_parameters") or {})}
    rules: list[Rule] = []
    refused: list[Refused] = []
    for place, item in enumerate(listed, 1):
        at = f"{shown}, expectation {place}"
        kind = (
            str(item.get("expectation_type") or item.get("type") or "?")[:120]
            if isinstance(item, Mapping)
            else "?"
        )
        try:
            rules.append(_one(item, kind, parameters, at))
        except UsageError as error:
            refused.append(Refused(f"{kind} ({at})", error.what, at))
    return Ruleset(tuple(distinct(rules)), tuple(refused), {}, "great_expectations")


def _one(item: Any, kind: str, parameters: Mapping[str, Any], at: str) -> Rule:
    if not isinstance(item, Mapping) or not isinstance(item.get("kwargs", {}), Mapping):
        raise UsageError("it is no expectation")
    maker = MAKERS.get(kind.lower())
    if maker is None:
        raise UsageError(WHY.get(kind.lower(), "this expectation is not known"))
    kwargs = Kwargs({**item.get("kwargs", {})}, parameters)
    if kwargs.flag("auto"):
        raise UsageError("it is drawn from the data by a profiler (auto), and states nothing itself")
    mostly = kwargs.take("mostly", 1.0)
    if isinstance(mostly, bool) or not isinstance(mostly, (int, float)) or not 0 <= mostly <= 1:
        raise UsageError("its mostly is no share between 0 and 1")
    given, parser = kwargs.take("row_condition"), str(kwargs.take("condition_parser") or "")
    when = condition(given, parser) if given is not None else ""
    rule = maker(kwargs)
    if kwargs.given:
        raise UsageError(f"its keyword {sorted(kwargs.given)[0]!r} is not understood")
    if mostly != 1 and not (rule.kind in KINDS and KINDS[rule.kind].rowwise):
        raise UsageError("it takes no mostly")
    if when and rule.kind in ("exists", "columns", "column_count"):
        raise UsageError("it is about the columns, and takes no row_condition")
    severity = item.get("severity") or "high"
    note = item.get("description") or ""
    about = ", ".join(rule.columns)
    return replace(
        rule,
        name=f"{kind} {about}".strip()[:120],
        threshold=Threshold(Bounds(low=float(mostly))),
        when=when,
        severity=SEVERITIES.get(str(severity), "high"),
        message=str(note)[:500] if isinstance(note, str) else "",
        place=at,
        parts=tuple(replace(p, when=when, place=at) for p in rule.parts),
    )
