"""How well scores put the relevant rows of each query first.

NDCG with gains 2^relevance - 1 and discounts 1 / log2(place + 1) (Järvelin and Kekäläinen 2002; Burges et al. 2005);
average precision and the reciprocal rank take a relevance above 0 as relevant. Rows of equal score share their places:
gains are averaged over the order that ties leave open, which is the expectation over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Ranked:
    """Each query's figures, arrays of one length; NaN where a query has no relevant row.

    first: the place of its first row. size: its rows. chance: the NDCG that a random order has on average.
    """

    ndcg: Any
    ndcg_10: Any
    average_precision: Any
    reciprocal_rank: Any
    chance: Any
    first: Any
    size: Any


def ranked(query: Any, relevance: Any, score: Any) -> Ranked:
    """Judge the scores of each query's rows. query: any integers; relevance: 0 or more; score: finite."""
    relevance, score = np.asarray(relevance, np.float64), np.asarray(score, np.float64)
    _, first, inverse = np.unique(query, return_index=True, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    ends = np.cumsum(np.bincount(inverse))
    rows = [_one(relevance[part], score[part]) for part in np.split(order, ends[:-1])]
    ndcg, ndcg_10, precision, reciprocal, chance = np.array(rows).T
    size = np.diff(np.concatenate([[0], ends]))
    return Ranked(ndcg, ndcg_10, precision, reciprocal, chance, first, size)


def _one(relevance: Any, score: Any) -> tuple[float, float, float, float, float]:
    if not (relevance > 0).any():
        return (np.nan,) * 5
    gains, n = 2.0**relevance - 1, len(relevance)
    discounts = 1 / np.log2(np.arange(2, n + 2))
    best = np.sort(gains)[::-1]
    ideal = float(best @ discounts)
    order = np.argsort(-score, kind="stable")
    placed = _shared(gains[order], score[order])
    found = float(placed @ discounts)
    top = min(10, n)
    hits = (relevance[order] > 0).astype(float)
    shared = _shared(hits, score[order])
    return (
        found / ideal,
        float(placed[:top] @ discounts[:top]) / float(best[:top] @ discounts[:top]),
        _precision(hits, score[order]),
        _reciprocal(shared, hits, score[order]),
        float(gains.mean() * discounts.sum()) / ideal,
    )


def _shared(values: Any, score: Any) -> Any:
    """Give rows of equal score the mean of their values; score: falling."""
    _, at, counts = np.unique(-score, return_inverse=True, return_counts=True)
    return (np.bincount(at, weights=values) / counts)[at]


def _precision(hits: Any, score: Any) -> float:
    """Return average precision by thresholds: rows of equal score are taken in together, as scikit-learn does."""
    last = np.flatnonzero(np.append(score[:-1] != score[1:], True))
    found = np.cumsum(hits)[last]
    gained = np.diff(np.concatenate([[0.0], found]))
    return float((gained * found / (last + 1)).sum() / hits.sum())


def _reciprocal(shared: Any, hits: Any, score: Any) -> float:
    """Return the expected reciprocal of the first relevant place, over the order that ties leave open."""
    at = int(np.flatnonzero(shared > 0)[0])
    same = score == score[at]
    begin, n, k = int(np.flatnonzero(same)[0]), int(same.sum()), int(hits[same].sum())
    # The first of k relevant among n shuffled stands at j with probability C(n - j, k - 1) / C(n, k)
    chance, out = k / n, 0.0
    for j in range(1, n - k + 2):
        out += chance / (begin + j)
        chance *= (n - j - k + 1) / (n - j) if n > j else 0.0
    return out
