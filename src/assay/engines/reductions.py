"""Fairness by reduction to weighted learning, done by fairlearn: the same learner is fitted again and again, to other weights."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assay.engines.extras import install
from assay.kernel.errors import AssayError, BadInput, Missing

Constraint = Literal[
    "demographic_parity", "equalized_odds", "true_positive_rate_parity", "false_positive_rate_parity",
    "error_rate_parity", "bounded_group_loss",
]  # fmt: skip
Method = Literal["exponentiated_gradient", "grid_search"]
Learn = Callable[[Any, Any, Any], "Part"]  # places of rows, which are yes, weights
_NEVER = 1e-6  # a chance under which a part is left out


@dataclass(frozen=True, slots=True)
class Part:
    """One fit. score: from places of rows to their chance of yes. inside: what it is made of, to be kept."""

    score: Callable[[Any], Any]
    inside: Any


@dataclass(frozen=True, slots=True)
class Reduced:
    """The parts that were learnt, with the chance of each in the randomised classifier (0 for one that was tried alone)."""

    parts: list[Part]
    chances: list[float]
    fits: int


class _Places:
    """What fairlearn takes for an estimator: it is given the places of rows, and its learner knows what stands there."""

    def __init__(self, learn: Learn, counted: list[int]) -> None:
        self.learn, self.counted = learn, counted
        self.part: Part | None = None

    def __deepcopy__(self, memo: Any) -> _Places:
        return _Places(self.learn, self.counted)  # the rows are not copied

    def fit(self, x: Any, y: Any, sample_weight: Any = None) -> _Places:
        import numpy as np

        self.counted[0] += 1
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        self.part = self.learn(_places(x), np.asarray(y).ravel() > 0.5, weights)
        return self

    def predict(self, x: Any) -> Any:
        assert self.part is not None
        return (self.part.score(_places(x)) > 0.5).astype(int)


def _places(x: Any) -> Any:
    import numpy as np

    return np.asarray(x)[:, 0].astype(np.int64)


def reduce(
    learn: Learn,
    yes: Any,
    groups: Any,
    *,
    constraint: Constraint,
    method: Method,
    bound: float,
    most: int,
    on_fit: Callable[[int], None] | None = None,
) -> Reduced:
    """Return what the reduction learns of rows 0 to n - 1 (Agarwal, Beygelzimer, Dudík, Langford, Wallach 2018).

    yes: booleans. groups: codes. bound: how far apart the rates may be, or the greatest loss of a group. most: rounds of the
    gradient, or points of the grid. Missing where fairlearn is not installed; BadInput where it can make nothing of the rows.
    """
    import numpy as np

    fairlearn = loaded()
    counted = [0]

    def told(places: Any, label: Any, weights: Any) -> Part:
        if on_fit is not None:
            on_fit(counted[0])
        return learn(places, label, weights)

    held = _constraint(fairlearn, constraint, bound)
    estimator = _Places(told, counted)
    x = np.arange(len(yes), dtype=np.float64)[:, None]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if method == "grid_search":
                found = fairlearn.GridSearch(estimator, held, grid_size=most)
            else:
                found = fairlearn.ExponentiatedGradient(
                    estimator, held, eps=max(bound / 2, 0.005), max_iter=most
                )
            found.fit(x, np.asarray(yes).astype(int), sensitive_features=np.asarray(groups))
    except AssayError:  # of a learner that failed: it says so itself
        raise
    except (ValueError, RuntimeError, KeyError, ZeroDivisionError, np.linalg.LinAlgError) as error:
        raise BadInput(
            f"fairlearn can make nothing of these rows: {str(error)[:160] or type(error).__name__}",
            remedy="look at the groups: each needs rows of both outcomes",
        ) from None
    return _gathered(found, method, counted[0])


def _gathered(found: Any, method: Method, fits: int) -> Reduced:
    import numpy as np

    predictors = list(found.predictors_)
    if method == "grid_search":
        chances = [float(i == found.best_idx_) for i in range(len(predictors))]
    else:
        chances = [float(w) for w in np.asarray(found.weights_)][: len(predictors)]
        chances += [0.0] * (len(predictors) - len(chances))
    parts = [p.part if isinstance(p, _Places) and p.part is not None else _constant(p) for p in predictors]
    return Reduced(parts, [c if c > _NEVER else 0.0 for c in chances], fits)


def _constant(predictor: Any) -> Part:
    """Return the part of one answer for all, which fairlearn learns where all weights are on one side."""
    import numpy as np

    value = float(np.asarray(predictor.predict(np.zeros((1, 1)))).ravel()[0])
    return Part(lambda places: np.full(len(places), value), value)


def loaded() -> Any:
    """Return fairlearn's reductions; Missing, with how to install them, where they are not there."""
    try:
        from fairlearn import reductions
    except ImportError:
        raise Missing(
            "the reductions are fairlearn's, which is not installed", remedy=install("fairness")
        ) from None
    return reductions


def _constraint(fairlearn: Any, name: Constraint, bound: float) -> Any:
    if name == "bounded_group_loss":
        return fairlearn.BoundedGroupLoss(fairlearn.ZeroOneLoss(), upper_bound=bound)
    kinds = {
        "demographic_parity": "DemographicParity", "equalized_odds": "EqualizedOdds",
        "true_positive_rate_parity": "TruePositiveRateParity",
        "false_positive_rate_parity": "FalsePositiveRateParity", "error_rate_parity": "ErrorRateParity",
    }  # fmt: skip
    return getattr(fairlearn, kinds[name])(difference_bound=bound)


def violation(constraint: Constraint, said: Any, yes: Any, groups: Any) -> float:
    """Return how far apart the groups' rates are that the constraint is of, or the greatest loss of a group."""
    import numpy as np

    found: list[list[float]] = []
    for group in np.unique(groups):
        own = groups == group
        rates = {
            "demographic_parity": [said[own]], "error_rate_parity": [said[own] != yes[own]],
            "bounded_group_loss": [said[own] != yes[own]], "true_positive_rate_parity": [said[own & yes]],
            "false_positive_rate_parity": [said[own & ~yes]],
            "equalized_odds": [said[own & yes], said[own & ~yes]],
        }[constraint]  # fmt: skip
        found.append([float(r.mean()) if len(r) else np.nan for r in rates])
    held = np.array(found)
    if constraint == "bounded_group_loss":
        return float(np.nanmax(held))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(np.nanmax(np.nanmax(held, axis=0) - np.nanmin(held, axis=0)))


def alone(parts: Sequence[Part], constraint: Constraint, bound: float, yes: Any, groups: Any) -> int:
    """Return the place of the part that is best by itself: of those within the bound the most accurate, else the nearest."""
    import numpy as np

    rows = np.arange(len(yes))
    told = [p.score(rows) > 0.5 for p in parts]
    apart = [violation(constraint, s, yes, groups) for s in told]
    right = [float((s == yes).mean()) for s in told]
    inside = [i for i in range(len(parts)) if apart[i] <= bound + 1e-9]
    if inside:
        return max(inside, key=lambda i: right[i])
    return min(range(len(parts)), key=lambda i: (round(apart[i], 4), -right[i]))
