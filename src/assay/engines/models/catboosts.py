"""CatBoost models, with their own exact SHAP values. Runs inside the sandbox only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from assay.engines.models.contributed import contributed, output
from assay.engines.models.frame import as_number, in_order, plain, predictions, to_pandas

_LIKELY = ("Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll")


def _loss(model: Any) -> str:
    said = model.get_all_params() if model.is_fitted() else {}
    return str(said.get("loss_function", "RMSE")).split(":")[0]


def catboost_unit(model: Any) -> str:
    """Return the unit of its raw answers."""
    loss = _loss(model)
    return "log-odds" if loss in _LIKELY else "log" if loss == "Poisson" else "output"


def catboost_values(model: Any, given: Any) -> tuple[Any, Any, Any]:
    """Return its own SHAP values (rows × outputs × features), their base (rows × outputs) and its raw answers."""
    import catboost

    pool = given if isinstance(given, catboost.Pool) else catboost.Pool(given)
    found = np.asarray(model.get_feature_importance(pool, type="ShapValues"), dtype=np.float64)
    found = found[:, None, :] if found.ndim == 2 else found
    margin = np.asarray(model.predict(pool, prediction_type="RawFormulaVal"), dtype=np.float64)
    return found[..., :-1], found[..., -1], margin.reshape(len(found), -1)


class CatboostModel:
    """A CatBoost model saved as .cbm."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.names = [str(n) for n in model.feature_names_]
        self.coded = {int(i) for i in model.get_cat_feature_indices()}
        self.wide = len(self.names)
        if self.names == [str(i) for i in range(self.wide)]:  # it learned from a matrix
            self.names = []
        self.loss = _loss(model)
        self.classes = plain(model.classes_) if self.loss in _LIKELY else []

    @classmethod
    def read(cls, path: Path) -> CatboostModel:
        """Read a model file; an ImportError says what is missing."""
        import catboost

        model = catboost.CatBoost()
        model.load_model(str(path))
        return cls(model)

    def describe(self) -> dict[str, Any]:
        """Return what it says of itself."""
        task = "regression" if not self.classes else "binary" if len(self.classes) == 2 else "multiclass"
        return {
            "framework": "catboost",
            "format": "catboost",
            "features": self.names,
            "classes": self.classes,
            "task": task,
            "detail": {"objective": self.loss, "rounds": int(self.model.tree_count_)},
        }

    def pool(self, table: pa.Table, truth: Any = None, weight: Any = None) -> Any:
        """Return rows as it takes them, with what they are to teach and their weights, if any."""
        import catboost

        frame = to_pandas(table, self.names) if self.names else in_order(table, self.wide, numbers=False)
        for at, name in enumerate(frame.columns):
            if at in self.coded:
                frame[name] = frame[name].map(_category).astype(object)
            elif not pd.api.types.is_numeric_dtype(frame[name]):
                frame[name] = as_number(frame[name])
        return catboost.Pool(frame, truth, cat_features=sorted(self.coded), weight=weight)

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions."""
        pool = self.pool(table)
        if self.classes:
            scores = np.asarray(self.model.predict(pool, prediction_type="Probability"))
            return predictions(np.asarray(self.classes)[scores.argmax(axis=1)], scores, self.classes)
        kind = "Exponent" if self.loss == "Poisson" else "RawFormulaVal"
        return predictions(self.model.predict(pool, prediction_type=kind))

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return its own exact tree SHAP; of several classes, that of the class predicted or named."""
        values, base, margin = catboost_values(self.model, self.pool(table))
        wanted, sign = output(margin, self.classes, of)
        rows = np.arange(len(margin))
        return contributed(
            self.names or table.column_names,
            values[rows, wanted] * sign[:, None],
            base[rows, wanted] * sign,
            margin[rows, wanted] * sign,
            unit=catboost_unit(self.model),
            method="exact tree SHAP of its own",
        )


def _category(value: Any) -> str:
    """CatBoost takes categories as text or whole numbers."""
    if value is None or value != value:
        return "nan"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
