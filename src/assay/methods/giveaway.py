"""How well one column alone tells the target, measured on rows it did not learn from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]

FOLDS = 5
BINS = 64
MOST_CLASSES = 50
RARE = 5  # a value in fewer rows of the learning part says nothing by itself; all such values speak together


@dataclass(frozen=True)
class Target:
    """The target: classes (codes) or a quantity (its mid-ranks scaled to 0..1)."""

    codes: Codes | None
    ranks: NDArray[np.float64] | None
    classes: int

    @classmethod
    def of(cls, codes: Codes, distinct: int, numbers: NDArray[np.float64] | None) -> Target:
        """Make it a class where there are few values or they are no numbers."""
        if numbers is None or distinct <= 20:
            return cls(codes, None, distinct)
        from scipy.stats import rankdata

        return cls(None, (rankdata(numbers) - 0.5) / len(numbers), 0)

    @property
    def measure(self) -> str:
        """Return the name of the strength."""
        return "balanced accuracy above chance" if self.codes is not None else "R² of ranks"


def folds(rows: int, rng: np.random.Generator) -> Codes:
    """Return each row's fold, evenly and by lot."""
    out: Codes = rng.permutation(np.arange(rows) % FOLDS)
    return out


def folds_by_value(codes: Codes, rng: np.random.Generator) -> Codes:
    """Return folds that keep each value's rows together, so that nothing is learnt of a value that is then told."""
    lot = rng.permutation(int(codes.max(initial=-1)) + 1) % FOLDS
    out: Codes = np.where(codes >= 0, np.append(lot, 0)[codes], rng.integers(0, FOLDS, len(codes)))
    return out


def strength(codes: Codes, numbers: NDArray[np.float64] | None, target: Target, fold: Codes) -> float:
    """Return how well the column tells the target: 0 not at all, 1 in every row.

    Each fold is told by what the others show: a value (a number: one of 64 quantile bins, each frequent value
    one of its own) says the class that is most frequent there against its share overall. Classes: (balanced accuracy − 1/K) /
    (1 − 1/K). A quantity: R² of its ranks. Never below 0. A name, an e-mail address or a key, each in one
    row, learns nothing that holds for another row, so that it cannot seem to leak.
    """
    places = _binned(numbers) if numbers is not None and len(np.unique(numbers)) > BINS else codes + 1
    if target.codes is None:
        return _quantity(places, target, fold)
    return _classes(places, target, fold)


def _classes(places: Codes, target: Target, fold: Codes) -> float:
    assert target.codes is not None
    wide, k = int(places.max(initial=0)) + 1, target.classes
    hits, totals = np.zeros(k), np.bincount(target.codes, minlength=k).astype(float)
    for part in range(FOLDS):
        learn, test = fold != part, fold == part
        prior = np.bincount(target.codes[learn], minlength=k).astype(float)
        table = np.bincount(places[learn] * k + target.codes[learn], minlength=wide * k).reshape(wide, k)
        rare = table.sum(axis=1) < RARE
        rare[0] = False  # the place of nulls
        pooled = table[rare].sum(axis=0)
        if pooled.sum() < RARE:  # no rare value was learnt: an unknown one is told as any that is no null
            pooled = table[1:].sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            told = np.argmax(np.where(prior > 0, table / prior, 0), axis=1)
            common = int(np.argmax(np.where(prior > 0, pooled / prior, 0)))
        told[rare] = common if pooled.sum() >= RARE else int(np.argmax(prior))
        said = told[places[test]]
        right = said == target.codes[test]
        hits += np.bincount(target.codes[test][right], minlength=k)
    present = totals > 0
    n = int(present.sum())
    if n < 2:
        return 0.0
    accuracy = float(np.mean(hits[present] / totals[present]))
    return max(0.0, (accuracy - 1 / n) / (1 - 1 / n))


def _quantity(places: Codes, target: Target, fold: Codes) -> float:
    assert target.ranks is not None
    wide, error = int(places.max(initial=0)) + 1, 0.0
    for part in range(FOLDS):
        learn, test = fold != part, fold == part
        count = np.bincount(places[learn], minlength=wide).astype(float)
        total = np.bincount(places[learn], weights=target.ranks[learn], minlength=wide)
        mean = float(target.ranks[learn].mean())
        rare = count < RARE
        rare[0] = False
        many = rare if count[rare].sum() >= RARE else np.arange(wide) > 0
        pooled = total[many].sum() / count[many].sum() if count[many].sum() >= RARE else mean
        told = np.where(rare, pooled, np.divide(total, count, out=np.full(wide, mean), where=count > 0))
        error += float(np.sum((target.ranks[test] - told[places[test]]) ** 2))
    spread = float(np.sum((target.ranks - target.ranks.mean()) ** 2))
    return max(0.0, 1 - error / spread) if spread else 0.0


