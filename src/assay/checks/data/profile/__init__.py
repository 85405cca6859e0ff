"""What a table holds: types and meanings, missing cells, distributions, duplicates, and how columns go together.

Each column is told by its type, its use and its meaning (id, email, country, date, number kept as text, …), its
missing and near-missing cells (``?``, ``N/A``, spaces), its distinct values, moments, quantiles, extremes with their
rows, outliers, most frequent values and, of texts, lengths and shapes; the table by its duplicate rows, by columns
that say the same, by cells that are missing together, and by how its columns correlate: Pearson's r and Spearman's
rho for two numbers, Cramér's V (bias corrected) for two categories, the correlation ratio for one of each. Everything
is exact and of every row; beyond 20 million rows, or 4 million distinct texts in a column, what is not is named in
``data.notes``, with its error. What stands out is a finding, never a grave one: a profile describes, and other checks
judge. With ``--against`` an earlier table is profiled too, and what changed is told.

Example: assay check data.profile bookings.csv.gz --label is_canceled
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.checks.data.profile.changes import changes
from assay.checks.data.profile.charts import charts
from assay.checks.data.profile.columns import about_missing, about_values
from assay.checks.data.profile.reading import profile
from assay.checks.data.profile.said import capped, finding, share
from assay.checks.data.profile.together import together
from assay.kernel.handles import Column, Table, Work
from assay.kernel.report import Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.profile.pairs import Pair
    from assay.methods.profile.whole import Profile

DETAILED = 200  # columns told with histogram and extremes; of further ones the figures stay


def check(
    table: Table,
    *,
    against: Annotated[Table | None, Doc("an earlier table, to say what changed since")] = None,
    label: Annotated[Column | None, Doc("the column to be predicted: what gives it away is told")] = None,
    correlated: Annotated[
        float, Interval(gt=0, le=1), Doc("how strong a correlation is told as a finding")
    ] = 0.9,
    correlations: Annotated[
        int, Interval(ge=0, le=300), Doc("how many columns at most are correlated with one another")
    ] = 60,
    work: Work,
) -> Report:
    """Profile a table: every row, every column."""
    from assay.methods.profile.difference import differences

    found = profile(table, work, correlations)
    difference = (
        differences(found.columns, profile(against, work, 0).columns) if against is not None else None
    )
    return Report.make(
        coverage=Coverage(found.rows, found.rows),
        metrics=_metrics(found),
        findings=capped(_findings(found, correlated, label, difference)),
        charts=charts(found.columns, found.pairs),
        data=_data(found) | ({"difference": difference} if difference is not None else {}),
    )


def _data(found: Profile) -> dict[str, Any]:
    columns = {n: c if i < DETAILED else _brief(c) for i, (n, c) in enumerate(found.columns.items())}
    return {
        "rows": found.rows,
        "columns": columns,
        "duplicates": {"rows": found.duplicate_rows, "first": list(found.first_duplicates)},
        "correlations": [_pair(p) for p in found.pairs],
        "correlations_of": found.pairs_of or found.rows,
        "alike": [
            {"a": a.a, "b": a.b, "how": a.how, "share": a.share, "exact": a.exact} for a in found.alike
        ],
        "missing_together": [{"a": a, "b": b, "value": v} for a, b, v in found.missing_together],
        "left_out": {"correlations": list(found.left_out)},
        "notes": list(found.notes),
    }


def _brief(about: Mapping[str, Any]) -> dict[str, Any]:
    out = {k: v for k, v in about.items() if k not in ("histogram", "smallest", "largest", "shapes")}
    return out | {"top": out["top"][:3]} if "top" in out else out


def _pair(pair: Pair) -> dict[str, Any]:
    out: dict[str, Any] = {"a": pair.a, "b": pair.b, "measure": pair.measure, "value": pair.value}
    out["rows"] = pair.rows
    return out | ({"reason": pair.reason} if pair.reason else {})


_FIGURES = (
    "mean",
    "std",
    "min",
    "q05",
    "q25",
    "q50",
    "q75",
    "q95",
    "max",
    "outliers",
    "skewness",
    "kurtosis",
    "zeros",
    "infinite",
)


def _metrics(found: Profile) -> Iterator[Metric]:
    rows, columns = found.rows, found.columns
    missing = sum(c["missing"] for c in columns.values())
    yield Metric("rows", rows)
    yield Metric("columns", len(columns))
    yield Metric("missing_cells", missing)
    cells = rows * len(columns)
    yield Metric.number(
        "missing_fraction", missing / cells if cells else None, reason="the table has no cell"
    )
    yield Metric.number("duplicate_rows", found.duplicate_rows, reason="too many rows to compare in memory")
    for number, (name, about) in enumerate(columns.items()):
        of = {"column": name}
        yield Metric("missing", about["missing"], of)
        yield Metric("distinct", about["distinct"], of)
        if "near_missing" in about:
            yield Metric("near_missing", about["near_missing"], of)
        if about["type"] not in ("integer", "fractional") or number >= DETAILED:
            continue
        few = "no finite value" if "min" not in about else "too few different values"
        if "min" in about and about["distinct"] > 3:
            few = "larger than a number of 64 bits can be"
        for figure in _FIGURES:
            yield Metric.number({"q50": "median"}.get(figure, figure), about.get(figure), reason=few, of=of)
    strongest = sorted((p for p in found.pairs if p.value is not None), key=lambda p: -abs(p.value or 0.0))
    for pair in strongest[:50]:
        yield Metric.number(pair.measure, pair.value, of={"a": pair.a, "b": pair.b})


def _findings(
    found: Profile, correlated: float, label: str | None, difference: Mapping[str, Any] | None
) -> Iterator[Finding]:
    rows = found.rows
    if not rows:
        yield finding(
            "empty", Severity.MEDIUM, "The table has columns and no row.", {}, "see where its rows went"
        )
        return
    if found.duplicate_rows:
        part = found.duplicate_rows / rows
        yield finding(
            "duplicates",
            Severity.MEDIUM if part > 0.1 else Severity.LOW,
            f"{found.duplicate_rows} of {rows} rows repeat an earlier row in every column ({share(part)}).",
            {"row": found.first_duplicates[0]} if found.first_duplicates else {},
            "drop them, or say what makes a row a case of its own",
            found.duplicate_rows,
        )
    for name, about in found.columns.items():
        yield from about_missing(name, about, rows)
        yield from about_values(name, about, rows)
    yield from together(found, correlated, label)
    if difference is not None:
        yield from changes(difference)
