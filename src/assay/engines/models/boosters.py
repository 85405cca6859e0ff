"""XGBoost and LightGBM boosters, with their own exact SHAP values. Runs inside the sandbox only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from assay.engines.models.contributed import contributed, output
from assay.engines.models.frame import answers, as_number, in_order, tabled, to_pandas


class XgboostModel:
    """A booster saved as JSON, UBJSON or the old binary form; categories it was trained on are kept in it."""

    def __init__(self, booster: Any, classes: list[Any] | None = None, source: Any = None) -> None:
        """source: the estimator that holds the booster."""
        config = json.loads(booster.save_config())
        self.booster, self.source = booster, source
        self.configured = True  # whether it says what it was trained with
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
        made = cls(booster)
        made.configured = False  # such a file holds what was learned, and not how
        return made

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

        frame = (
            to_pandas(table, self.names) if self.names else in_order(table, int(self.booster.num_features()))
        )
        kinds = dict(zip(self.names, self.types, strict=False))
        for name in frame.columns:
            if kinds.get(name) == "c":
                frame[name] = self._category(frame[name], name)
            elif frame[name].dtype == bool:
                frame[name] = frame[name].astype("int64")
            elif not pd.api.types.is_numeric_dtype(frame[name]):
                frame[name] = as_number(frame[name])
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
        return tabled(self.answers(np.asarray(self.booster.predict(self._matrix(table)))))

    def answers(self, raw: Any) -> dict[str, Any]:
        """Return the answers that a booster's raw ones mean, as arrays."""
        if self.objective.startswith("binary:"):
            score = 1 / (1 + np.exp(-raw)) if self.objective == "binary:logitraw" else raw
            return answers(np.asarray(self.classes)[(score > 0.5).astype(int)], score)
        if self.objective == "multi:softprob":
            return answers(np.asarray(self.classes)[raw.argmax(axis=1)], raw, self.classes)
        if self.objective == "multi:softmax":
            return answers(np.asarray(self.classes)[raw.astype(int)])
        return answers(raw)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return exact tree SHAP; of several classes, that of the class predicted or named."""
        matrix = self._matrix(table)
        values = np.asarray(self.booster.predict(matrix, pred_contribs=True), dtype=np.float64)
        values = values[:, None, :] if values.ndim == 2 else values
        margin = np.asarray(self.booster.predict(matrix, output_margin=True), dtype=np.float64)
        return _answer(
            self.names or table.column_names,
            values,
            margin.reshape(len(values), -1),
            self.classes,
            of,
            xgboost_unit(self.booster),
        )

    def interactions(self, table: pa.Table, of: str | None = None) -> pa.Table:
        """Return mean |SHAP interaction value|, a row a feature and a column a feature.

        The two halves of a pair are added, and the diagonal is what a feature does by itself.
        """
        matrix = self._matrix(table)
        values = np.asarray(self.booster.predict(matrix, pred_interactions=True))
        if values.ndim == 4:
            margin = self.booster.predict(matrix, output_margin=True).reshape(len(values), -1)
            values = values[np.arange(len(values)), output(margin, self.classes, of)[0]]
        mean = np.abs(values[:, :-1, :-1]).mean(axis=0).astype(np.float64)
        mean = 2 * mean - np.diag(np.diag(mean))
        return pa.Table.from_arrays(
            [pa.array(mean[:, i]) for i in range(len(mean))],
            names=self.names or table.column_names,
        )


def _answer(
    names: list[str], values: Any, margin: Any, classes: list[Any], of: str | None, unit: str
) -> pa.Table:
    """Return the output wanted of each row. values: rows × outputs × (features and base)."""
    wanted, sign = output(margin, classes, of)
    rows = np.arange(len(margin))
    found = values[rows, wanted] * sign[:, None]
    return contributed(
        names,
        found[:, :-1],
        found[:, -1],
        margin[rows, wanted] * sign,
        unit=unit,
        method="exact tree SHAP of its own",
    )


def xgboost_unit(booster: Any) -> str:
    """Return the unit of a booster's margin: what its answers are before the objective's own function."""
    name = str(json.loads(booster.save_config())["learner"]["objective"]["name"])
    if name.startswith(("binary:", "multi:", "reg:logistic")):
        return "margin" if name == "binary:hinge" else "log-odds"
    return "log" if name in ("count:poisson", "reg:gamma", "reg:tweedie") else "output"


def lightgbm_values(booster: Any, given: Any) -> tuple[Any, Any, Any]:
    """Return SHAP values (rows × outputs × features), their base (rows × outputs) and the raw answers."""
    outputs = booster.num_model_per_iteration()
    found = np.asarray(booster.predict(given, pred_contrib=True), dtype=np.float64)
    found = found.reshape(len(found), outputs, -1)
    margin = np.asarray(booster.predict(given, raw_score=True), dtype=np.float64)
    return found[..., :-1], found[..., -1], margin.reshape(len(found), -1)


def lightgbm_objective(booster: Any) -> str:
    """Return the name of its objective."""
    text = booster.model_to_string(num_iteration=1)
    said = next((li for li in text.splitlines() if li.startswith("objective=")), "objective=regression")
    return str((said.removeprefix("objective=").split() or ["regression"])[0])


def lightgbm_unit(booster: Any) -> str:
    """Return the unit of its raw answers."""
    name = lightgbm_objective(booster)
    if name in ("binary", "multiclass", "multiclassova", "cross_entropy"):
        return "log-odds"
    return "log" if name in ("poisson", "gamma", "tweedie") else "output"


def lightgbm_frame(booster: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the categories that a booster learned, which it keeps in their order and without their columns' names.

    ValueError where it cannot be told which columns they are of.
    """
    learned = list(booster.pandas_categorical or [])
    said = next(
        (
            li
            for li in booster.model_to_string(num_iteration=1).splitlines()
            if li.startswith("feature_infos=")
        ),
        "",
    )
    coded = {
        i for i, info in enumerate(said.removeprefix("feature_infos=").split()) if info[:1] not in ("[", "n")
    }
    texts = {i for i, n in enumerate(frame.columns) if not pd.api.types.is_numeric_dtype(frame[n])}
    of = sorted(coded | texts) if learned else sorted(texts)
    if not learned:
        learned = [None] * len(of)
    if len(of) != len(learned):
        raise ValueError(
            f"it learned {len(learned)} columns of categories, and {len(of)} of the data's columns hold such: "
            f"{', '.join(str(frame.columns[i]) for i in of[:5]) or 'none'}"
        )
    for at, known in zip(of, learned, strict=True):
        name = frame.columns[at]
        frame[name] = frame[name].astype("category" if known is None else pd.CategoricalDtype(known))
    return frame


