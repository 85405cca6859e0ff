"""The pictures of a profile: missing cells, correlations, and how each column is distributed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.checks.data.profile.said import share
from assay.kernel.report import Chart

if TYPE_CHECKING:
    from assay.methods.profile.pairs import Pair

DRAWN = 24


def charts(columns: Mapping[str, Mapping[str, Any]], pairs: Sequence[Pair]) -> Iterator[Chart]:
    """Give the charts, the overview first."""
    missing = sorted(
        ((c["missing_fraction"], n) for n, c in columns.items() if c["missing"]), key=lambda m: -m[0]
    )
    if missing:
        yield Chart(
            "Missing cells",
            "bar",
            tuple({"column": n, "missing": part} for part, n in missing[:40]),
            "column",
            "missing",
            y_title="fraction of rows",
            alt=f"{'1 column has' if len(missing) == 1 else f'{len(missing)} columns have'} missing cells; most of all {missing[0][1]}, {share(missing[0][0])} of rows.",
        )
    yield from _heatmap(columns, pairs)
    drawn = [(n, c) for n, c in columns.items() if c["kind"] not in ("id", "constant", "missing", "text")]
    for name, about in drawn[:DRAWN]:
        yield from _distribution(name, about)


def _heatmap(columns: Mapping[str, Any], pairs: Sequence[Pair]) -> Iterator[Chart]:
    best: dict[tuple[str, str], float] = {}
    weight: dict[str, float] = defaultdict(float)
    for pair in pairs:
        if pair.value is not None and pair.measure != "spearman":
            best[pair.a, pair.b] = best[pair.b, pair.a] = pair.value
            for name in (pair.a, pair.b):
                weight[name] = max(weight[name], abs(pair.value))
    chosen = set(sorted(weight, key=lambda n: -weight[n])[:14])
    names = [n for n in columns if n in chosen]
    if len(names) < 2:
        return
    cells = tuple(
        {"a": a, "b": b, "value": 1.0 if a == b else best.get((a, b), 0.0)} for a in names for b in names
    )
    strongest = max(
        ((abs(v), a, b) for (a, b), v in best.items() if a in chosen and b in chosen), default=None
    )
    yield Chart(
        "Correlations",
        "heatmap",
        cells,
        "a",
        "b",
        series="value",
        alt="How strongly columns go together: Pearson's r, Cramér's V or the correlation ratio."
        + (
            f" The strongest pair is {strongest[1]} and {strongest[2]}, {strongest[0]:.2f}."
            if strongest
            else ""
        ),
    )


def _distribution(name: str, about: Mapping[str, Any]) -> Iterator[Chart]:
    bins = about.get("histogram")
    if bins:
        kind = "histogram" if about["kind"] != "date" else "bar"
        yield Chart(
            name, kind, tuple(bins), "low", "count", low="low" if kind == "histogram" else None,
            high="high" if kind == "histogram" else None, x_title=name, y_title="rows",
            alt=f"Distribution of {name}, from {_end(about['min'])} to {_end(about['max'])}.",
        )  # fmt: skip
    elif about.get("top") and about["type"] in ("text", "boolean"):
        shown = [{"value": str(t["value"]), "count": t["count"]} for t in about["top"]]
        rest = about["count"] - sum(t["count"] for t in about["top"])
        if rest > 0:
            shown.append({"value": "all others", "count": rest})
        yield Chart(
            name, "bar", tuple(shown), "value", "count", x_title=name, y_title="rows",
            alt=f"The most frequent value of {name} is {shown[0]['value']}, in {shown[0]['count']:,} rows.",
        )  # fmt: skip


def _end(value: object) -> object:
    """A whole number is told as one, whatever it is stored as."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
