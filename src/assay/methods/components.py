"""Principal components from moments that are summed up batch by batch, so that the rows are never held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
MOST_COLUMNS = 4_000


@dataclass
class Moments:
    """Sums of d columns over rows, missing values (NaN) left out column by column.

    Each is summed about ``shift``, the mean of the first rows that have a value of it: this keeps the digits.
    """

    count: Floats
    shift: Floats
    total: Floats
    squares: Floats

    @classmethod
    def empty(cls, columns: int) -> Moments:
        """Begin without a row."""
        return cls(*(np.zeros(columns) for _ in range(4)))

    def add(self, rows: Floats) -> None:
        """Take rows (n × d) into account."""
        known = ~np.isnan(rows)
        here = known.sum(axis=0)
        new = (self.count == 0) & (here > 0)
        if new.any():
            self.shift[new] = np.where(known, rows, 0)[:, new].sum(axis=0) / here[new]
        apart = np.where(known, rows - self.shift, 0)
        self.count += known.sum(axis=0)
        self.total += apart.sum(axis=0)
        self.squares += (apart**2).sum(axis=0)

    @property
    def mean(self) -> Floats:
        """Return the means."""
        out: Floats = self.shift + self.total / np.maximum(self.count, 1)
        return out

    @property
    def deviation(self) -> Floats:
        """Return the standard deviations (divided by n)."""
        n = np.maximum(self.count, 1)
        out: Floats = np.sqrt(np.maximum(0, self.squares / n - (self.total / n) ** 2))
        return out


@dataclass(frozen=True)
class Components:
    """A fitted transform of d columns to k components. vectors: k × d, orthonormal; variance: of each, divided by n - 1."""

    columns: tuple[str, ...]
    mean: Floats
    scale: Floats
    vectors: Floats
    variance: Floats
    whiten: bool
    all_variance: Floats = field(default_factory=lambda: np.empty(0))

    def transform(self, rows: Floats) -> Floats:
        """Return rows (n × d) as components (n × k); a missing value counts as the mean."""
        standard = (rows - self.mean) / self.scale
        out: Floats = np.where(np.isnan(standard), 0, standard) @ self.vectors.T
        return out / np.sqrt(self.variance) if self.whiten else out

    def inverse(self, parts: Floats) -> Floats:
        """Return the rows that components stand for, in the columns' own units."""
        plain = parts * np.sqrt(self.variance) if self.whiten else parts
        out: Floats = plain @ self.vectors * self.scale + self.mean
        return out

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        names = ("mean", "scale", "vectors", "variance")
        return {"columns": list(self.columns), "whiten": self.whiten} | {
            n: getattr(self, n).tolist() for n in names
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Components:
        """Read what to_json wrote; ValueError where its numbers do not fit together."""
        try:
            columns = tuple(str(c) for c in raw["columns"])
            mean, scale, vectors, variance = (
                np.array(raw[n], float) for n in ("mean", "scale", "vectors", "variance")
            )
            whiten = raw["whiten"] is True
        except (KeyError, TypeError, ValueError):
            raise ValueError("it lacks a part, or holds what is no number") from None
        d, k = len(columns), len(variance)
        fit = mean.shape == scale.shape == (d,) and vectors.shape == (k, d) and 0 < k <= d <= MOST_COLUMNS
        if not fit or not all(np.isfinite(v).all() for v in (mean, scale, vectors, variance)):
            raise ValueError("its numbers do not fit together")
        if (scale <= 0).any() or (variance < 0).any() or (whiten and (variance <= 0).any()):
            raise ValueError("its scales are not above zero")
        return cls(columns, mean, scale, vectors, variance, whiten)


def fitted(
    columns: Sequence[str],
    mean: Floats,
    scale: Floats,
    products: Floats,
    rows: int,
    components: int | None,
    share: float,
    whiten: bool,
) -> Components:
    """Return the components of standardised rows. products: their d × d sum of products; rows: how many.

    components: how many; else the fewest that hold ``share`` of the variance. The greatest weight of each is positive.
    """
    variance, vectors = np.linalg.eigh(products / max(1, rows - 1))
    variance, vectors = np.maximum(variance[::-1], 0), vectors.T[::-1]
    held = np.cumsum(variance) / max(variance.sum(), 1e-300)
    count = components or int(np.searchsorted(held, share - 1e-12)) + 1
    count = max(1, min(count, len(variance)))
    if whiten:  # what does not vary cannot be brought to variance 1
        count = max(1, min(count, int((variance > variance[0] * 1e-12).sum())))
    chosen = vectors[:count]
    largest = np.abs(chosen).argmax(axis=1)
    chosen = chosen * np.where(chosen[np.arange(count), largest] < 0, -1, 1)[:, None]
    return Components(tuple(columns), mean, scale, chosen, variance[:count], whiten, variance)


def told(parts: Floats, truth: Any, classes: bool, rng: np.random.Generator) -> tuple[float, float]:
    """Return how well trees tell ``truth`` from the components on folds they did not learn from, and how well a constant does.

    Classes (codes from 0): the share of rows told right, and of the commonest. Numbers: R², whose constant is 0.
    """
    import xgboost

    fold = rng.permutation(np.arange(len(truth)) % 3)
    said = np.zeros(len(truth))
    many = int(truth.max()) + 1 if classes else 0
    kind = ("binary:logistic" if many == 2 else "multi:softmax") if classes else "reg:squarederror"
    parameters: dict[str, Any] = {"objective": kind, "max_depth": 4, "eta": 0.2, "nthread": 1, "verbosity": 0,
                                  "seed": int(rng.integers(1 << 31))}  # fmt: skip
    if many > 2:
        parameters["num_class"] = many
    for part in range(3):
        learn, asked = fold != part, fold == part
        model = xgboost.train(parameters, xgboost.DMatrix(parts[learn], truth[learn], nthread=1), 40)
        said[asked] = model.predict(xgboost.DMatrix(parts[asked], nthread=1))
    if not classes:
        spread = float(((truth - truth.mean()) ** 2).sum())
        return (1 - float(((truth - said) ** 2).sum()) / spread if spread else 0.0), 0.0
    right = (said > 0.5) == truth if many == 2 else said == truth
    return float(right.mean()), float(np.bincount(truth.astype(int)).max() / len(truth))