class LightgbmModel:
    """A LightGBM booster saved as text."""

    def __init__(self, booster: Any, classes: list[Any] | None = None) -> None:
        self.booster = booster
        self.objective = lightgbm_objective(booster)
        self.names = [str(n) for n in booster.feature_name()]
        if self.names == [f"Column_{i}" for i in range(len(self.names))]:  # it learned from a matrix
            self.names = []
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
            "features": self.names,
            "classes": self.classes,
            "task": task,
        }

    def _frame(self, table: pa.Table) -> pd.DataFrame:
        if not self.names:
            return in_order(table, int(self.booster.num_feature()))
        return lightgbm_frame(self.booster, to_pandas(table, self.names))

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions."""
        return tabled(self.answers(np.asarray(self.booster.predict(self._frame(table)))))

    def answers(self, raw: Any) -> dict[str, Any]:
        """Return the answers that a booster's raw ones mean, as arrays."""
        if self.objective == "binary":
            return answers(np.asarray(self.classes)[(raw > 0.5).astype(int)], raw)
        if self.many:
            return answers(np.asarray(self.classes)[raw.argmax(axis=1)], raw, self.classes)
        return answers(raw)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return exact tree SHAP; of several classes, that of the class predicted or named."""
        values, base, margin = lightgbm_values(self.booster, self._frame(table))
        found = np.concatenate([values, base[..., None]], axis=2)
        return _answer(
            self.names or table.column_names, found, margin, self.classes, of, lightgbm_unit(self.booster)
        )
