"""Linear models: their coefficients, and the answer that these add up to. Runs inside the sandbox only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

_LOG = ("PoissonRegressor", "GammaRegressor")
_OTHER_LINK = ("TweedieRegressor",)


class Weights(NamedTuple):
    """Outputs × features, outputs, and the model's own answer (rows × outputs) in ``unit``."""

    coefficients: Any
    intercept: Any
    margin: Callable[[Any], Any]
    unit: str


def weights(model: Any) -> Weights | None:
    """Return a linear model of scikit-learn as weights; None where it is none."""
    kind, module = type(model).__name__, type(model).__module__
    linear = module.startswith("sklearn.linear_model") or kind in ("LinearSVC", "LinearSVR")
    coefficients = getattr(model, "coef_", None)
    if not linear or coefficients is None or kind in _OTHER_LINK:
        return None
    coefficients = coefficients.toarray() if hasattr(coefficients, "toarray") else coefficients
    coefficients = np.atleast_2d(np.asarray(coefficients, dtype=np.float64))
    classes = hasattr(model, "classes_")
    intercept = np.broadcast_to(
        np.ravel(np.asarray(model.intercept_, dtype=np.float64)), (len(coefficients),)
    )

    def margin(given: Any) -> Any:
        said = np.asarray(
            model.decision_function(given) if classes else model.predict(given), dtype=np.float64
        )
        return (np.log(said) if kind in _LOG else said).reshape(len(said), -1)

    likely = classes and hasattr(model, "predict_proba") and kind.startswith("LogisticRegression")
    unit = "log-odds" if likely else "margin" if classes else "log" if kind in _LOG else "output"
    return Weights(coefficients, intercept, margin, unit)
