"""Kernel SHAP: Shapley values as a weighted least squares over coalitions (Lundberg and Lee 2017).

φ minimises Σ_S w(S) (v(S) - v(∅) - Σ_{j∈S} φ_j)² under Σ φ_j = v(all) - v(∅), with w(S) ∝ (p-1) / (C(p,|S|) |S| (p-|S|)).
The smallest and largest coalitions are taken whole; others are drawn by their weight, each with its complement (Covert and
Lee 2021), the same ones for every row, so that one matrix is solved. Standard errors are the sandwich's, pair by pair, of
drawing coalitions: the background rows are taken as given.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
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
    behind = affordable(features, background, each)
    masks, weight, drawn = _coalitions(features, max(2 * features, (each - behind - 1) // behind), rng)
    behind = max(
        1, min(behind, (each - 1) // (len(masks) + 1))
    )  # sizes are taken whole, and may be more than was counted on
    some = np.sort(rng.choice(background, behind, replace=False))
    worth = np.empty((rows, len(masks)))

    def ask(row: Any, other: Any, mask: Any) -> Any:
        return evaluate(row, some[other], mask)

    for row in range(rows):
        worth[row] = _worth(np.full(len(masks), row), masks, behind, ask)
    total, base = _ends(rows, features, behind, ask)
    return (*_solved(masks, weight, drawn, worth - base[:, None], total), base)


def _ends(rows: int, features: int, background: int, evaluate: Evaluate) -> tuple[Any, Any]:
    index = np.arange(rows)
    base = _worth(index, np.zeros((rows, features), dtype=bool), background, evaluate)
    full = evaluate(index, np.zeros(rows, dtype=int), np.ones((rows, features), dtype=bool))
    return full - base, base


def affordable(features: int, background: int, each: int) -> int:
    """Return how many background rows a coalition can be asked about, at four coalitions a feature."""
    return min(background, max(1, each // (4 * features)))


def _coalitions(features: int, count: int, rng: np.random.Generator) -> tuple[Any, Any, int]:
    """Return coalitions, their weights, and how many of them, the last, were drawn: pairs, first all their firsts.

    Sizes are taken whole from the outside in, as long as their share of the count covers them: there most of the weight
    lies. The rest is drawn by its weight, each with its complement.
    """
    sizes = np.arange(1, features)
    mass = 1 / (sizes * (features - sizes))
    mass = mass / mass.sum()
    whole: list[Any] = []
    weight: list[float] = []
    left, size = 1.0, 1
    while size <= features // 2:
        both = size if 2 * size == features else (size, features - size)
        share = float(mass[np.unique(both) - 1].sum())
        held = comb(features, size) * (1 if 2 * size == features else 2)
        if (count - len(whole)) * share < held * left - 1e-9:
            break
        for chosen in combinations(range(features), size):
            mask = np.zeros(features, dtype=bool)
            mask[list(chosen)] = True
            whole += [mask] if 2 * size == features else [mask, ~mask]
        weight += [share / held] * held
        left, size = left - share, size + 1
    if size > features // 2:
        return np.array(whole), np.array(weight), 0
    inner = np.arange(size, features - size + 1)
    pairs = max(features, (count - len(whole)) // 2)
    of = rng.choice(inner, pairs, p=mass[inner - 1] / mass[inner - 1].sum())
    rank = rng.random((pairs, features)).argsort(axis=1).argsort(axis=1)
    first = rank < of[:, None]
    masks = np.concatenate([np.array(whole).reshape(-1, features).astype(bool), first, ~first])
    return masks, np.array(weight + [left / (2 * pairs)] * (2 * pairs)), 2 * pairs


def _solved(masks: Any, weight: Any, drawn: int, worth: Any, total: Any) -> tuple[Any, Any]:
    z = masks.astype(float)
    weighted = z * weight[:, None]
    inverse = np.linalg.pinv(weighted.T @ z)
    one = inverse.sum(axis=1)
    free = (worth @ weighted) @ inverse
    values = free - np.outer((free.sum(axis=1) - total) / one.sum(), one)
    error = np.zeros_like(values)
    if not drawn:
        return values, error
    # the constraint takes one direction out of what the coalitions leave uncertain
    project = inverse - np.outer(one, one) / one.sum()
    rest = (worth - values @ z.T)[:, -drawn:]
    half, last = drawn // 2, weighted[-drawn:]
    for row, left in enumerate(rest):
        pair = last[:half] * left[:half, None] + last[half:] * left[half:, None]
        error[row] = np.sqrt(half * (pair @ project.T).var(axis=0, ddof=1))
    return values, error * np.sqrt(half / max(half - values.shape[1], 1))