def _binned(numbers: NDArray[np.float64]) -> Codes:
    """Return 0 for null, then quantile bins; a value so frequent that it fills a bin is one by itself."""
    known = ~np.isnan(numbers)
    values = numbers[known]
    out = np.zeros(len(numbers), np.int64)
    cuts = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)))
    unique, counts = np.unique(values, return_counts=True)
    heavy = unique[counts >= max(RARE, len(values) / BINS)]
    edges = np.unique(np.concatenate([cuts, heavy, np.nextafter(heavy, np.inf)]))
    out[known] = np.searchsorted(edges, values, side="right") + 1
    return out


@dataclass(frozen=True)
class OneSided:
    """A value that goes with one class only: in how many rows, and how many of another class were expected."""

    place: int
    label: int
    rows: int
    expected: float


def one_sided(codes: Codes, target: Target) -> OneSided | None:
    """Return the most telling value that is never seen with more than one class, where chance would show others.

    It must stand in at least 2 % of the rows, and at least 20 rows of another class must have been expected.
    """
    if target.codes is None:
        return None
    wide, k = int(codes.max(initial=-1)) + 1, target.classes
    if not 2 <= wide <= 200:
        return None
    known = codes >= 0
    table = np.bincount(codes[known] * k + target.codes[known], minlength=wide * k).reshape(wide, k)
    share = np.bincount(target.codes, minlength=k) / len(codes)
    rows, most = table.sum(axis=1), table.argmax(axis=1)
    expected = rows * (1 - share[most])
    pure = (rows == table.max(axis=1)) & (rows >= 0.02 * len(codes)) & (expected >= 20)
    if not pure.any():
        return None
    place = int(np.argmax(np.where(pure, expected, -1)))
    return OneSided(place, int(most[place]), int(rows[place]), float(expected[place]))


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = {"year": "year", "month": "month", "day": "day", "yyyy": "year", "mm": "month", "dd": "day"}


def date_parts(names: list[str]) -> dict[str, dict[str, str]]:
    """Return the dates that lie in three columns: ``arrival_date`` → year, month and day column.

    ``arrival_date_year``, ``arrival_date_month`` and ``arrival_date_day_of_month`` share their first words.
    """
    found: dict[str, dict[str, str]] = {}
    for name in names:
        match = re.fullmatch(r"(?i)(.*?)[_\s-]*(year|month|day)(?:_?of_?month)?", name)
        if match:
            found.setdefault(match.group(1).lower(), {}).setdefault(_PARTS[match.group(2).lower()], name)
    return {k: v for k, v in found.items() if len(v) == 3}


def assembled(year: Any, month: list[Any], day: Any) -> NDArray[np.float64]:
    """Return days since 1970 of dates in parts, NaN where they are none. month: numbers or English names."""
    number = np.array([_month(m) for m in month], float)
    valid = (
        np.isfinite(year) & np.isfinite(number) & np.isfinite(day) & (year > 1600) & (year < 2600)
        & (day >= 1) & (day <= 31)
    )  # fmt: skip
    out = np.full(len(number), np.nan)
    months = (year[valid].astype(np.int64) - 1970) * 12 + number[valid].astype(np.int64) - 1
    start = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    out[valid] = start + day[valid] - 1
    return out


def _month(value: Any) -> float:
    text = str(value).strip().lower()
    if text[:3] in _MONTHS:
        return _MONTHS.index(text[:3]) + 1
    try:
        number = float(text)
    except ValueError:
        return float("nan")
    return number if 1 <= number <= 12 else float("nan")


_SHAPES = (
    "%Y-%m-%d",
    "%d-%m-%y",
    "%d-%m-%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%Y%m%d",
)


def parsed_dates(codes: Codes, values: list[Any]) -> NDArray[np.float64] | None:
    """Return days since 1970 where at least 95 % of the distinct texts are dates of one shape, else None."""
    from datetime import date, datetime

    some = [v for v in values[:50] if isinstance(v, str)]
    if not some or not all(re.search(r"\d", v) and 6 <= len(v) <= 40 for v in some):
        return None
    for shape in _SHAPES:
        days = np.full(len(values) + 1, np.nan)
        for place, value in enumerate(values):
            try:
                days[place] = (datetime.strptime(value[:10].strip(), shape).date() - date(1970, 1, 1)).days
            except (ValueError, TypeError):
                if place > 40 and np.isnan(days[:place]).mean() > 0.1:
                    break
        if np.mean(~np.isnan(days[:-1])) >= 0.95:
            return days[codes]
    return None
