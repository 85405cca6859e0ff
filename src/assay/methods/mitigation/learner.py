"""Reference learners: what a usual model makes of a table, so that a treatment of data can be judged by what is learnt
from it. Boosted trees and logistic regression, on the user's own rows, in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from assay.methods.mitigation.features import Encoder, Matrix

Kind = Literal["trees", "logistic"]
KINDS: tuple[Kind, ...] = ("trees", "logistic")
ROUNDS, DEPTH, RATE = 60, 4, 0.2
_STEPS = 60
_ENOUGH = 1e-6  # of the loss: a step that gains no more is the last

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model that was learnt. score: from a matrix of the encoder to each row's chance of yes. inside: what it is made of."""

    kind: Kind
    score: Callable[[Matrix], Floats]
    inside: Any


def learn(
    kind: Kind,
    encoder: Encoder,
    x: Matrix,
    yes: Any,
    weights: Floats | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Learnt:
    """Return a model of which rows are yes. x: of the encoder; weights: of each row, 0 or more."""
    if not yes.any() or yes.all():
        alone = float(yes.any())
        return Learnt(kind, lambda rows: np.full(len(rows), alone), alone)
    return (trees if kind == "trees" else logistic)(encoder, x, yes, weights, seed, threads)


def trees(encoder: Encoder, x: Matrix, yes: Any, weights: Floats | None, seed: int, threads: int) -> Learnt:
    """Boosted trees: 60 of depth 4."""
    import xgboost

    options = {
        "objective": "binary:logistic", "max_depth": DEPTH, "eta": RATE, "nthread": threads, "verbosity": 0,
        "tree_method": "hist", "seed": seed,
    }  # fmt: skip

    def matrix(rows: Matrix, label: Any = None, weight: Any = None) -> Any:
        return xgboost.DMatrix(
            rows, label, weight=weight, feature_types=encoder.types, enable_categorical=True, nthread=threads
        )

    model = xgboost.train(options, matrix(x, yes.astype(float), weights), ROUNDS)
    return Learnt("trees", lambda rows: model.predict(matrix(rows)).astype(np.float64), model)


def logistic(
    encoder: Encoder, x: Matrix, yes: Any, weights: Floats | None, seed: int, threads: int
) -> Learnt:
    """Logistic regression with a ridge of 1 on standardised numbers and a column a value."""
    found = linear(encoder.design(x), yes, weights)
    return Learnt("logistic", lambda rows: found.score(encoder.design(rows)), found)


@dataclass(frozen=True, slots=True)
class Linear:
    """A logistic regression. coefficients: of each column of the design."""

    coefficients: Floats
    intercept: float

    def score(self, design: Matrix) -> Floats:
        """Return each row's chance of yes."""
        margin = design @ self.coefficients + self.intercept
        out: Floats = 0.5 * (1 + np.tanh(margin / 2))
        return out


def linear(
    design: Matrix, yes: Any, weights: Floats | None = None, ridge: float = 1.0, start: Linear | None = None
) -> Linear:
    """Fit a logistic regression by Newton's method: the ridge is on all but the intercept, as scikit-learn's C = 1 / ridge.

    Each step is halved while it makes the loss worse, so that it ends at the one minimum there is, wherever it starts.
    """
    from scipy.linalg.blas import dsyrk
    from threadpoolctl import threadpool_limits

    n, p = design.shape
    w = np.ones(n) if weights is None else weights
    y = np.asarray(yes, dtype=np.float64)
    full = np.empty((n, p + 1), order="C")
    full[:, :p], full[:, p] = design, 1.0
    penalty = np.full(p + 1, ridge)
    penalty[-1] = 0.0
    beta = np.zeros(p + 1) if start is None else np.append(start.coefficients, start.intercept)
    lean = np.empty_like(full)

    def loss(b: Floats, margin: Floats) -> float:
        # ln(1 + e^m) - y m, without overflow
        each = np.maximum(margin, 0) - y * margin + np.log1p(np.exp(-np.abs(margin)))
        return float(w @ each + 0.5 * (penalty * b) @ b)

    with threadpool_limits(1, "blas"):  # threads that wait for one another cost more than they bring here
        margin = full @ beta
        now = loss(beta, margin)
        for _ in range(_STEPS):
            chance = 0.5 * (1 + np.tanh(margin / 2))
            slope = full.T @ (w * (chance - y)) + penalty * beta
            np.multiply(full, np.sqrt(w * np.maximum(chance * (1 - chance), 1e-9))[:, None], out=lean)
            bend = dsyrk(1.0, lean.T, lower=0)
            bend = np.triu(bend) + np.triu(bend, 1).T
            bend[np.diag_indices(p + 1)] += penalty + 1e-8
            step = np.linalg.solve(bend, slope)
            size, ahead = 1.0, full @ step
            while (then := loss(beta - size * step, margin - size * ahead)) > now and size > 1e-6:
                size /= 2
            if then > now:
                break
            gained = now - then
            beta, margin, now = beta - size * step, margin - size * ahead, then
            if gained <= _ENOUGH * max(1.0, abs(now)):
                break
    return Linear(beta[:-1], float(beta[-1]))
