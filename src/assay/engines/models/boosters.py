"""XGBoost and LightGBM boosters, with their own exact SHAP values. Runs inside the sandbox only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from assay.engines.models.frame import predictions, to_pandas


class XgboostModel:
    """A booster saved as JSON, UBJSON or the old binary form; categories it was trained on are kept in it."""

    def __init__(self, booster: Any, classes: list[Any] | None = None) -> None:
        config = json.loads(booster.save_config())
        self.booster = booster
        self.objective = str(config["learner"]["objective"]["name"])
        self.many = int(config["learner"]["learner_model_param"].get("num_class", 0) or 0)
        self.names = list(booster.feature_names or [])
        self.types = list(booster.feature_types or [])
        self.classes = classes if classes is not None else self._classes()
        self.known = self._categories()

    @classmethod
    def read(cls, path: Path) -> XgboostModel:
        """Read a model file."""
        import xgboost as xgb

        booster = xgb.Booster()
        booster.load_model(bytearray(path.read_bytes()))
        return cls(booster)

    def _classes(self) -> list[Any]:
        if self.objective.startswith("binary:"):
            return [0, 1]
        return list(range(self.many)) if self.objective.startswith("multi:") else []

    def _categories(self) -> dict[str, set[str]]:
        """The categories of each column as the model keeps them, where it does (XGBoost 3.1 and later)."""
        if "c" not in self.types:
            return {}
        try:
            found = self.booster.get_categories(export_to_arrow=True).to_arrow()
        except (AttributeError, ValueError, TypeError):
            return {}
        return {name: {str(v) for v in values.to_pylist()} for name, values in found if values is not None}

    def describe(self) -> dict[str, Any]:
        """Return what it says of itself."""
        task = (
            "binary" if self.objective.startswith("binary:") else "multiclass" if self.many else "regression"
        )
        return {
            "framework": "xgboost",
            "format": "xgboost",
            "features": self.names,
            "classes": self.classes,
            "task": task,
            "detail": {"objective": self.objective, "rounds": self.booster.num_boosted_rounds()},
        }

    def _matrix(self, table: pa.Table) -> Any:
        import xgboost as xgb

        frame = to_pandas(table, self.names)
        kinds = dict(zip(self.names, self.types, strict=False))
        for name in frame.columns:
            if kinds.get(name) == "c":
                frame[name] = self._category(frame[name], name)
            elif frame[name].dtype == bool:
                frame[name] = frame[name].astype("int64")
            elif not pd.api.types.is_numeric_dtype(frame[name]):
                frame[name] = pd.to_numeric(frame[name], errors="coerce")
        return xgb.DMatrix(frame, enable_categorical=True)

    def _category(self, column: pd.Series, name: str) -> pd.Series:
        """A category that the model never saw is missing to it."""
        text = (
            column
            if pd.api.types.is_string_dtype(column) or column.dtype == object
            else column.astype("string")
        )
        known = self.known.get(name)
        if known is None:
            return text.astype("category")
        return text.astype(pd.CategoricalDtype(sorted(known)))

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions: the likelier class and its score, or the value."""
        raw = np.asarray(self.booster.predict(self._matrix(table)))
        if self.objective.startswith("binary:"):
            score = 1 / (1 + np.exp(-raw)) if self.objective == "binary:logitraw" else raw
            return predictions(np.asarray(self.classes)[(score > 0.5).astype(int)], score)
        if self.objective == "multi:softprob":
            return predictions(np.asarray(self.classes)[raw.argmax(axis=1)], raw, self.classes)
        if self.objective == "multi:softmax":
            return predictions(np.asarray(self.classes)[raw.astype(int)])
        return predictions(raw)

    def contributions(self, table: pa.Table) -> pa.Table | None:
        """Return exact tree SHAP; of several classes, that of the class predicted."""
        values = np.asarray(self.booster.predict(self._matrix(table), pred_contribs=True))
        if values.ndim == 3:
            margin = values.sum(axis=2)
            values = values[np.arange(len(values)), margin.argmax(axis=1)]
        names = self.names or [f"f{i}" for i in range(values.shape[1] - 1)]
        return pa.table({n: pa.array(values[:, i].astype(float)) for i, n in enumerate([*names, "bias"])})


class LightgbmModel:
    """A LightGBM booster saved as text."""

    def __init__(self, booster: Any, classes: list[Any] | None = None) -> None:
        self.booster = booster
        text = booster.model_to_string(num_iteration=1)
        objective = next(
            (line for line in text.splitlines() if line.startswith("objective=")), "objective=regression"
        )
        self.objective = objective.removeprefix("objective=").split()[0]
        self.many = booster.num_model_per_iteration() if booster.num_model_per_iteration() > 1 else 0
        self.classes = classes or ([0, 1] if self.objective == "binary" else list(range(self.many)))

    @classmethod
    def read(cls, path: Path) -> LightgbmModel:
        """Read a model file; an ImportError says what is missing."""
        import lightgbm

        return cls(lightgbm.Booster(model_file=str(path)))

    def describe(self) -> dict[str, Any]:
        """Return what it says of itself."""
        task = "binary" if self.objective == "binary" else "multiclass" if self.many else "regression"
        return {
            "framework": "lightgbm",
            "format": "lightgbm",
            "features": self.booster.feature_name(),
            "classes": self.classes,
            "task": task,
        }

    def _frame(self, table: pa.Table) -> pd.DataFrame:
        frame = to_pandas(table, self.booster.feature_name())
        for name in frame.columns:
            if not pd.api.types.is_numeric_dtype(frame[name]):
                frame[name] = frame[name].astype("category")
        return frame

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions."""
        raw = np.asarray(self.booster.predict(self._frame(table)))
        if self.objective == "binary":
            return predictions(np.asarray(self.classes)[(raw > 0.5).astype(int)], raw)
        if self.many:
            return predictions(np.asarray(self.classes)[raw.argmax(axis=1)], raw, self.classes)
        return predictions(raw)

    def contributions(self, table: pa.Table) -> pa.Table | None:
        """Return exact tree SHAP of a model with one output."""
        if self.many:
            return None
        values = np.asarray(self.booster.predict(self._frame(table), pred_contrib=True))
        names = [*self.booster.feature_name(), "bias"]
        return pa.table({n: pa.array(values[:, i]) for i, n in enumerate(names)})
