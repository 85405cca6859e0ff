"""Columns that are a product or a ratio of others: price × quantity × (1 − discount), clicks / views, net × (1 + rate)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.methods.integrity.figures import ROUNDING, Figures, agreed, fit, middle, plain, simplest
from assay.methods.integrity.meeting import meeting
from assay.methods.integrity.rule import Rule, surprise
from assay.methods.integrity.sums import Outcome

MOST_COLUMNS = 200  # for two factors, each in up to four forms
MOST_OF_THREE, MOST_OF_FOUR = 40, 14
MOST_TRIED = 1_500
CONSTANTS = (
    1.0,
    10.0,
    100.0,
    1000.0,
    60.0,
    3600.0,
    24.0,
    12.0,
    7.0,
    1440.0,
    3.6,
    0.5,
    2.0,
    4.0,
    30.0,
    365.0,
    360.0,
    52.0,
    1e4,
    1e6,
)


@dataclass(frozen=True)
class Factor:
    """A column in one form: its place, the form ({0} stands for the column), and its values."""

    place: int
    form: str
    values: Any

    def written(self, said: str) -> str:
        """Return it as rules write it."""
        return self.form.format(said)


SQUARE = "1 / ({0} * {0})"  # as in weight / height²
FORMS = (
    ("{0}", "all"),
    ("1 / {0}", "all"),
    (SQUARE, "few"),
    ("(1 - {0})", "share"),
    ("(1 + {0})", "share"),
    ("(1 - {0} / 100)", "percent"),
    ("(1 + {0} / 100)", "percent"),
)


def find(figures: Figures, rng: np.random.Generator) -> Outcome:
    """Find every a = k · f(b) · g(c) (· h(d) · i(e)) where f to i are the column, 1 / it, or 1 ± a share or percentage."""
    out = Outcome()
    count = len(figures.columns)
    if count < 3:
        return out
    seen: list[frozenset[int]] = []
    for terms, limit in ((2, MOST_COLUMNS), (3, MOST_OF_THREE), (4, MOST_OF_FOUR)):
        use = figures
        if count > limit:
            (out.untried if terms == 2 else out.further).append(
                f"products of {terms} factors over {count - limit} of {count} numeric columns: "
                f"they are tried among {limit}"
            )
            use = figures.only(range(limit), rng)
        if len(use.columns) <= terms:
            break
        tried = 0
        ways: dict[frozenset[int], list[tuple[float, Rule]]] = {}
        for target, parts, constant in _candidates(use, terms):
            columns = frozenset((target, *(p.place for p in parts)))
            if len(columns) != terms + 1 or any(s <= columns for s in seen):
                continue
            tried += 1
            if tried > MOST_TRIED:
                out.further.append(
                    f"products of {terms} factors beyond the first {MOST_TRIED} that a dozen rows allowed"
                )
                break
            made = _judge(use, target, parts, constant, rng)
            if made:
                ways.setdefault(columns, []).append(made)
        for columns, made_ in ways.items():
            out.rules.append(max(made_, key=lambda w: w[0])[1])
            seen.append(columns)
    return out


def _factors(figures: Figures, places: Sequence[int], few: bool) -> list[Factor]:
    out = []
    with np.errstate(all="ignore"):
        for k in places:
            values = figures.probe[:, k]
            every = figures.matrix[:: max(1, len(figures.matrix) // 2_000), k]
            every = every[np.isfinite(every)]
            low, high = (every.min(), every.max()) if len(every) else (0.0, 0.0)
            share = low >= 0 and high < 1 and not figures.whole[k]
            percent = low >= 0 and 1 < high <= 100
            for form, when in FORMS:
                if (
                    when == "all"
                    or (when == "few" and few)
                    or (when == "share" and share)
                    or (when == "percent" and percent)
                ):
                    out.append(Factor(k, form, _valued(form, values)))
    return out


def _valued(form: str, x: Any) -> Any:
    with np.errstate(all="ignore"):
        if form == "{0}":
            return x
        if form == "1 / {0}":
            return np.where(x == 0, np.nan, 1 / np.where(x == 0, 1, x))
        if form == SQUARE:
            return np.where(x == 0, np.nan, 1 / np.where(x == 0, 1, x * x))
        shared = x / 100 if "100" in form else x
        return 1 - shared if "-" in form else 1 + shared


def _candidates(figures: Figures, terms: int) -> Iterator[tuple[int, tuple[Factor, ...], float]]:
    count = len(figures.columns)
    factors = _factors(figures, range(count), terms == 2 and count <= MOST_OF_THREE)
    with np.errstate(all="ignore"):
        logs = np.array([np.log(np.abs(np.where(f.values == 0, np.nan, f.values))) for f in factors]).T
        targets = np.log(np.abs(np.where(figures.probe == 0, np.nan, figures.probe)))
        grain = (figures.unit + np.where(figures.whole, 0.5, 0.0)) / np.abs(
            np.where(figures.probe == 0, np.nan, figures.probe)
        )
    pairs = [
        (i, j)
        for i in range(len(factors))
        for j in range(i + 1, len(factors))
        if factors[i].place != factors[j].place and not (factors[i].form == factors[j].form == "1 / {0}")
    ]
    if not pairs:
        return
    duo = np.array(pairs)
    right = logs[:, duo[:, 0]] + logs[:, duo[:, 1]]
    if terms == 2:
        yield from _alike(targets, right, grain, duo, factors)
        return
    plain_ = [f for f in range(len(factors)) if factors[f].form in ("{0}", "1 / {0}")]
    lefts: list[tuple[int, ...]] = [(a, f) for a in range(count) for f in plain_ if factors[f].place != a]
    if terms == 4:
        lefts = [
            (a, f, g)
            for a, f in [(t[0], t[1]) for t in lefts]
            for g in plain_
            if g > f and factors[g].place not in (a, factors[f].place)
        ]
    index = np.array(lefts)
    left = targets[:, index[:, 0]] - sum(logs[:, index[:, k]] for k in range(1, index.shape[1]))
    slack = np.where(np.isfinite(g := grain[:, index[:, 0]]), g, 0.0)
    for i, j in zip(*meeting(left, right, 1.1 * slack + 1e-9, 4), strict=True):
        parts = tuple(factors[f] for f in sorted({*map(int, index[i, 1:]), *map(int, duo[j])}))
        if len({p.place for p in parts}) == terms and sum(p.form == "1 / {0}" for p in parts) < terms:
            yield int(index[i, 0]), parts, 1.0


def _alike(
    targets: Any, right: Any, grain: Any, duo: Any, factors: Sequence[Factor]
) -> Iterator[tuple[int, tuple[Factor, ...], float]]:
    """Give the pairs whose product is one and the same share of the target in seven of ten probe rows."""
    import warnings

    for a in range(targets.shape[1]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            away = targets[:, a : a + 1] - right
            centre = middle(away)
            room = grain[:, a : a + 1] * 2.1 + 1e-7
            known = np.isfinite(away)
            agree = np.sum(known & (np.abs(away - centre) <= room), axis=0)
            spread = np.nanmax(right, axis=0) - np.nanmin(right, axis=0)
            enough = (agree >= np.maximum(5, 0.7 * known.sum(axis=0))) & (spread > 4 * np.nanmedian(room))
        for k in np.flatnonzero(enough):
            parts = factors[duo[k, 0]], factors[duo[k, 1]]
            if a not in (parts[0].place, parts[1].place):
                yield a, parts, float(np.exp(centre[k]))


def _constant(target: Any, made: Any, slack: Any, about: float) -> float | None:
    """Return the simplest constant between a target and a product, if there is one."""
    known = np.isfinite(target) & np.isfinite(made) & (made != 0)
    large = known & (np.abs(made) >= np.median(np.abs(made[known]))) if known.any() else known
    if large.sum() < 20:
        return None
    ratio = target[large] / made[large]
    centre = float(np.median(ratio))
    for constant in CONSTANTS:
        for value in (constant, 1 / constant):
            if (
                abs(centre / value - 1) < 2e-3
                and np.mean(
                    np.abs(ratio - value) <= (slack[large] * 1.05) / np.abs(made[large]) + 1e-9 * value
                )
                > 0.9
            ):
                return value
    room = slack[large] / np.abs(made[large]) + 1e-9 * abs(centre)
    good = np.abs(ratio - centre) <= 2 * room
    if good.mean() < 0.85:
        return None
    value = simplest(*agreed((ratio - room)[good], (ratio + room)[good]))
    digits = len(plain(value).replace("-", "").replace(".", "").strip("0"))
    return value if value and digits <= 4 else None


def _judge(
    figures: Figures, target: int, parts: Sequence[Factor], about: float, rng: np.random.Generator
) -> tuple[float, Rule] | None:
    matrix = figures.matrix
    values = [_valued(p.form, matrix[:, p.place]) for p in parts]
    with np.errstate(all="ignore"):
        made = np.prod(values, axis=0)
    x = matrix[:, target]
    whole_parts = all(figures.whole[p.place] and p.form == "{0}" for p in parts)
    own = figures.unit[target] or (0.5 if figures.whole[target] and not whole_parts else 0.0)
    strict = own * ROUNDING + 1e-9 * np.abs(x)
    constant = 1.0 if len(parts) > 2 else _constant(x, made, strict, about)
    if constant is None:
        return None
    made = made * constant
    telling = np.all([np.isfinite(v) & (v != 0) & (v != 1) for v in values], axis=0)
    if own == 0.5:  # rounding to whole numbers leaves rests of all sizes; small ones are those of a noise
        rest = float(np.median(np.abs(made - x)[telling & np.isfinite(x)])) if telling.any() else 0.0
        if 1e-6 < rest < 0.1:
            return None
    found = fit(x, made, telling, strict, strict, rng)
    if found is None:
        return None
    if len(np.unique(matrix[telling][:5_000][:, [p.place for p in parts]], axis=0)) < 10:
        return None
    columns = [figures.columns[p.place] for p in parts]
    column = figures.columns[target]
    formula, shown = _formula(parts, columns, constant)
    slack = plain(float(f"{own * ROUNDING:.3g}"))
    if own:
        holds = f"abs({column.said} - ({formula})) <= {slack}"
    elif whole_parts and figures.whole[target] and constant == int(constant):
        holds = f"{column.said} == {formula}"
    else:
        holds = f"abs({column.said} - ({formula})) <= 0.000000001 * abs({column.said})"
    divided = sum(p.form[:2] == "1 " for p in parts)
    rule = Rule(
        "product",
        column.name,
        tuple(c.name for c in columns),
        holds,
        f"{column.name} = {shown}",
        found.support,
        found.broken,
        surprise(found.told, found.broken_told, found.chance),
        {} if column.written else {"set": column.name, "to": formula},
        proposals=_proposals(parts, columns, column.said, constant),
    )
    # of several ways to write one law the product is plainer than the ratio, unless it holds less well
    return found.quality - 0.01 * divided - (0.05 if constant != 1 else 0.0), rule


def _formula(parts: Sequence[Factor], columns: Sequence[Any], constant: float) -> tuple[str, str]:
    over = [(p, c) for p, c in zip(parts, columns, strict=True) if p.form[:2] != "1 "]
    under = [(p, c) for p, c in zip(parts, columns, strict=True) if p.form[:2] == "1 "]
    formula = " * ".join(([plain(constant)] if constant != 1 else []) + [p.written(c.said) for p, c in over])
    shown = " × ".join(([plain(constant)] if constant != 1 else []) + [p.written(c.name) for p, c in over])
    for p, c in under:
        formula += f" / ({c.said} * {c.said})" if p.form == SQUARE else f" / {c.said}"
        shown += f" / {c.name}²" if p.form == SQUARE else f" / {c.name}"
    return formula, shown.replace(" - ", " − ")


def _proposals(
    parts: Sequence[Factor], columns: Sequence[Any], target: str, constant: float
) -> tuple[dict[str, str], ...]:
    """Say how each plain factor follows from the others."""
    out = []
    for part, column in zip(parts, columns, strict=True):
        if part.form != "{0}" or column.written:
            continue
        rest = [(p, c) for p, c in zip(parts, columns, strict=True) if p is not part]
        text = target if constant == 1 else f"{target} / {plain(constant)}"
        for p, c in rest:
            text += f" * {p.written(c.said)[4:]}" if p.form[:2] == "1 " else f" / {p.written(c.said)}"
        out.append({"set": column.name, "to": text})
    return tuple(out)
