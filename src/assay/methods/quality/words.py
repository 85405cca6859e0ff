"""Rules and what became of them, in sentences."""

from __future__ import annotations

from typing import Any

from assay.methods.quality.bounds import say
from assay.methods.quality.hold import Outcome
from assay.methods.quality.rule import Rule

_WHAT = {
    "minimum": "the least value",
    "maximum": "the greatest value",
    "stddev": "the standard deviation",
    "stddev_pop": "the standard deviation",
    "variance_pop": "the variance",
    "distinct": "the number of different values",
    "distinct_share": "the number of different values for each value",
    "unique_share": "the share of values that come once",
    "unique_ratio": "the share of the different values that come once",
    "unique_count": "the number of values that come once",
    "completeness": "the share of cells that are not empty",
    "present": "the number of cells that are not empty",
    "missing": "the number of empty cells",
    "missing_share": "the share of empty cells",
    "repeated": "the number of repeated values",
    "repeated_share": "the share of repeated values",
    "quantile": "the quantile",
    "quantile_nearest": "the quantile",
    "mad": "the median absolute deviation",
}
_TESTS = {
    "psi": "population stability index",
    "kl": "Kullback-Leibler divergence",
    "total_variation": "total variation distance",
    "ks_distance": "Kolmogorov-Smirnov distance",
    "chi_square": "p-value of the chi-square test",
    "ks": "p-value of the Kolmogorov-Smirnov test",
}


def default_name(rule: Rule) -> str:
    """Return the name of a rule that was given none: its kind and what it is about."""
    about = ", ".join(rule.columns)
    if rule.kind in ("sql", "aggregate"):
        about = " ".join(str(rule.given.get("sql", about)).split())
    if rule.parts:
        about = ", ".join(p.name for p in rule.parts)
    if "at" in rule.given:
        about += f" {rule.given['at']}"
    return f"{rule.kind} {about}".strip()[:120]


def expectation(rule: Rule) -> str:
    """Return what a rule expects, as a sentence without its stop."""
    about = ", ".join(rule.columns) or "the table"
    given, bounds = rule.given, rule.bounds.shown
    kind = rule.kind
    if rule.message:
        return rule.message.rstrip(".")
    if kind in _WHAT or kind in ("mean", "median", "sum", "variance", "skewness", "kurtosis", "entropy"):
        what = _WHAT.get(kind, f"the {kind}")
        what += f" {given['at']}" if "at" in given else ""
        return f"{what} of {about} is expected to be {bounds}"
    simple = {
        "complete": f"{about} is expected to be complete",
        "absent": f"{about} is expected to be empty",
        "unique": f"{about} is expected to be unique",
        "range": f"{about} is expected to be {bounds}",
        "length": f"the length of {about} is expected to be {bounds}",
        "set": f"{about} is expected to be one of {_list(given.get('values', ()))}",
        "forbidden": f"{about} is expected to be none of {_list(given.get('values', ()))}",
        "occurs": f"{about} is expected to hold each of {_list(given.get('values', ()))}",
        "most_common": f"the most frequent value of {about} is expected to be one of {_list(given.get('values', ()))}",
        "type": f"{about} is expected to be of type {_either(given.get('is'))}",
        "format": f"{about} is expected to be written as {_either(given.get('is'))}",
        "pattern": f"{about} is expected to {_pattern(given)}",
        "outliers": f"{about} is expected to have no outliers",
        "increasing": f"{about} is expected to increase",
        "decreasing": f"{about} is expected to decrease",
        "references": f"{about} is expected to be in {given.get('table')}",
        "same_data": f"the rows are expected to be those of {given.get('table')}",
        "same_schema": f"the columns are expected to be those of {given.get('table')}",
        "freshness": f"the newest {about} is expected to be no older than {given.get('within')}",
        "correlation": f"the correlation of {about} is expected to be {bounds}",
        "constant": f"{about} is expected to hold one value only",
        "row_count": f"the number of rows is expected to be {bounds}",
        "duplicate_rows": f"the number of repeated rows is expected to be {bounds}",
        "column_count": f"the number of columns is expected to be {bounds}",
        "exists": f"{about} is expected to be there",
        "columns": f"the columns are expected to be {about}",
        "schema": "the columns are expected to be stored as stated",
        "column_names": f"names of columns are expected to match {say(str(given.get('pattern')))}",
        "distribution": f"the {_TESTS.get(str(given.get('test')), 'distance')} of {about} is expected to be {bounds}",
    }
    if kind in simple:
        return simple[kind]
    text = " ".join(str(given.get("sql", "")).split())
    if kind == "sql":
        return f"{say(text) if text else about} is expected to be true"
    if kind == "aggregate":
        return f"{say(text) if text else about} is expected to be {bounds if rule.bounds.given else 'true'}"
    return f"{rule.name!r} is expected to hold"


def _list(values: Any) -> str:
    shown = [say(v) for v in list(values)[:6]]
    return ", ".join(shown) + (f" and {len(values) - 6} more" if len(values) > 6 else "")


def _either(kinds: Any) -> str:
    return str(kinds) if isinstance(kinds, str) else " or ".join(map(str, kinds or ()))


def _pattern(given: Any) -> str:
    for key, verb in (("matches", "match"), ("contains", "contain"), ("like", "be like")):
        for word, start in ((key, ""), (f"not_{key}", "not ")):
            if word in given:
                values = given[word]
                shown = " or ".join(say(str(v)) for v in list(values)[:3])
                return f"{start}{verb} {shown}"
    return "match"


def message(rule: Rule, outcome: Outcome, first: int | None = None) -> str:
    """Return the full sentence of a broken rule, without any value of a row. first: the number of such a row."""
    start = expectation(rule)
    start = start[:1].upper() + start[1:] if start.startswith(("the ", "names ")) else start
    if outcome.broken is None:
        return f"{start}: {outcome.said}." if outcome.said else f"{start}, and is not."
    share = f"{outcome.broken:,} of {outcome.support:,} rows"
    left = "" if rule.threshold.all_rows else f", while {rule.threshold.shown}"
    word = "break it" if outcome.broken != 1 else "breaks it"
    told = f", the first being row {first:,}" if first else ""
    return f"{start}: {share}{' it applies to' if rule.when else ''} {word}{told}{left}."
