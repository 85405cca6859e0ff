"""What a table holds: types, missing cells, distributions, duplicates and correlations.

Each column is told by its type and use, its missing and near-missing cells (``?``, ``N/A``, spaces), its distinct
values, moments, quantiles, extremes and most frequent values; the table by its duplicate rows and by how its columns
go together: Pearson's r and Spearman's rho for two numbers, Cramér's V (bias corrected) for two categories, the
correlation ratio for one of each. Everything is exact, of every row. What stands out is a finding, never a grave one:
a profile describes, and other checks judge.

Example: assay check data.profile adult.csv
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.handles import Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.profile_codes import Encoded
    from assay.methods.profile_pairs import Pair

NAME = "data.profile"
CELLS = 8_000_000  # cells brought into memory at once
HELD = 512 << 20  # bytes of codes kept for the correlations
EFFORT = 3_000_000_000  # rows times pairs that the correlations may take
DETAILED = 200  # columns told with histogram and extremes; of further ones the figures stay
DRAWN = 24
PER_RULE = 20


def check(
    table: Table,
    *,
    correlated: Annotated[
        float, Interval(gt=0, le=1), Doc("how strong a correlation is told as a finding")
    ] = 0.9,
    correlations: Annotated[
        int, Interval(ge=0, le=300), Doc("how many columns at most are correlated with one another")
    ] = 60,
    work: Work,
) -> Report:
    """Profile a table: every row, every column."""
    rows = table.rows
    seen = _Seen(rows, correlations)
    stored = {c.name: c.type for c in table.columns}
    names = list(stored)
    step = max(1, min(250, CELLS // max(1, rows)))
    for at in range(0, len(names), step):
        work.progress(at, len(names), "columns")
        part = table.arrow(names[at : at + step])
        for name in names[at : at + step]:
            seen.take(name, stored[name], part.column(name))
        del part
    work.progress(len(names), len(names), "columns")
    pairs = seen.pairs()
    duplicates = seen.duplicates()
    columns = seen.columns
    data = {
        "rows": rows,
        "columns": {n: c if i < DETAILED else _brief(c) for i, (n, c) in enumerate(columns.items())},
        "duplicates": {"rows": len(duplicates), "first": [int(r) + 1 for r in duplicates[:10]]},
        "correlations": [_pair(p) for p in pairs],
        "left_out": {"correlations": seen.left_out},
    }
    return Report.make(
        coverage=Coverage(rows, rows),
        metrics=_metrics(rows, columns, len(duplicates), pairs),
        findings=_capped(_findings(rows, columns, duplicates, pairs, correlated)),
        charts=_charts(columns, pairs),
        data=data,
    )


@dataclass
class _Seen:
    """What was seen of the columns so far, and the codes of those that will be correlated."""

    rows: int
    most: int
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: list[tuple[str, Encoded]] = field(default_factory=list)
    categories: list[tuple[str, Encoded]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    _held: int = 0
    _keys: Any = None

    def take(self, name: str, stored: str, column: Any) -> None:
        from assay.methods.profile_codes import RowKeys, encode
        from assay.methods.profile_columns import describe

        encoded = encode(column)
        about = self.columns[name] = describe(name, encoded, stored)
        self._keys = self._keys or RowKeys(self.rows)
        self._keys.add(encoded)
        if about["kind"] == "numeric" or (about["kind"] == "boolean" and encoded.nature == "number"):
            chosen = self.numbers
        elif about["kind"] in ("categorical", "boolean"):
            chosen = self.categories
        else:
            return
        count = len(self.numbers) + len(self.categories) + 1
        size = encoded.codes.nbytes + (16 * encoded.distinct if encoded.nature != "text" else 0)
        if (
            count > self.most
            or self._held + size > HELD
            or (count > 2 and count * (count - 1) // 2 * self.rows > EFFORT)
        ):
            self.left_out.append(name)
            return
        if encoded.nature == "text":  # the texts themselves are no longer needed
            encoded = replace(encoded, values=None)
        chosen.append((name, encoded))
        self._held += size

    def pairs(self) -> list[Pair]:
        from assay.methods.profile_pairs import associations

        found = associations(self.numbers, self.categories) if self.rows else []
        place = {n: i for i, n in enumerate(self.columns)}
        return sorted(found, key=lambda p: (place[p.a], place[p.b], p.measure))

    def duplicates(self) -> Sequence[int]:
        found: Sequence[int] = self._keys.duplicates() if self._keys is not None else ()
        return found


def _brief(about: Mapping[str, Any]) -> dict[str, Any]:
    out = {k: v for k, v in about.items() if k not in ("histogram", "smallest", "largest")}
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
    "skewness",
    "kurtosis",
    "zeros",
    "infinite",
)


def _metrics(
    rows: int, columns: Mapping[str, Mapping[str, Any]], duplicates: int, pairs: Sequence[Pair]
) -> Iterator[Metric]:
    missing = sum(c["missing"] for c in columns.values())
    yield Metric("rows", rows)
    yield Metric("columns", len(columns))
    yield Metric("missing_cells", missing)
    cells = rows * len(columns)
    yield Metric.number(
        "missing_fraction", missing / cells if cells else None, reason="the table has no cell"
    )
    yield Metric("duplicate_rows", duplicates)
    for number, (name, about) in enumerate(columns.items()):
        of = {"column": name}
        yield Metric("missing", about["missing"], of)
        yield Metric("distinct", about["distinct"], of)
        if "near_missing" in about:
            yield Metric("near_missing", about["near_missing"], of)
        if about["type"] not in ("integer", "fractional") or number >= DETAILED:
            continue
        few = "no finite value" if "min" not in about else "too few different values"
        for figure in _FIGURES:
            yield Metric.number({"q50": "median"}.get(figure, figure), about.get(figure), reason=few, of=of)
    strongest = sorted((p for p in pairs if p.value is not None), key=lambda p: -abs(p.value or 0.0))
    for pair in strongest[:50]:
        yield Metric.number(pair.measure, pair.value, of={"a": pair.a, "b": pair.b})


def _findings(
    rows: int,
    columns: Mapping[str, Mapping[str, Any]],
    duplicates: Sequence[int],
    pairs: Sequence[Pair],
    correlated: float,
) -> Iterator[Finding]:
    if not rows:
        yield _finding(
            "empty", Severity.MEDIUM, "The table has columns and no row.", {}, "see where its rows went"
        )
        return
    if len(duplicates):
        share = len(duplicates) / rows
        yield _finding(
            "duplicates",
            Severity.MEDIUM if share > 0.1 else Severity.LOW,
            f"{len(duplicates)} of {rows} rows repeat an earlier row in every column ({_share(share)}).",
            {"row": int(duplicates[0]) + 1},
            "drop them, or say what makes a row a case of its own",
            len(duplicates),
        )
    for name, about in columns.items():
        yield from _about_missing(name, about, rows)
        yield from _about_values(name, about, rows)
    for pair in pairs:
        # One finding a pair: of two numbers the ranks speak only where the line does not.
        if pair.value is None or abs(pair.value) < correlated or _said(pair, pairs, correlated):
            continue
        word = {
            "pearson": "Pearson's r",
            "spearman": "Spearman's rho",
            "cramers_v": "Cramér's V",
            "correlation_ratio": "the correlation ratio",
        }[pair.measure]
        yield _finding(
            "correlated",
            Severity.INFO,
            f"{pair.a} and {pair.b} go together: {word} is {pair.value:.3f}.",
            {"pair": f"{pair.a} ~ {pair.b}"},
            "ask whether both are needed, and whether one of them stands for something that must not be used",
        )


def _said(pair: Pair, pairs: Sequence[Pair], correlated: float) -> bool:
    return pair.measure == "spearman" and any(
        p.measure == "pearson" and (p.a, p.b) == (pair.a, pair.b) and abs(p.value or 0.0) >= correlated
        for p in pairs
    )


def _about_missing(name: str, about: Mapping[str, Any], rows: int) -> Iterator[Finding]:
    at = {"column": name}
    share = about["missing_fraction"]
    if about["kind"] == "missing":
        yield _finding(
            "all_missing", Severity.MEDIUM, f"{name} has no value in any row.", at, "drop it", rows
        )
    elif share >= 0.05:
        yield _finding(
            "missing",
            Severity.MEDIUM if share >= 0.5 else Severity.LOW,
            f"{name} is missing in {about['missing']} of {rows} rows ({_share(share)}).",
            at,
            "find out why, before filling or dropping them",
            about["missing"],
        )
    if about.get("near_missing"):
        shown = ", ".join(repr(v) for v in about["near_missing_values"][:4])
        yield _finding(
            "near_missing",
            Severity.LOW,
            f"{name} holds {about['near_missing']} values that look like missing ones ({shown}).",
            at,
            "read them as missing",
            about["near_missing"],
        )
    if "placeholder" in about:
        yield _finding(
            "placeholder",
            Severity.LOW,
            f"{name} holds {about['placeholder']}, far from all its other values: it may stand for a missing or capped one.",
            at,
            "ask what it means, before taking it for a number",
        )


def _about_values(name: str, about: Mapping[str, Any], rows: int) -> Iterator[Finding]:
    at, kind = {"column": name}, about["kind"]
    if kind == "constant":
        yield _finding(
            "constant", Severity.LOW, f"{name} holds one value only.", at, "drop it: it tells nothing"
        )
    if about.get("infinite"):
        yield _finding(
            "infinite",
            Severity.MEDIUM,
            f"{name} holds {about['infinite']} infinite values; its moments are of the finite ones.",
            at,
            "find the division by zero they come from",
            about["infinite"],
        )
    if about.get("nul_characters"):
        yield _finding(
            "nul_characters",
            Severity.LOW,
            f"{name} holds {about['nul_characters']} values with NUL characters.",
            at,
            "remove them: other tools cut texts there",
            about["nul_characters"],
        )
    if about.get("variants"):
        yield _finding(
            "variants",
            Severity.LOW,
            f"{name} writes {about['variants']} values in more than one way, different in case or spaces only.",
            at,
            "write each value in one way",
            about["variants"],
        )
    shapes = about.get("date_shapes", {})
    if len(shapes) > 1:
        yield _finding(
            "mixed_dates", Severity.LOW, f"{name} writes dates in several ways: {', '.join(shapes)}.", at,
            "write them as YYYY-MM-DD",
        )  # fmt: skip
    elif any(s.startswith("dd") for s in shapes):
        yield _finding(
            "ambiguous_dates", Severity.INFO, f"{name} writes dates as {next(iter(shapes))} and is kept as text.",
            at, "write them as YYYY-MM-DD, so that day, month and year are told apart",
        )  # fmt: skip
    if kind == "id":
        yield _finding(
            "unique",
            Severity.INFO,
            f"{name} is different in every row.",
            at,
            "use it as a key, never as a feature",
        )
    elif kind == "text" and about["distinct"] > 0.5 * about["count"] and about["distinct"] > 50:
        yield _finding(
            "high_cardinality", Severity.INFO, f"{name} holds {about['distinct']} different texts.", at,
            "encode or leave it out before training",
        )  # fmt: skip
    if kind == "numeric" and abs(about.get("skewness", 0.0)) > 5:
        yield _finding(
            "skewed", Severity.INFO, f"{name} is very skewed (skewness {about['skewness']:.1f}).", at,
            "a logarithm or ranks may suit it better",
        )  # fmt: skip
    if kind == "numeric" and about.get("zeros", 0) > 0.5 * rows:
        yield _finding(
            "zeros", Severity.INFO, f"{name} is zero in {about['zeros']} of {rows} rows ({_share(about['zeros'] / rows)}).",
            at, "ask whether zero means none or not known", about["zeros"],
        )  # fmt: skip
    if (
        kind in ("categorical", "boolean")
        and about["count"]
        and about["top"][0]["count"] >= 0.9 * about["count"]
    ):
        first = about["top"][0]
        yield _finding(
            "imbalance", Severity.INFO, f"{name} is {first['value']!r} in {_share(first['count'] / about['count'])} of its values.",
            at, "ask whether the others are enough to learn from",
        )  # fmt: skip


def _finding(
    rule: str, severity: Severity, message: str, where: Mapping[str, Any], remedy: str, count: int = 1
) -> Finding:
    return Finding(f"{NAME}.{rule}", severity, message, where, remedy, (), count)


def _share(fraction: float) -> str:
    return f"{fraction:.3g}" if fraction < 0.9995 else f"{fraction:.6g}"


def _capped(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Tell the first of each rule one by one, and the rest as one."""
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_rule[finding.rule].append(finding)
    for rule, found in by_rule.items():
        yield from found[:PER_RULE]
        rest = found[PER_RULE:]
        if rest:
            yield Finding(
                rule,
                max(f.severity for f in rest),
                f"{len(rest)} more columns or pairs are like this.",
                {},
                rest[0].remedy,
                (),
                len(rest),
            )


def _charts(columns: Mapping[str, Mapping[str, Any]], pairs: Sequence[Pair]) -> Iterator[Chart]:
    missing = sorted(
        ((c["missing_fraction"], n) for n, c in columns.items() if c["missing"]), key=lambda m: -m[0]
    )
    if missing:
        yield Chart(
            "Missing cells",
            "bar",
            tuple({"column": n, "missing": share} for share, n in missing[:40]),
            "column",
            "missing",
            y_title="fraction of rows",
            alt=f"{len(missing)} columns have missing cells; most of all {missing[0][1]}, {_share(missing[0][0])} of rows.",
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
            alt=f"Distribution of {name}, from {about['min']} to {about['max']}.",
        )  # fmt: skip
    elif about.get("top") and about["type"] in ("text", "boolean"):
        shown = [{"value": str(t["value"]), "count": t["count"]} for t in about["top"]]
        rest = about["count"] - sum(t["count"] for t in about["top"])
        if rest > 0:
            shown.append({"value": "all others", "count": rest})
        yield Chart(
            name, "bar", tuple(shown), "value", "count", x_title=name, y_title="rows",
            alt=f"The most frequent value of {name} is {shown[0]['value']}, in {shown[0]['count']} rows.",
        )  # fmt: skip
