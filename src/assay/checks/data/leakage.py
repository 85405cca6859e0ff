"""Leakage: columns that give the target away, or are known only after it.

Each column alone is asked to tell the target, on rows it did not learn from (five folds): the strength is 0 where it
cannot and 1 where it is right in every row. From the threshold on, a column gives the target away (high), and
`data.drop` leaves it out. Lower findings are yours to judge: a column so strong that it deserves a look, one whose
name belongs to a column that gives the target away, dates that lie before or after one another as the target
says, a value that settles the target, identifiers.

Example: assay check data.leakage bookings.csv.gz --label is_canceled
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.handles import Column, Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    import numpy as np

    from assay.methods.giveaway import OneSided, Target
    from assay.methods.integrity.column import Sampled

CELLS = 20_000_000
SUSPECT = 0.9  # of the threshold
LEAST_ROWS = 30
MOST_DATES = 20
MOST_LISTED = 50
MANY = (
    200  # from so many values on, a column may name persons or things that come back, each with its own label
)


def check(
    table: Table,
    *,
    label: Annotated[Column, Doc("the column to predict")],
    threshold: Annotated[
        float, Interval(gt=0, le=1), Doc("the strength from which a column gives the target away")
    ] = 0.95,
    rows: Annotated[
        int, Interval(ge=1_000, le=50_000_000), Doc("rows to look at, evenly spread over the table")
    ] = 1_000_000,
    work: Work,
) -> Report:
    """Measure what each column alone tells of the label, and report what tells too much."""
    from assay.engines.sampling import sampled
    from assay.methods.giveaway import folds

    chosen, target, classes, unlabelled = _target(table, work, label, rows)
    fold = folds(len(chosen), work.rng("leakage"))
    looked = _Looked(label, threshold, target, classes, fold, work)
    others = [c for c in table.columns if c.name != label]
    readable = [c for c in others if c.type not in ("binary", "other")]
    width = max(1, CELLS // max(1, len(chosen)))
    for start in range(0, len(readable), width):
        for column in sampled(table, work, readable[start : start + width], chosen):
            looked.at(column)
        work.progress(min(start + width, len(readable)), len(readable), "columns")
    skipped = tuple(
        Skipped(f"column {c.name}", f"values of type {c.native or c.type} are not compared")
        for c in others
        if c not in readable
    )
    looked.differences()
    findings = list(looked.findings())
    if unlabelled:
        said = f"{unlabelled:,} rows have no {label}, and were left out."
        where = {"column": label}
        findings.append(Finding("data.leakage.no_label", Severity.LOW, said, where, count=unlabelled))
    return Report.make(
        coverage=Coverage(table.rows, table.rows, skipped),
        metrics=[Metric("rows_compared", len(chosen), unit="rows"), *looked.metrics()],
        findings=findings,
        charts=looked.charts(),
        data={
            "drop": sorted(looked.given_away),
            "strength": dict(looked.ranked()[:500]),
            "measure": target.measure,
        },
    )


def _target(table: Table, work: Work, label: Column, rows: int) -> tuple[np.ndarray, Target, list[Any], int]:
    """Return the rows looked at (those with a label), the target, its classes, and how many have no label."""
    import numpy as np
    import pyarrow as pa

    from assay.engines.sampling import evenly, sampled
    from assay.methods.giveaway import MOST_CLASSES, Target

    info = [c for c in table.columns if c.name == label]
    chosen = evenly(table.rows, rows)
    column = sampled(table, work, info, chosen)[0]
    if pa.types.is_nested(column.array.type):
        raise UsageError(
            f"the label holds values of type {info[0].native}, which are no classes",
            where=label,
            remedy="name another label",
        )
    numbers = column.numbers if column.is_number or column.is_date else None
    missing = np.isnan(numbers) if numbers is not None else column.codes < 0
    known = np.flatnonzero(~missing)
    codes = column.codes[known]
    if len(known) < LEAST_ROWS:
        raise UsageError(f"{len(known)} rows have a label; at least {LEAST_ROWS} are needed", where=label)
    _, codes = np.unique(codes, return_inverse=True)
    distinct = int(codes.max()) + 1
    if distinct < 2:
        raise UsageError("the label is the same in every row", where=label, remedy="name another label")
    if numbers is None and distinct > MOST_CLASSES:
        raise UsageError(
            f"the label has {distinct:,} different texts; at most {MOST_CLASSES} can be classes", where=label
        )
    places = column.codes[known]
    classes: list[Any] = [None] * distinct
    for place, code in zip(places, codes, strict=True):
        if classes[code] is None:
            classes[code] = column.values[place]
    target = Target.of(codes.astype(np.int64), distinct, numbers[known] if numbers is not None else None)
    return chosen[known], target, classes, int(missing.sum())


@dataclass
class _Looked:
    """What was seen of the columns so far."""

    label: str
    threshold: float
    target: Target
    classes: list[Any]
    fold: np.ndarray
    work: Work
    entities: set[str] = field(default_factory=set)
    strength: dict[str, float] = field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    settled: dict[str, tuple[OneSided, Any]] = field(default_factory=dict)
    days: dict[str, np.ndarray] = field(default_factory=dict)
    parts: dict[str, tuple[np.ndarray | None, list[Any]]] = field(default_factory=dict)
    apart: dict[tuple[str, str], float] = field(default_factory=dict)

    def at(self, column: Sampled) -> None:
        """Measure one column."""
        from assay.methods.giveaway import folds_by_value, one_sided, parsed_dates, strength

        numbers = column.numbers if column.is_number or column.is_date else None
        self.strength[column.name] = strength(column.codes, numbers, self.target, self.fold)
        if numbers is None and column.distinct > MANY and self._suspect(self.strength[column.name]):
            apart = folds_by_value(column.codes, self.work.rng(f"leakage/{column.name}"))
            if not self._suspect(strength(column.codes, None, self.target, apart)):
                self.entities.add(column.name)
        self.words[column.name] = column.words
        known = int((column.codes >= 0).sum())
        if column.type in ("integer", "text") and known >= 100 and column.distinct >= 0.98 * known:
            self.keys[column.name] = column.distinct
        side = one_sided(column.codes, self.target)
        if side:
            self.settled[column.name] = side, column.values[side.place]
        if column.is_date and numbers is not None:
            self.days[column.name] = numbers
        elif column.type == "text" and len(self.days) < MOST_DATES:
            days = parsed_dates(column.codes, column.values)
            if days is not None:
                self.days[column.name] = days
        if any(w in ("year", "month", "day") for w in column.words) and column.distinct <= 1_000:
            texts = [*column.values, None] if numbers is None else []
            self.parts[column.name] = numbers, [texts[c] for c in column.codes] if texts else []

    def _suspect(self, value: float) -> bool:
        return value >= SUSPECT * self.threshold

    def differences(self) -> None:
        """Measure what the days between two dates tell of the target; a date may lie in three columns."""
        import numpy as np

        from assay.methods.giveaway import assembled, date_parts, strength

        dates = dict(list(self.days.items())[:MOST_DATES])
        for name, part in date_parts(list(self.parts)).items():
            year, day = self.parts[part["year"]][0], self.parts[part["day"]][0]
            numbers, texts = self.parts[part["month"]]
            if year is not None and day is not None:
                months = texts if numbers is None else list(numbers)
                dates.setdefault(name, assembled(year, months, day))
        for (a, first), (b, second) in combinations(dates.items(), 2):
            gap = np.floor(second) - np.floor(first)
            if np.isfinite(gap).mean() < 0.5:
                continue
            known = np.isfinite(gap)
            codes = np.full(len(gap), -1)
            codes[known] = np.unique(gap[known], return_inverse=True)[1]
            told = strength(codes, gap, self.target, self.fold)
            alone = max(self.strength.get(a, 0.0), self.strength.get(b, 0.0))
            if told >= 0.5 and told >= alone + 0.2:
                self.apart[a, b] = told

    @property
    def given_away(self) -> list[str]:
        """Return the columns that give the target away."""
        return [c for c, s in self.strength.items() if s >= self.threshold and c not in self.entities]

    def ranked(self) -> list[tuple[str, float]]:
        """Return columns and strengths, strongest first."""
        return sorted(((c, round(s, 6)) for c, s in self.strength.items()), key=lambda p: (-p[1], p[0]))

    def findings(self) -> Iterator[Finding]:
        """Give what should be looked at, strongest first; each column under its gravest heading."""
        said: set[str] = set()
        measure = self.target.measure
        for name, value in self.ranked():
            if not self._suspect(value):
                break
            said.add(name)
            if name in self.entities:
                yield Finding(
                    "data.leakage.by_identity",
                    Severity.MEDIUM,
                    f"Each value of {name} nearly always has the same {self.label} (strength {value:.4f}), and a new value "
                    f"tells nothing: it names who or what comes back.",
                    {"column": name},
                    f"leave it out, and split by it (`data.split --group {name}`); look for duplicate rows",
                )
                continue
            gives = self.strength[name] >= self.threshold
            yield Finding(
                "data.leakage.gives_away" if gives else "data.leakage.strong",
                Severity.HIGH if gives else Severity.MEDIUM,
                f"{name} alone {'gives' if gives else 'nearly gives'} {self.label} away: strength {value:.4f} "
                f"({measure}, on rows it did not learn from).",
                {"column": name},
                "leave it out (`data.drop`), unless it is truly known before the prediction is made"
                if gives
                else "ask when its value becomes known",
            )
        yield from self._companions(said)
        yield from self._dates(said)
        yield from self._settled(said)
        yield from self._keys(said)

    def _companions(self, said: set[str]) -> Iterator[Finding]:
        for name in sorted(self.strength):
            for leak in self.given_away:
                mine, theirs = self.words[name], self.words[leak]
                if name in said or len(mine) <= len(theirs) or mine[: len(theirs)] != theirs:
                    continue
                after = self._gap(name)
                said.add(name)
                yield Finding(
                    "data.leakage.known_afterwards",
                    Severity.MEDIUM,
                    f"{name} belongs by its name to {leak}, which gives {self.label} away, so it too is known only "
                    f"afterwards.{after}",
                    {"column": name},
                    f"leave it out together with {leak}, unless it is known before the prediction is made",
                )

    def _gap(self, name: str) -> str:
        told = [(s, a if b == name else b) for (a, b), s in self.apart.items() if name in (a, b)]
        if not told:
            return ""
        best, other = max(told)
        return f" Its days from {other} tell {self.label} with strength {best:.4f}."

    def _dates(self, said: set[str]) -> Iterator[Finding]:
        for (a, b), told in sorted(self.apart.items(), key=lambda p: -p[1]):
            name = b if b in self.strength else a  # the outcome is mostly written further right
            if a in said or b in said:
                continue
            said.add(name)
            yield Finding(
                "data.leakage.known_afterwards",
                Severity.MEDIUM,
                f"The days between {a} and {b} tell {self.label} with strength {told:.4f}, far more than either alone: "
                f"one of them is written when {self.label} is known.",
                {"column": name, "pair": f"{a} / {b}"},
                "leave out the one that is known only afterwards",
            )

    def _settled(self, said: set[str]) -> Iterator[Finding]:
        rows = sorted(self.settled.items(), key=lambda p: (-p[1][0].expected, p[0]))
        for name, (side, value) in [r for r in rows if r[0] not in said][:MOST_LISTED]:
            yield Finding(
                "data.leakage.one_sided",
                Severity.LOW,
                f"Where {name} is {str(value)[:40]!r}, {self.label} is always {str(self.classes[side.label])[:40]!r} "
                f"({side.rows:,} rows; by chance {side.expected:.0f} would differ).",
                {"column": name},
                "ask whether that value can be known before the prediction is made",
                count=side.rows,
            )

    def _keys(self, said: set[str]) -> Iterator[Finding]:
        for name, distinct in sorted(self.keys.items()):
            if name not in said:
                yield Finding(
                    "data.leakage.identifier",
                    Severity.LOW,
                    f"{name} names single rows ({distinct:,} different values): a model can learn it by heart.",
                    {"column": name},
                    "leave it out of the features",
                )

    def metrics(self) -> list[Metric]:
        """Return the strengths, strongest first."""
        out = [Metric("columns_given_away", len(self.given_away), unit="columns")]
        return out + [Metric("strength", s, of={"column": c}) for c, s in self.ranked()[:200]]

    def charts(self) -> list[Chart]:
        """Return the strengths as bars."""
        top = self.ranked()[:30]
        if not top:
            return []
        rows = tuple({"column": c, "strength": s} for c, s in top)
        title = f"How well one column alone tells {self.label}"
        alt = f"{top[0][0]} tells most, with strength {top[0][1]:.3f}."
        return [Chart(title, "bar", rows, "column", "strength", y_title=self.target.measure, alt=alt)]
