"""The classifier two-sample test: whether rows of two tables can be told apart, and by which columns.

A classifier learns which table a row is from, on one half of the rows, and says so of the other, and the other way round
(Lopez-Paz and Oquab 2017). Where the tables are of one distribution it cannot do better than chance, an area under the ROC curve of 0.5; what
lies above is seen in any combination of columns, not just in one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.methods.drift.counted import Floats

FOLDS = 2  # of more folds each test is of fewer rows, and the folds lean on one another as much
ROUNDS = 40
MOST_CODES = 200  # categories told apart in one column; the rarer ones are one


@dataclass(frozen=True)
class Told:
    """How well the new rows are told from the baseline's: area under the curve, 95 % interval, p-value, rows, shares.

    by: column → share of what the classifier went by, greatest first.
    """

    auc: float
    interval: tuple[float, float]
    p: float
    rows: int
    by: dict[str, float]


def codes(old: Sequence[Any], new: Sequence[Any]) -> tuple[Floats, Floats]:
    """Return categories of both samples as codes from 0, the commonest first; null is NaN, the rarer ones share a code."""
    import pyarrow as pa

    array = pa.concat_arrays([pa.array(old, pa.string()), pa.array(new, pa.string())]).dictionary_encode()
    raw = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    counts = np.bincount(raw[raw >= 0], minlength=len(array.dictionary))
    place = np.empty(len(counts) + 1)
    place[np.argsort(-counts, kind="stable")] = np.minimum(np.arange(len(counts)), MOST_CODES - 1)
    place[-1] = math.nan
    out = place[raw]
    return out[: len(old)], out[len(old) :]


def told(
    names: Sequence[str],
    old: Floats,
    new: Floats,
    categorical: Sequence[bool],
    rng: np.random.Generator,
    threads: int = 1,
) -> Told:
    """Return how well gradient-boosted trees tell ``new`` (m × k) from ``old`` (n × k), each column a number or a code."""
    import xgboost

    data = np.vstack([old, new])
    for place in np.flatnonzero(~np.asarray(categorical, bool)):
        data[:, place] = _ranked(data[:, place])
    window = np.r_[np.zeros(len(old)), np.ones(len(new))]
    # The classes weigh the same, whatever the tables' sizes.
    weight = np.where(window > 0, len(data) / (2 * len(new)), len(data) / (2 * len(old)))
    types = ["c" if c else "float" for c in categorical]
    parameters = {
        "objective": "binary:logistic", "max_depth": 4, "eta": 0.2, "min_child_weight": 10, "max_bin": 64,
        "tree_method": "hist", "nthread": threads, "seed": int(rng.integers(1 << 31)), "verbosity": 0,
    }  # fmt: skip
    fold = _folds(window, rng)
    gain = np.zeros(len(names))
    parts = []
    for part in range(FOLDS):
        learn, asked = fold != part, fold == part
        matrix = xgboost.QuantileDMatrix(
            data[learn], window[learn], weight=weight[learn], feature_types=types, enable_categorical=True,
            max_bin=64, nthread=threads,
        )  # fmt: skip
        model = xgboost.train(parameters, matrix, ROUNDS)
        for key, value in model.get_score(importance_type="total_gain").items():
            gain[int(key[1:])] += float(value if isinstance(value, (int, float)) else value[0])
        score = np.asarray(model.inplace_predict(data[asked], predict_type="margin"), dtype=np.float64)
        parts.append((score[window[asked] == 0], score[window[asked] == 1]))
    area, interval, p = judged(parts)
    share = gain / gain.sum() if gain.sum() else gain
    order = np.argsort(-share, kind="stable")
    return Told(area, interval, p, len(data), {names[i]: float(share[i]) for i in order})


def _ranked(values: Floats) -> Floats:
    """Return the place of each number among the different ones: all a tree goes by, and never too large for it."""
    known = ~np.isnan(values)
    out = np.full(len(values), np.nan)
    out[known] = np.unique(values[known], return_inverse=True)[1]
    return out


def told_texts(old: Sequence[str], new: Sequence[str], rng: np.random.Generator) -> Told:
    """Return how well a linear classifier of hashed words tells the new texts from the old ones, and by which words."""
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier

    make = HashingVectorizer(n_features=1 << 16, alternate_sign=False, norm="l2", lowercase=True)
    data = make.transform([*old, *new])
    window = np.r_[np.zeros(len(old)), np.ones(len(new))]
    fold = _folds(window, rng)
    seed = int(rng.integers(1 << 31))
    parts, weights = [], np.zeros(1 << 16)
    for part in range(FOLDS):
        learn, asked = fold != part, fold == part
        model = SGDClassifier(
            loss="log_loss", class_weight="balanced", max_iter=10, tol=None, random_state=seed
        )
        model.fit(data[learn], window[learn])
        weights += model.coef_[0]
        score = model.decision_function(data[asked])
        parts.append((score[window[asked] == 0], score[window[asked] == 1]))
    area, interval, p = judged(parts)
    return Told(area, interval, p, len(window), _words(make, weights, new))


def _words(make: Any, weights: Floats, new: Sequence[str]) -> dict[str, float]:
    """Return the words of the new texts that speak loudest for them, by their share of the weights."""
    seen = make.build_analyzer()
    words = sorted({w for text in new[:2000] for w in seen(text)})[:20_000]
    if not words:
        return {}
    weight = np.asarray(make.transform(words) @ weights)
    loud = np.argsort(-weight, kind="stable")[:10]
    total = float(np.abs(weights).sum()) or 1.0
    return {words[i]: float(weight[i]) / total for i in loud if weight[i] > 0}


def _folds(window: Floats, rng: np.random.Generator) -> Any:
    """Each fold has its share of each table: otherwise what a fold lacks, the others have, and chance falls below 0.5."""
    out = np.empty(len(window), np.int64)
    for side in (0, 1):
        rows = np.flatnonzero(window == side)
        out[rng.permutation(rows)] = np.arange(len(rows)) % FOLDS
    return out


def judged(parts: Sequence[tuple[Floats, Floats]]) -> tuple[float, tuple[float, float], float]:
    """Return (mean area, 95 % interval, one-sided p-value that it is chance) of the folds' scores (baseline, new).

    Each fold's rows had no part in its classifier, so that its rank sum's p-value (with ties) holds. The folds lean on one
    another, each being learnt from where the other is asked; taking their mean for one of independent folds alarms two or
    three times as often as it says. So p is the least of theirs times their number (Bonferroni), which holds whatever their
    dependence, and the interval is as wide as one fold's (DeLong 1988).
    """
    areas, spreads, chances = zip(*(area(*part) for part in parts), strict=True)
    mean = float(np.mean(areas))
    error = math.sqrt(float(np.mean(spreads)))
    each = [
        0.5 * math.erfc((a - 0.5) / math.sqrt(2 * chance)) if chance > 0 else 1.0
        for a, chance in zip(areas, chances, strict=True)
    ]
    p = min(1.0, len(parts) * min(each))
    return mean, (max(0.0, mean - 1.96 * error), min(1.0, mean + 1.96 * error)), p


def area(old: Floats, new: Floats) -> tuple[float, float, float]:
    """Return the area under the ROC curve of scores, its variance (DeLong), and its variance were the two alike."""
    n, m = len(old), len(new)
    both = np.concatenate([old, new])
    ranks, ties = _midranks(both)
    above = (ranks[n:] - _midranks(new)[0]) / n  # of each new row: the share of old ones that it scores above
    below = 1 - (ranks[:n] - _midranks(old)[0]) / m
    value = float(above.mean())
    spread = float(above.var(ddof=1)) / m + float(below.var(ddof=1)) / n if min(n, m) > 1 else 0.0
    total = n + m
    tied = float(np.sum(ties**3 - ties)) / (total * (total - 1))
    return value, spread, (total + 1 - tied) / (12 * n * m)


def _midranks(values: Floats) -> tuple[Floats, Floats]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse], counts.astype(np.float64)
