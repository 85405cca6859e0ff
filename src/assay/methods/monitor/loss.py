"""How large a regression's errors are on rows whose labels are not there yet: direct loss estimation.

A second model learns on the reference how large the error of the first is, from the features and its answer (NannyML's
DLE); what it expects of the window's rows is their loss. Two are learnt, each on one half of the reference, so that what is
said of the reference is said by one that had not seen the row; of the window both are asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from assay.methods.drift.counted import Floats
from assay.methods.monitor.estimate import Measured

MEASURES = ("mae", "mse", "rmse", "mape", "msle", "rmsle")
_OF = {
    "mae": "absolute",
    "mse": "squared",
    "rmse": "squared",
    "mape": "relative",
    "msle": "log",
    "rmsle": "log",
}
_ROUNDS = 80


def losses(truth: Floats, said: Floats) -> dict[str, Floats]:
    """Return each row's absolute and squared error, its relative error where no truth is 0, and its squared log error where
    nothing is negative.
    """
    apart = np.abs(truth - said)
    out = {"absolute": apart, "squared": apart**2}
    if len(truth) and np.abs(truth).min() > 0:
        out["relative"] = apart / np.abs(truth)
    if len(truth) and min(truth.min(), said.min()) >= 0:
        out["log"] = (np.log1p(truth) - np.log1p(said)) ** 2
    return out


def measured(of: dict[str, Floats], names: Sequence[str] = MEASURES) -> dict[str, Measured]:
    """Return the measures of rows' losses, true or expected."""
    out = {}
    for name in names:
        values = of.get(_OF[name])
        if values is None or not len(values):
            continue
        mean = float(values.mean())
        if not name.startswith("rms"):
            out[name] = Measured(mean, values - mean)
        else:
            root = math.sqrt(max(0.0, mean))
            out[name] = Measured(root, (values - mean) / (2 * root) if root else values * 0.0)
    return out


class Expected:
    """Losses learnt on a reference. features: n × k, numbers or codes of categories, NaN missing."""

    def __init__(
        self, features: Floats, categorical: Sequence[bool], of: dict[str, Floats], rng: np.random.Generator,
        threads: int = 1,
    ) -> None:  # fmt: skip
        """Learn each loss on either half of the rows."""
        self._types = ["c" if c else "float" for c in categorical]
        self._threads = threads
        half = np.zeros(len(features), bool)
        half[rng.permutation(len(features))[: len(features) // 2]] = True
        seed = int(rng.integers(1 << 31))
        self.reference: dict[str, Floats] = {}
        self._models: dict[str, list[Any]] = {}
        for name, values in of.items():
            own = np.empty(len(values))
            self._models[name] = []
            for side in (half, ~half):
                model = self._learnt(features[side], values[side], seed)
                own[~side] = self._asked(model, features[~side])
                self._models[name].append(model)
            self.reference[name] = own

    def __call__(self, features: Floats) -> dict[str, Floats]:
        """Return the losses to expect of rows."""
        return {
            name: np.mean([self._asked(m, features) for m in models], axis=0)
            for name, models in self._models.items()
        }

    def _learnt(self, features: Floats, values: Floats, seed: int) -> Any:
        import xgboost

        scale = float(values.mean()) or 1.0
        matrix = xgboost.QuantileDMatrix(
            features, values / scale, feature_types=self._types, enable_categorical=True, max_bin=64,
            nthread=self._threads,
        )  # fmt: skip
        parameters = {
            "objective": "reg:squarederror", "max_depth": 4, "eta": 0.1, "min_child_weight": 20, "max_bin": 64,
            "tree_method": "hist", "nthread": self._threads, "seed": seed, "verbosity": 0, "base_score": 1.0,
        }  # fmt: skip
        return xgboost.train(parameters, matrix, _ROUNDS), scale

    def _asked(self, model: Any, features: Floats) -> Floats:
        import xgboost

        booster, scale = model
        asked = xgboost.DMatrix(
            features, feature_types=self._types, enable_categorical=True, nthread=self._threads
        )
        out: Floats = np.maximum(booster.predict(asked).astype(np.float64) * scale, 0.0)
        return out
