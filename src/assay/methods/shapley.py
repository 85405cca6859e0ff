"""Shapley values by sampling permutations, in antithetic pairs, against a background sample.

φ_j is the mean over permutations of f(x with j and all before it) - f(x with all before it), features not yet reached
being taken from a background row (Štrumbelj and Kononenko 2014). A permutation and its reverse share a background row.
Each permutation's differences add up to f(x) - f(background row), so efficiency holds exactly for the sample.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Evaluate = Callable[[Any, Any, Any], Any]


def sampled(
    rows: int,
    features: int,
    background: int,
    evaluate: Evaluate,
    rng: np.random.Generator,
    pairs: int = 8,
) -> tuple[Any, Any, Any]:
    """Return (values, standard errors, base): n × p, n × p and n.

    evaluate(row, background row, mask) answers for many hybrids at once: three arrays of one length, where mask
    (length × p) says which features come from the row.
    """
    total = np.zeros((rows, features))
    squares = np.zeros((rows, features))
    base = np.zeros(rows)
    for _ in range(pairs):
        order = np.stack([rng.permutation(features) for _ in range(rows)])
        other = rng.integers(0, background, rows)
        halves = []
        for direction in (order, order[:, ::-1]):
            values, start = _walk(direction, other, evaluate)
            halves.append(values)
            base += start / (2 * pairs)
        mean = (halves[0] + halves[1]) / 2
        total += mean
        squares += mean**2
    values = total / pairs
    spread = np.sqrt(np.maximum(squares / pairs - values**2, 0) / max(pairs - 1, 1))
    return values, spread, base


def _walk(order: Any, other: Any, evaluate: Evaluate) -> tuple[Any, Any]:
    rows, features = order.shape
    masks = np.zeros((features + 1, rows, features), dtype=bool)
    for step in range(features):
        masks[step + 1] = masks[step]
        masks[step + 1][np.arange(rows), order[:, step]] = True
    row = np.tile(np.arange(rows), features + 1)
    answers = evaluate(row, np.tile(other, features + 1), masks.reshape(-1, features)).reshape(
        features + 1, rows
    )
    values = np.zeros((rows, features))
    steps = np.diff(answers, axis=0)
    for step in range(features):
        values[np.arange(rows), order[:, step]] = steps[step]
    return values, answers[0]
