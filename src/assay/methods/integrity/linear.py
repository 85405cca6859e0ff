"""Columns that are another in another unit: equal, rounded, a multiple, or a multiple and something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from assay.methods.integrity.figures import ROUNDING, Figures, Fit, agreed, fit, middle, plain, simplest
from assay.methods.integrity.rule import Rule, surprise

MOST_COLUMNS = 1_500  # two at a time
LEAST_DISTINCT = 8
STRIP = 40  # targets at once
MOST_DIGITS = 7


def find(figures: Figures, rng: np.random.Generator) -> Iterator[tuple[Rule, int, int]]:
    """Give each ``a = k · b + m`` that nearly all rows obey, with the places of a and b: a is the one to leave out.

    Slope and offset are medians over a dozen rows that can tell most; then the numbers with the fewest
    digits that the rounding of the columns leaves room for.
    """
    able = [k for k, c in enumerate(figures.columns[:MOST_COLUMNS]) if c.distinct >= LEAST_DISTINCT]
    if len(able) < 2:
        return
    gone: set[int] = set()
    for a, b in _candidates(figures, able):
        if a in gone or b in gone:
            continue
        ways = [r for x, y in ((a, b), (b, a)) if (r := _judge(figures, x, y, rng)) is not None]
        if not ways:
            continue
        _, rule, target, source = max(ways, key=lambda w: w[0])
        gone.add(target)
        yield rule, target, source


def _candidates(figures: Figures, able: list[int]) -> Iterator[tuple[int, int]]:
    probe = figures.probe[:, able]
    unit, whole = figures.unit[able], figures.whole[able]
    with np.errstate(all="ignore"):
        for first in range(0, len(able), STRIP):
            a = probe[:, first : first + STRIP, None]
            b = probe[:, None, :]
            for slope, offset in _lines(a, b):
                wanted = slope[None] * b + offset[None]
                steep = np.abs(slope)
                unit_a, whole_a = unit[first : first + STRIP][:, None], whole[first : first + STRIP][:, None]
                # of a whole number and one that is none, either may be the other rounded
                room = unit_a + steep * unit[None, :] + 1.0 * (whole_a & ~whole) + steep * (whole & ~whole_a)
                away = np.abs(a - wanted)
                known = np.isfinite(away)
                spread = np.nanmax(a, axis=0) - np.nanmin(a, axis=0)
                agree = np.sum(known & (away <= room * 2.1 + 1e-7 * np.abs(a)), axis=0)
                good = (agree >= np.maximum(4, 0.7 * known.sum(axis=0))) & (spread > 8 * room) & (slope != 0)
                for i, j in zip(*np.nonzero(good), strict=True):
                    if first + i < j:
                        yield able[first + i], able[j]


def _lines(a: Any, b: Any) -> Iterator[tuple[Any, Any]]:
    """Give slopes and offsets: through zero, and not."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        ratio = np.where(b == 0, np.nan, a / np.where(b == 0, 1, b))
        weight = np.abs(b) >= middle(np.abs(b))
        through = middle(np.where(weight, ratio, np.nan))
        yield through, np.zeros_like(through)
        slopes = []
        for shift in (1, 2, 3, 5):
            run = b - np.roll(b, shift, axis=0)
            slopes.append(
                np.where(run == 0, np.nan, (a - np.roll(a, shift, axis=0)) / np.where(run == 0, 1, run))
            )
        slope = middle(np.concatenate(slopes))
        yield slope, middle(a - slope[None] * b)


def _judge(
    figures: Figures, target: int, source: int, rng: np.random.Generator
) -> tuple[float, Rule, int, int] | None:
    a, b = figures.matrix[:, target], figures.matrix[:, source]
    known = np.isfinite(a) & np.isfinite(b)
    best: tuple[float, Rule, int, int] | None = None
    for slope, offset, floor in _laws(figures, target, source, known):
        made = slope * b + offset
        if floor:
            made = np.floor(made)
        own = (
            figures.unit[target]
            if not figures.whole[target] or (figures.whole[source] and slope == int(slope))
            else 0.5
        )
        strict = own * ROUNDING + 1e-9 * np.abs(a)
        loose = (own + abs(slope) * figures.unit[source]) * ROUNDING + 1e-9 * np.abs(a)
        found = fit(a, made, known & (b != 0), strict, loose, rng)
        if found is None or (floor and figures.unit[source] == 0 and figures.whole[source]):
            continue
        quality = (
            found.quality
            - 0.001 * _length(slope)
            - 0.001 * _length(offset)
            - 0.02 * floor
            - 0.002 * (abs(slope) < 1)
        )
        if best is None or quality > best[0]:
            best = quality, _rule(figures, target, source, (slope, offset, floor), found, own), target, source
    return best


def _length(value: float) -> int:
    return len(plain(value).replace("-", "").replace(".", "").strip("0"))


