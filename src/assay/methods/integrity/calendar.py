"""Columns that count between dates or name a date's part: days, nights, hours, ages, years, months."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import numpy as np
import pyarrow as pa

from assay.methods.expressions import parse
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.figures import Figures, agreed, fit, plain
from assay.methods.integrity.rule import Rule, surprise

MOST_DATES, MOST_NUMBERS = 12, 60
SPANS = ((1.0, "days"), (24.0, "hours"), (1440.0, "minutes"), (86400.0, "seconds"), (1 / 7, "weeks"))
PARTS = ("year", "month", "day", "quarter")
SCREEN = 500


@dataclass(frozen=True)
class _Law:
    formula: str
    shown: str
    sources: tuple[str, ...]
    values: Any
    slack: float


def find(
    dates: Sequence[Sampled], figures: Figures, rng: np.random.Generator
) -> tuple[list[Rule], list[str]]:
    """Give each number that is computed from dates in nearly every row, and what was not tried, in words."""
    untried = []
    if len(dates) > MOST_DATES:
        untried.append(f"numbers from {len(dates) - MOST_DATES} of {len(dates)} columns of dates")
        dates = dates[:MOST_DATES]
    if not dates:
        return [], []
    if len(figures.columns) > MOST_NUMBERS:
        untried.append(
            f"{len(figures.columns) - MOST_NUMBERS} of {len(figures.columns)} numbers as counts between dates"
        )
    laws = [*_spans(dates), *_parts(dates)]
    out = []
    for place, column in enumerate(figures.columns[:MOST_NUMBERS]):
        target = figures.matrix[:, place]
        known = np.flatnonzero(np.isfinite(target))
        screen = known[:: max(1, len(known) // SCREEN)]
        best: tuple[float, Rule] | None = None
        for law in [*laws, *_constant_ages(dates, column)]:
            slack = law.slack if figures.whole[place] else max(figures.unit[place] * 1.02, 1e-9)
            away = np.abs(law.values[screen] - target[screen])
            away = away[np.isfinite(away)]
            if not len(away) or np.mean(away <= slack) < 0.9:
                continue
            judged = _judge(column, target, law, slack, rng)
            if judged and (best is None or judged[0] > best[0]):
                best = judged
        if best:
            out.append(best[1])
    return out, untried


def _judge(
    column: Sampled, target: Any, law: _Law, slack: float, rng: np.random.Generator
) -> tuple[float, Rule] | None:
    room = np.full(len(target), slack)
    found = fit(target, law.values, np.isfinite(law.values), room, room, rng, 2)
    if found is None:
        return None
    holds = (
        f"{column.said} == {law.formula}"
        if not slack
        else f"abs({column.said} - ({law.formula})) <= {slack:.3g}"
    )
    rule = Rule(
        "dates",
        column.name,
        law.sources,
        holds,
        f"{column.name} = {law.shown}",
        found.support,
        found.broken,
        surprise(found.told, found.broken_told, found.chance),
        {} if column.written else {"set": column.name, "to": law.formula},
    )
    return found.quality, rule


def _spans(dates: Sequence[Sampled]) -> Iterator[_Law]:
    for end, start in permutations(dates, 2):
        if end.name == start.name:
            continue
        b, a = end.numbers, start.numbers
        assert a is not None and b is not None
        gap = b - a
        if not np.isfinite(gap).any() or np.nanmean(gap) < 0:
            continue
        clock = "timestamp" in (end.type, start.type)
        for times, unit in SPANS:
            if unit in ("hours", "minutes", "seconds") and not clock:
                continue
            formula, said = (
                f"days({end.said}) - days({start.said})",
                f"{unit} from {start.name} to {end.name}",
            )
            both = (end.name, start.name)
            scaled = (
                formula
                if times == 1
                else f"({formula}) * {plain(times)}"
                if times > 1
                else f"({formula}) / 7"
            )
            exact = 1e-6 if unit == "days" and not clock else 0.51 if unit != "weeks" else 1e-6
            yield _Law(scaled, f"the {said}", both, gap * times, exact)
            if unit == "days" and not clock:
                yield _Law(f"{formula} + 1", f"the {said}, both counted", both, gap + 1, 1e-6)
            if unit in ("weeks", "days") and (clock or unit == "weeks"):
                yield _Law(f"floor({scaled})", f"the whole {said}", both, np.floor(gap * times), 1e-6)
        years = _evaluated("years({0}, {1})", (start, end))
        yield _Law(
            f"years({start.said}, {end.said})",
            f"the whole years from {start.name} to {end.name}",
            both,
            years,
            1e-6,
        )


def _parts(dates: Sequence[Sampled]) -> Iterator[_Law]:
    for column in dates:
        for part in PARTS:
            formula = f"{part}({column.said})"
            yield _Law(
                formula,
                f"the {part} of {column.name}",
                (column.name,),
                _evaluated(part + "({0})", (column,)),
                1e-6,
            )


def _evaluated(template: str, columns: Sequence[Sampled]) -> Any:
    """Evaluate an expression of which {0} and {1} are columns of the sample, as numbers."""
    names = [f"v{k}" for k in range(len(columns))]
    batch = pa.record_batch({n: c.array for n, c in zip(names, columns, strict=True)})
    return parse(template.format(*names)).evaluate(batch).cast(pa.float64()).to_numpy(zero_copy_only=False)


def _constant_ages(dates: Sequence[Sampled], column: Sampled) -> Iterator[_Law]:
    """Give the age on one and the same day, if one fits: each row says between which two days that must lie."""
    ages = column.numbers
    if ages is None or column.distinct < 8:
        return
    known = np.isfinite(ages)
    if (
        not known.any()
        or ages[known].min() < 0
        or ages[known].max() > 130
        or np.any(ages[known] != np.round(ages[known]))
    ):
        return
    for source in dates:
        born = source.numbers
        assert born is not None
        both = known & np.isfinite(born)
        if both.sum() < 100:
            continue
        low = born[both] + ages[both] * 365.2425
        high = low + 365.2425
        # the day that most rows allow, to a day or two; then the days around it exactly
        start, end = agreed(low, high)
        middle = round((start + end) / 2)
        if not -20_000 < middle < 40_000:
            continue
        best: tuple[float, _Law] | None = None
        for shift in range(-3, 4):
            day = date(1970, 1, 1) + timedelta(days=middle + shift)
            formula = f"years({source.said}, '{day.isoformat()}')"
            values = _evaluated(f"years({{0}}, '{day.isoformat()}')", (source,))
            right = float(np.mean(values[both] == ages[both]))
            if best is None or right > best[0]:
                best = (
                    right,
                    _Law(
                        formula,
                        f"the age on {day.isoformat()} of who was born on {source.name}",
                        (source.name,),
                        values,
                        1e-6,
                    ),
                )
        if best and best[0] >= 0.94:
            yield best[1]
