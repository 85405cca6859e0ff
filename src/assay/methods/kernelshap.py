"""Kernel SHAP: Shapley values as a weighted least squares over coalitions (Lundberg and Lee 2017).

φ minimises Σ_S w(S) (v(S) - v(∅) - Σ_{j∈S} φ_j)² under Σ φ_j = v(all) - v(∅), with w(S) ∝ (p-1) / (C(p,|S|) |S| (p-|S|)).
Coalitions are drawn by their weight and each with its complement (Covert and Lee 2021), the same ones for every row, so
that one matrix is solved. Standard errors are the sandwich's, pair by pair; they are those of drawing coalitions, and of
the background rows where each coalition is asked about only some of them.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from typing import Any

import numpy as np

Evaluate = Callable[[Any, Any, Any], Any]


def whole(rows: int, features: int, background: int, evaluate: Evaluate) -> tuple[Any, Any]:
    """Return (values, base) over every subset of the features and every background row: exact for that background.

    evaluate(row, background row, mask): see methods/shapley.
    """
    codes = np.arange(1 << features)
    masks = (codes[:, None] >> np.arange(features)) & 1 == 1
    worth = np.stack([_worth(np.full(len(masks), i), masks, background, evaluate) for i in range(rows)])
    size = masks.sum(axis=1)
    values = np.zeros((rows, features))
    for j in range(features):
        without = codes[~masks[:, j]]
        weight = np.array([1 / (features * comb(features - 1, int(s))) for s in size[without]])
        values[:, j] = (worth[:, without | (1 << j)] - worth[:, without]) @ weight
    return values, worth[:, 0]


def _worth(row: Any, masks: Any, background: int, evaluate: Evaluate) -> Any:
    """Return the mean answer over the background for each mask."""
    count = len(masks)
    found = evaluate(
        np.repeat(row, background), np.tile(np.arange(background), count), masks.repeat(background, axis=0)
    )
    return found.reshape(count, background).mean(axis=1)


def sampled(
    rows: int, features: int, background: int, evaluate: Evaluate, rng: np.random.Generator, *, each: int
) -> tuple[Any, Any, Any]:
    """Return (values, standard errors, base): n × p, n × p and n. each: answers that a row may cost.

    Every row's own base and answer cost background + 1 of them; the rest goes to pairs of coalitions.
    """
    if features == 1:
        total, base = _ends(rows, features, background, evaluate)
        return total[:, None], np.zeros((rows, 1)), base
    behind = min(background, max(1, each // (16 * features)))
    some = np.sort(rng.choice(background, behind, replace=False))
    pairs = max(features, (each - behind - 1) // (2 * behind))
    first = _drawn(features, pairs, rng)
    masks = np.concatenate([first, ~first])
    worth = np.empty((rows, 2 * pairs))

    def ask(row: Any, other: Any, mask: Any) -> Any:
        return evaluate(row, some[other], mask)

    for row in range(rows):
        worth[row] = _worth(np.full(len(masks), row), masks, behind, ask)
    total, base = _ends(rows, features, behind, ask)
    return (*_solved(masks, worth - base[:, None], total), base)


def _ends(rows: int, features: int, background: int, evaluate: Evaluate) -> tuple[Any, Any]:
    index = np.arange(rows)
    base = _worth(index, np.zeros((rows, features), dtype=bool), background, evaluate)
    full = evaluate(index, np.zeros(rows, dtype=int), np.ones((rows, features), dtype=bool))
    return full - base, base


def _drawn(features: int, count: int, rng: np.random.Generator) -> Any:
    """Draw coalitions by the kernel's weight: first a size, then any set of that size."""
    sizes = np.arange(1, features)
    weight = 1 / (sizes * (features - sizes))
    size = rng.choice(sizes, count, p=weight / weight.sum())
    rank = rng.random((count, features)).argsort(axis=1).argsort(axis=1)
    return rank < size[:, None]


def _solved(masks: Any, worth: Any, total: Any) -> tuple[Any, Any]:
    z = masks.astype(float)
    count, features = z.shape
    inverse = np.linalg.pinv(z.T @ z / count)
    one = inverse.sum(axis=1)
    free = (worth @ z / count) @ inverse
    values = free - np.outer((free.sum(axis=1) - total) / one.sum(), one)
    # the constraint takes one direction out of what the coalitions leave uncertain
    project = inverse - np.outer(one, one) / one.sum()
    rest = worth - values @ z.T
    half = count // 2
    error = np.empty_like(values)
    for row, left in enumerate(rest):
        pair = z[:half] * left[:half, None] + z[half:] * left[half:, None]
        moved = pair @ project.T
        error[row] = np.sqrt((moved**2).sum(axis=0)) / count
    return values, error * np.sqrt(half / max(half - features, 1))