def _laws(figures: Figures, target: int, source: int, known: Any) -> Iterator[tuple[float, float, bool]]:
    """Give the laws to hold: slope, offset, whether rounded down."""
    a, b = figures.matrix[known, target], figures.matrix[known, source]
    if len(a) < 20:
        return
    yield 1.0, 0.0, False
    if figures.whole[target] and not figures.whole[source]:
        yield 1.0, 0.0, True
    room = figures.unit[target] + (0.5 if figures.whole[target] and not figures.whole[source] else 0.0)
    value = _slope(a, b, room, figures.unit[source])
    if value:
        yield value, 0.0, False
    order = np.argsort(b, kind="stable")
    half = len(order) // 2
    run = b[order[half : 2 * half]] - b[order[:half]]
    wide = run > 0
    if wide.sum() < 10:
        return
    slope = float(np.median((a[order[half : 2 * half]] - a[order[:half]])[wide] / run[wide]))
    for digits in range(1, 6):
        near_by = float(f"{slope:.{digits}g}")
        offset = float(np.median(a - near_by * b))
        rest = np.abs(a - near_by * b - offset)
        slack = (room + abs(near_by) * figures.unit[source]) * 2.1 + 1e-9 * np.abs(a)
        if np.mean(rest <= slack) >= 0.9:
            whole = simplest(offset - float(np.median(slack)), offset + float(np.median(slack)))
            if near_by and offset:
                yield near_by, whole, False
            return


def _slope(a: Any, b: Any, room: float, grain: float) -> float:
    """Return the plainest k of a = k · b that nearly as many rows allow as any; 0 where there is none.

    A digit more must be worth two rows in a thousand.
    """
    some = b != 0
    if some.sum() < 20:
        return 0.0
    ratio, size = a[some] / b[some], np.abs(b[some])
    large = size >= np.median(size)
    centre = float(np.median(ratio[large]))
    slack = room * ROUNDING / size + 1e-9 * abs(centre)
    wide = slack + abs(centre) * grain * ROUNDING / size
    good = np.abs(ratio - centre) <= 2 * wide
    if good[large].mean() < 0.85:
        return 0.0
    tried = {simplest(*agreed((ratio - s)[good], (ratio + s)[good])) for s in (slack, wide)}
    tried |= {float(f"{centre:.{digits}g}") for digits in range(1, MOST_DIGITS + 1)}

    def worth(k: float) -> float:
        away = np.abs(ratio - k)
        return max(float(np.mean(away <= slack)), float(np.mean(away <= wide)) - 0.05) - 0.002 * _length(k)

    return max((k for k in tried if k and _length(k) <= MOST_DIGITS), key=worth, default=0.0)


def _rule(
    figures: Figures, target: int, source: int, law: tuple[float, float, bool], found: Fit, own: float
) -> Rule:
    slope, offset, floor = law
    column, other = figures.columns[target], figures.columns[source]
    formula, shown = other.said, other.name
    if slope != 1:
        formula, shown = f"{plain(slope)} * {formula}", f"{plain(slope)} × {shown}"
    if offset:
        sign = "+" if offset > 0 else "-"
        formula, shown = f"{formula} {sign} {plain(abs(offset))}", f"{shown} {sign} {plain(abs(offset))}"
    slack = own + (abs(slope) * figures.unit[source] if found.loose else 0.0)
    kind, name, repair = "linear", column.name, ""
    told = f"{name} = {shown}"
    if floor:
        kind, formula, told, slack = "rounding", f"floor({formula})", f"{name} = {shown}, rounded down", 0.0
    elif slope == 1 and not offset:
        if figures.unit[target] == figures.unit[source] and figures.whole[target] == figures.whole[source]:
            kind = "equal"
        else:
            kind = "rounding"
            digits = max(0, round(-np.log10(2 * figures.unit[target]))) if figures.unit[target] else 0
            told, repair = f"{name} = {shown}, rounded to {digits} decimals", f"round({formula}, {digits})"
    if slack:
        holds = f"abs({column.said} - ({formula})) <= {slack * ROUNDING:.3g}"
    elif figures.whole[target] and figures.whole[source] and slope == int(slope):
        holds = f"{column.said} == {formula}"
    else:
        holds = f"abs({column.said} - ({formula})) <= 0.000000001 * abs({column.said})"
    proposals: tuple[dict[str, str], ...] = ()
    if not other.written and not floor and kind != "rounding":
        back = (
            column.said
            if not offset
            else f"({column.said} - {plain(offset)})"
            if offset > 0
            else f"({column.said} + {plain(-offset)})"
        )
        proposals = ({"set": other.name, "to": back if slope == 1 else f"{back} / {plain(slope)}"},)
    return Rule(
        kind,
        name,
        (other.name,),
        holds,
        told,
        found.support,
        found.broken,
        surprise(found.told, found.broken_told, found.chance),
        {} if column.written else {"set": name, "to": repair or formula},
        proposals=proposals,
    )
