"""scikit-learn estimators and whatever else answers to predict. Runs inside the sandbox only."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models import contents
from assay.engines.models.attribution import Attribution
from assay.engines.models.frame import answers, in_order, labelled, plain, tabled, to_pandas
from assay.engines.models.texts import takes_text, the_text


class EstimatorModel:
    """An object with predict, and perhaps predict_proba, classes_ and feature_names_in_."""

    def __init__(self, estimator: Any, format: str) -> None:
        if not hasattr(estimator, "predict"):
            raise ValueError(f"it holds a {type(estimator).__name__}, which has no predict")
        self.estimator, self.format = estimator, format
        self.features = [str(n) for n in getattr(estimator, "feature_names_in_", ())]
        self.several = _several(estimator)
        self.classes = [] if self.several else plain(getattr(estimator, "classes_", ()))
        self.reads = not self.features and takes_text(estimator)

    @classmethod
    def read_joblib(cls, path: Path) -> Any:
        """Read a pickle, with or without joblib's wrapping; boosters get their own wrapper."""
        import joblib

        found = joblib.load(path)
        if not hasattr(found, "predict") and contents.holds(found):
            why = f"it holds a {type(found).__name__}, which has no predict"
            return contents.ContentsModel(found, "Python", "pickle", why)
        return cls.wrapped(found, "joblib")

    @classmethod
    def read_skops(cls, path: Path) -> Any:
        """Read a skops file. Its types were judged by the scan before."""
        from skops import io

        return cls.wrapped(io.load(path, trusted=io.get_untrusted_types(file=path)), "skops")

    @classmethod
    def wrapped(cls, found: Any, format: str) -> Any:
        """Return what asks an object that predicts: boosters have a wrapper of their own."""
        name = f"{type(found).__module__}.{type(found).__name__}"
        if name.startswith("xgboost."):
            from assay.engines.models.boosters import XgboostModel

            booster = found if type(found).__name__ == "Booster" else found.get_booster()
            classes = (
                plain(getattr(found, "classes_", ())) if type(found).__name__ == "XGBClassifier" else None
            )
            return XgboostModel(booster, classes, None if booster is found else found)
        return cls(found, format)

    def describe(self) -> dict[str, Any]:
        """Return what it says of itself."""
        task = "regression" if not self.classes else "binary" if len(self.classes) == 2 else "multiclass"
        task = "multilabel" if self.several else task
        return {
            "framework": "scikit-learn",
            "format": self.format,
            "features": self.features,
            "classes": self.classes,
            "task": task,
            "detail": {"type": type(self.estimator).__name__} | ({"takes": "text"} if self.reads else {}),
        }

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions."""
        given = self._given(table)
        if self.several:
            chances = (
                self.estimator.predict_proba(given) if hasattr(self.estimator, "predict_proba") else None
            )
            return labelled(self.estimator.predict(given), chances)
        return tabled(self.answers(given))

    def answers(self, given: Any) -> dict[str, Any]:
        """Return the answers about what the estimator itself takes, as arrays; of one label a row."""
        if hasattr(self.estimator, "predict_proba"):
            scores = np.asarray(self.estimator.predict_proba(given))
            if self.classes and scores.ndim == 2:
                return answers(np.asarray(self.classes)[scores.argmax(axis=1)], scores, self.classes)
        return answers(self.estimator.predict(given))

    def _given(self, table: pa.Table) -> Any:
        if self.reads:
            return the_text(table)
        frame = to_pandas(table, self.features)
        if self.features and type(self.estimator).__module__.startswith("lightgbm."):
            from assay.engines.models.boosters import lightgbm_frame

            return lightgbm_frame(self.estimator.booster_, frame)
        if self.features:
            return frame
        self._apart.columns = list(table.column_names)
        wide = int(getattr(self.estimator, "n_features_in_", 0) or 0)
        return (in_order(table, wide, numbers=False) if wide else frame).to_numpy()

    @cached_property
    def _apart(self) -> Attribution:
        return Attribution(self.estimator, self.features, self.classes)

    def background(self, table: pa.Table) -> None:
        """Measure what is linear in it against the mean of these rows."""
        if not self.reads:
            self._apart.background(self._given(table))

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return exact SHAP values of trees, linear models and boosters; None of anything else."""
        return None if self.reads else self._apart.contributions(self._given(table), of)

    def inside(self) -> dict[str, Any] | None:
        """Return its tree or its coefficients."""
        return self._apart.inside()


def _several(estimator: Any) -> bool:
    """Whether an estimator gives a row several labels: an output each."""
    while hasattr(estimator, "best_estimator_"):
        estimator = estimator.best_estimator_
    if hasattr(estimator, "steps"):
        estimator = estimator.steps[-1][1]
    if getattr(estimator, "multilabel_", False) or isinstance(getattr(estimator, "classes_", None), list):
        return True
    network = getattr(estimator, "out_activation_", "") == "logistic"
    return network and int(getattr(estimator, "n_outputs_", 1)) > 1
