"""What makes up an estimator's answers: exact SHAP values of its last step, whatever comes before it.

Trees: the path-dependent game of methods/treeshap. Linear models: coefficient × (value - mean of the background), which
is exact for features that are taken as independent. Boosters: their own values. Where the steps before let each
column speak for one column of the data, values are of the data's columns: the one-hot columns of a feature play as one
in trees, and add up in linear models; a booster's are added up. Runs inside the sandbox only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models import sharing
from assay.engines.models.columns import origins
from assay.engines.models.contributed import contributed, output
from assay.engines.models.forests import Forest
from assay.engines.models.linear import Weights, weights
from assay.engines.models.trees import forest

_ROWS = 4096
_NUMBERS = 1 << 23  # in a block of rows that is shared
_DEEPEST = 4095  # nodes of a tree that is shown


class Attribution:
    """An estimator taken apart into what comes before and its last step."""

    def __init__(self, estimator: Any, features: Sequence[str], classes: Sequence[Any]) -> None:
        while hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        steps = [s for _, s in estimator.steps] if type(estimator).__name__ == "Pipeline" else [estimator]
        while steps and type(steps[-1]).__name__ == "Pipeline":
            steps = [*steps[:-1], *(s for _, s in steps[-1].steps)]
        *self.before, self.last = steps
        self.before = [s for s in self.before if s is not None and s != "passthrough"]
        self.features, self.classes = list(features), list(classes)
        self.columns: list[str] = []  # of the data, for one that learned from a matrix and knows no names
        self.mean: Any = None
        self._ready: tuple[Any, ...] | None = None

    def transformed(self, given: Any) -> Any:
        """Return what the last step takes: a matrix."""
        for step in self.before:
            given = step.transform(given)
        return given.toarray() if hasattr(given, "toarray") else given

    def background(self, given: Any) -> None:
        """Measure linear models against the mean of these rows."""
        if weights(self.last) is None:
            return
        parts = [np.asarray(self.transformed(b), dtype=np.float64).sum(axis=0) for b in _blocks(given)]
        self.mean = np.sum(parts, axis=0) / len(given)

    def contributions(self, given: Any, of: str | None) -> pa.Table | None:
        """Return the values of each row; None where its last step is none of those."""
        first = self.transformed(given[:1])
        if self._ready is None:
            self._ready = self._prepare(first, given)
        names, group, space, engine = self._ready
        if engine is None or (isinstance(engine, Weights) and self.mean is None):
            return None
        rows = _ROWS
        if isinstance(engine, Forest):
            engine.expect(len(given))
            if sharing.processes() > 1:
                rows = max(_ROWS, min(4 * _ROWS * sharing.processes(), _NUMBERS // len(group)))
        parts = [
            self._block(engine, self.transformed(b), group, len(names), of) for b in _blocks(given, rows)
        ]
        values, base, margin = (np.concatenate([p[i] for p in parts]) for i in range(3))
        if isinstance(engine, Forest):
            unit, method = engine.unit, "exact tree SHAP"
        elif isinstance(engine, Weights):
            unit, method = engine.unit, "exact linear SHAP"
        else:
            unit, method = parts[0][3], "exact tree SHAP of its own"
            space += ", one-hot columns added up" if len(group) != len(names) else ""
        return contributed(names, values, base, margin, unit=unit, method=method, space=space)

    def _prepare(self, first: Any, given: Any) -> tuple[Any, ...]:
        wide = np.asarray(first).shape[1]
        names = (
            self.features
            or self.columns
            or [str(c) for c in getattr(given, "columns", range(np.asarray(given).shape[1]))]
        )
        found: list[int] | None = list(range(len(names)))
        for step in self.before:
            found = origins(step, found) if found is not None else None
        if found is None or len(found) != wide:
            names, found = _names(first, self.before, wide), list(range(wide))
            space = "the columns after its transformers, of which some mix several of the data"
        else:
            space = "the columns of the data"
        group = np.array(found, dtype=np.int64)
        engine = forest(self.last, group) or weights(self.last) or _booster(self.last)
        return names, group, space, engine

    def _block(self, engine: Any, given: Any, group: Any, wide: int, of: str | None) -> tuple[Any, ...]:
        if not isinstance(engine, (Forest, Weights)):
            values, base, margins, unit = engine(given)
            wanted, sign = output(margins, self.classes, of)
            rows = np.arange(len(margins))
            summed = np.zeros((wide, len(rows)))
            np.add.at(summed, group, values[rows, wanted].T)
            return (summed * sign).T, base[rows, wanted] * sign, margins[rows, wanted] * sign, unit
        margins = engine.margin(given)
        wanted, sign = output(margins, self.classes, of)
        margin = margins[np.arange(len(margins)), wanted]
        if isinstance(engine, Forest):
            values, base = engine.values(given, wide, wanted), engine.base[wanted]
        else:
            off = np.asarray(given, dtype=np.float64) - self.mean
            values = np.zeros((wide, len(off)))
            np.add.at(values, group, (off * engine.coefficients[wanted]).T)
            base = (engine.coefficients @ self.mean + engine.intercept)[wanted]
        contrary = (sign < 0) & (engine.unit == "probability")
        return (values * sign).T, base * sign + contrary, margin * sign + contrary

    def inside(self) -> dict[str, Any] | None:
        """Return the tree or the coefficients, in the columns that its last step takes; None where it has neither."""
        if hasattr(self.last, "tree_") and self.last.tree_.value.shape[1] == 1:
            return self._tree()
        found = weights(self.last)
        if found is None:
            return None
        wide = found.coefficients.shape[1]
        return {
            "kind": "linear",
            "unit": found.unit,
            "names": _names(None, self.before, wide, self.features or self.columns),
            "classes": [str(c) for c in self.classes],
            "coefficients": found.coefficients.tolist(),
            "intercept": found.intercept.tolist(),
        }

    def _tree(self) -> dict[str, Any]:
        tree = self.last.tree_
        some = slice(0, _DEEPEST)
        value = tree.value[some, 0, :]
        return {
            "kind": "tree",
            "names": _names(None, self.before, self.last.n_features_in_, self.features or self.columns),
            "classes": [str(c) for c in self.classes],
            "nodes": int(tree.node_count),
            "left": tree.children_left[some].tolist(),
            "right": tree.children_right[some].tolist(),
            "feature": tree.feature[some].tolist(),
            "threshold": tree.threshold[some].tolist(),
            "cover": tree.weighted_n_node_samples[some].tolist(),
            "value": value.tolist(),
        }


def _blocks(given: Any, rows: int = _ROWS) -> list[Any]:
    return [given[at : at + rows] for at in range(0, len(given), rows)]


def _names(first: Any, before: Sequence[Any], wide: int, features: Sequence[str] = ()) -> list[str]:
    """Return what the columns are called that the last step takes."""
    names = [str(c) for c in getattr(first, "columns", ())] or list(features if not before else ())
    if not names and before:
        try:
            names = [str(n) for n in before[-1].get_feature_names_out()]
        except (AttributeError, TypeError, ValueError):
            names = []  # not every transformer can say
    return names if len(names) == wide else [f"f{i}" for i in range(wide)]


def _booster(model: Any) -> Callable[[Any], tuple[Any, ...]] | None:
    """Return what asks a booster that is the last step for its own values: rows × outputs × features."""
    module = type(model).__module__
    if module.startswith("xgboost."):
        return _of_xgboost(model.get_booster())
    if module.startswith("lightgbm."):
        return _of_lightgbm(model.booster_)
    if module.startswith("catboost."):
        return _of_catboost(model)
    return None


def _of_xgboost(booster: Any) -> Callable[[Any], tuple[Any, ...]]:
    from assay.engines.models.boosters import xgboost_unit

    unit = xgboost_unit(booster)

    def ask(given: Any) -> tuple[Any, ...]:
        import xgboost as xgb

        names = getattr(given, "columns", None)
        matrix = xgb.DMatrix(
            given,
            enable_categorical=True,
            feature_names=None if names is not None else booster.feature_names,
        )
        found = np.asarray(booster.predict(matrix, pred_contribs=True), dtype=np.float64)
        found = found[:, None, :] if found.ndim == 2 else found
        margin = np.asarray(booster.predict(matrix, output_margin=True), dtype=np.float64)
        return found[..., :-1], found[..., -1], margin.reshape(len(found), -1), unit

    return ask


def _of_lightgbm(booster: Any) -> Callable[[Any], tuple[Any, ...]]:
    from assay.engines.models.boosters import lightgbm_unit, lightgbm_values

    def ask(given: Any) -> tuple[Any, ...]:
        return (*lightgbm_values(booster, given), lightgbm_unit(booster))

    return ask


def _of_catboost(model: Any) -> Callable[[Any], tuple[Any, ...]]:
    from assay.engines.models.catboosts import catboost_unit, catboost_values

    def ask(given: Any) -> tuple[Any, ...]:
        return (*catboost_values(model, given), catboost_unit(model))

    return ask
