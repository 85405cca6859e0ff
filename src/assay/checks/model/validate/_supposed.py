"""What the columns tell of the kind of problem where the caller says nothing: rows of queries, series in time."""

from __future__ import annotations

from typing import Any

from assay.checks.model.validate._answers import Answers
from assay.checks.model.validate._problem import Wanted
from assay.kernel.handles import Table
from assay.kernel.report import Finding
from assay.kernel.severity import Severity

_QUERIES = {
    "qid",
    "query",
    "query_id",
    "queryid",
    "search_id",
    "searchid",
    "srch_id",
    "session_id",
    "impression_id",
}
_GRADES = 10  # a relevance is one of few whole numbers
_AMOUNTS = 20  # different numbers, from which on a label is an amount


def query_of(names: list[str]) -> str | None:
    """Return the one column whose name is that of queries."""
    found = [n for n in names if n.lower() in _QUERIES]
    return found[0] if len(found) == 1 else None


def supposed(table: Any, said: Answers, wanted: Wanted, hidden: set[str]) -> tuple[Wanted, list[Finding]]:
    """Return what is wanted with the query, or the time and the series, that the columns show, and what is told of it.

    A query: the label is one of few whole numbers, the predictions are numbers between, and one column is called like
    queries. A time: the label is an amount, and the rows are series of instants that are evenly apart.
    """
    from assay.methods import facets, outcomes, timelike

    if wanted.several or wanted.query or wanted.time or wanted.positive or wanted.costs or wanted.quantile:
        return wanted, []
    truth = facets.plain(table.column(wanted.label), wanted.label)
    if not facets.is_number(truth):
        return wanted, []
    values = outcomes.distinct(truth)
    names = [n for n in table.column_names if n not in {wanted.label, *hidden}]
    query = query_of(names)
    if query and graded(values) and _between(said):
        return wanted._replace(query=query), [
            _told(
                f"{query} names queries, {wanted.label} holds grades, and the predictions are scores",
                "rows are put in order within queries",
                f"--query {query}",
                query,
            )
        ]
    if len(values) <= _AMOUNTS:
        return wanted, []
    time, series = timelike.in_time(table, names)
    if not time:
        return wanted, []
    also = f", and {series} parts them into series" if series else ""
    option = f"--time {time}" + (f" --series {series}" if series else "")
    told = _told(
        f"{time} puts the rows in time, evenly apart{also}",
        "the predictions are taken for forecasts",
        option,
        time,
    )
    return wanted._replace(time=time, series=series or None), [told]


def ranked_by(held: Table | None, label: str, hidden: set[str]) -> str | None:
    """Return the column of queries of a table that holds scores and no predictions, if its label holds grades."""
    from assay.methods import outcomes

    if held is None:
        return None
    query = query_of([c.name for c in held.columns if c.name not in {label, *hidden}])
    return query if query and graded(outcomes.distinct(held.arrow([label]).column(0))) else None


def graded(values: list[Any]) -> bool:
    """Whether the values of a label are grades of relevance: few whole numbers from 0 on."""
    numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    return (
        len(numbers) == len(values)
        and 2 <= len(values) <= _GRADES + 1
        and all(float(v).is_integer() and 0 <= v <= _GRADES for v in numbers)
    )


def _between(said: Answers) -> bool:
    import numpy as np

    from assay.methods import facets, outcomes

    column = said.plain()
    if not facets.is_number(column):
        return False
    numbers = outcomes.finite(column)
    numbers = numbers[np.isfinite(numbers)]
    return bool(len(numbers)) and bool((numbers != np.round(numbers)).mean() > 0.5)


def _told(seen: str, so: str, option: str, column: str) -> Finding:
    remedy = f"say {option} to be sure; leave the column out where it is not so"
    return Finding("model.validate.supposed", Severity.INFO, f"{seen}: {so}.", {"column": column}, remedy)
