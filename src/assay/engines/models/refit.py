"""A loaded model's own configuration, fitted anew to other rows. Runs inside the sandbox, or on the caller's own objects.

What fits is told by what was loaded: an estimator of scikit-learn's kind is cloned, which keeps its parameters and
forgets what it learned; a booster is trained again with the parameters that it carries. One that does not carry them (an
XGBoost model file does not say how deep or how fast it was trained) is refused, and not fitted with defaults.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from assay.engines.models.estimator import EstimatorModel
from assay.engines.models.frame import plain, to_pandas

_RATE = "sample_weight"


class Named:
    """A refitted model that learned numbers for names: what it answers is in the names."""

    def __init__(self, inner: Any, names: Sequence[Any]) -> None:
        self.inner, self.names = inner, list(names)

    def describe(self) -> dict[str, Any]:
        """Return what it says of itself."""
        said: dict[str, Any] = self.inner.describe()
        return said | {"classes": self.names}

    def predict(self, table: pa.Table) -> pa.Table:
        """Return predictions in the names of the labels."""
        said = self.inner.predict(table)
        codes = np.asarray(said.column("prediction").to_numpy(zero_copy_only=False)).astype(int)
        columns = {"prediction": pa.array(np.asarray(self.names, dtype=object)[codes].tolist())}
        for name in said.column_names[1:]:
            code = name.removeprefix("score_")
            named = f"score_{self.names[int(code)]}" if code.isdigit() else name
            columns[named] = said.column(name)
        return pa.table(columns)

    def contributions(self, table: pa.Table, of: str | None = None) -> pa.Table | None:
        """Return its exact SHAP values."""
        code = str([str(n) for n in self.names].index(of)) if of is not None else None
        found: pa.Table | None = self.inner.contributions(table, code)
        return found


def refitted(loaded: Any, table: pa.Table, said: Mapping[str, Any]) -> Any:
    """Return the configuration of a loaded model, fitted to a table.

    said: label, the column that is learned; labels, further ones, of which an estimator takes several; weights, the column of
    the rows' weights or None; hyperparameters. ValueError where it cannot be fitted anew.
    """
    labels, weights = [str(said["label"]), *map(str, said.get("labels") or ())], said.get("weights")
    weight = None
    if weights is not None:
        weight = np.asarray(table.column(weights).to_numpy(zero_copy_only=False), dtype=np.float64)
        table = table.drop_columns([weights])
    truth, rest = learned(table, labels), table.drop_columns(labels)
    hyperparameters = dict(said.get("hyperparameters") or {})
    kind = type(loaded).__name__
    estimator = getattr(loaded, "estimator", None)
    if len(labels) > 1 and estimator is None and getattr(loaded, "source", None) is None:
        raise ValueError("a booster learns one label; name a script, or an estimator that learns several")
    if estimator is not None:
        fitted, names = estimated(
            estimator, rest, truth, weight, hyperparameters, known=(loaded.features, loaded.classes)
        )
    elif kind == "XgboostModel":
        fitted, names = _xgboost(loaded, rest, truth, weight, hyperparameters)
    elif kind == "LightgbmModel":
        fitted, names = _lightgbm(loaded, rest, truth, weight, hyperparameters)
    elif kind == "CatboostModel":
        fitted, names = _catboost(loaded, rest, truth, weight, hyperparameters)
    else:
        raise ValueError(f"a model of the kind {loaded.describe()['framework']} cannot be fitted anew")
    return fitted if names is None else Named(fitted, names)


def learned(table: pa.Table, labels: Sequence[str]) -> Any:
    """Return what is learned: the label, or a matrix of 0 and 1 where there are several; ValueError for lists of labels."""
    if len(labels) == 1:
        if pa.types.is_nested(table.schema.field(labels[0]).type):
            raise ValueError(
                "it learns several labels from columns of 0 and 1, and not from lists: name them with --labels"
            )
        return to_pandas(table.select(labels))[labels[0]]
    found = [to_pandas(table.select([name]))[name] for name in labels]
    return np.stack([_flags(one, name) for one, name in zip(found, labels, strict=True)], axis=1)


def _flags(column: pd.Series, name: str) -> Any:
    if not pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        raise ValueError(f"{name} holds no 0 and 1")
    return column.to_numpy().astype(np.int64)


def estimated(
    estimator: Any,
    table: pa.Table,
    truth: Any,
    weight: Any,
    hyperparameters: Mapping[str, Any],
    known: tuple[Sequence[str], Sequence[Any]] = ((), ()),
    frames: bool = False,
) -> tuple[Any, list[Any] | None]:
    """Return a clone of an estimator, fitted, as a loaded model; and the labels' names where it learned their numbers.

    known: the features and classes of the one that was fitted before. frames: columns keep their names even where it
    knows none.
    """
    from sklearn.base import clone

    try:
        fresh = clone(estimator)
    except TypeError as error:
        raise ValueError(f"a {type(estimator).__name__} cannot be cloned: {str(error)[:150]}") from None
    if hyperparameters:
        fresh.set_params(**hyperparameters)
    features, classes = known
    given: Any = to_pandas(table, features)
    boosted = _library(fresh)
    if boosted in ("xgboost", "lightgbm"):
        given = _categories(given)
    elif not (features or frames):
        given = given.to_numpy()
    many = isinstance(truth, np.ndarray)  # several labels, which are numbers as they are
    names = None if many else _names(truth, classes, boosted == "xgboost" and _classifies(fresh))
    target = truth if names is None else _codes(truth, names)
    fresh.fit(given, target, **_weights(fresh, weight))
    return _wrapped(fresh, boosted), names


def _library(estimator: Any) -> str:
    """Return which booster an estimator is, or nothing for others."""
    return str(type(estimator).__module__.partition(".")[0])


def _classifies(estimator: Any) -> bool:
    from sklearn.base import is_classifier

    return bool(is_classifier(estimator))


def _wrapped(fitted: Any, library: str) -> Any:
    if library == "lightgbm":
        from assay.engines.models.boosters import LightgbmModel

        return LightgbmModel(fitted.booster_, plain(getattr(fitted, "classes_", ())) or None)
    return EstimatorModel.wrapped(fitted, "fitted anew")


def _weights(estimator: Any, weight: Any) -> dict[str, Any]:
    """Return how an estimator takes weights: a pipeline hands them to its last step."""
    if weight is None:
        return {}
    steps = getattr(estimator, "steps", None)
    return {f"{steps[-1][0]}__{_RATE}" if steps else _RATE: weight}


def _names(truth: pd.Series, classes: Sequence[Any], always: bool) -> list[Any] | None:
    """Return the labels in order where a model learns their numbers: it has said numbers for labels that are none.

    always: it can learn nothing else.
    """
    found = sorted({plain([v])[0] for v in truth.unique()}, key=lambda v: (isinstance(v, str), v))
    counted = list(range(len(found)))
    if found == counted:
        return None
    numbered = bool(classes) and all(isinstance(c, (int, float)) and not isinstance(c, bool) for c in classes)
    words = not any(isinstance(v, (int, float)) and not isinstance(v, bool) for v in found)
    return found if always or (numbered and words) else None


def _codes(truth: pd.Series, names: Sequence[Any]) -> Any:
    at = {name: i for i, name in enumerate(names)}
    return np.array([at[plain([v])[0]] for v in truth], dtype=np.int64)


def _categories(frame: pd.DataFrame) -> pd.DataFrame:
    """Boosters take texts as categories."""
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].astype("category")
    return frame


def _numbers(frame: pd.DataFrame, categories: Sequence[str]) -> pd.DataFrame:
    for name in frame.columns:
        if name in categories:
            frame[name] = frame[name].astype("category")
        elif not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = pd.to_numeric(frame[name], errors="coerce")
    return frame


def _target(truth: pd.Series, classes: Sequence[Any]) -> tuple[Any, list[Any] | None]:
    """Return what a booster learns: the labels' numbers where it tells classes, their values elsewhere."""
    if not classes:
        return np.asarray(truth, dtype=np.float64), None
    names = _names(truth, (), True)
    if len(names or classes) > len(classes):
        raise ValueError(f"it tells {len(classes)} classes, and the label has {len(names or ())} values")
    return (np.asarray(truth) if names is None else _codes(truth, names)), names


def _xgboost(
    loaded: Any, table: pa.Table, truth: pd.Series, weight: Any, hyperparameters: dict[str, Any]
) -> tuple[Any, list[Any] | None]:
    if loaded.source is not None:
        return estimated(
            loaded.source, table, truth, weight, hyperparameters, known=(loaded.names, loaded.classes)
        )
    if not loaded.configured:
        raise ValueError(
            "an XGBoost model file does not keep what it was trained with (depth, rate, …):"
            " name its training script, or the estimator saved by joblib"
        )
    import xgboost as xgb

    from assay.engines.models.boosters import XgboostModel

    config = json.loads(loaded.booster.save_config())["learner"]
    given = {"objective": loaded.objective, "booster": config["learner_train_param"]["booster"]}
    given |= _plain_params(config.get("gradient_booster", {}))
    if loaded.many:
        given["num_class"] = loaded.many
    rounds = int(hyperparameters.pop("num_boost_round", loaded.booster.num_boosted_rounds()))
    target, names = _target(truth, loaded.classes)
    kinds = dict(zip(loaded.names, loaded.types, strict=False))
    frame = _numbers(to_pandas(table, loaded.names), [n for n in loaded.names if kinds.get(n) == "c"])
    matrix = xgb.DMatrix(frame, target, weight=weight, enable_categorical=True)
    return XgboostModel(xgb.train(given | hyperparameters, matrix, rounds)), names


def _plain_params(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the training parameters of a booster's own account of itself."""
    out: dict[str, Any] = {}
    for name in ("tree_train_param", "gbtree_train_param", "gblinear_train_param", "dart_train_param"):
        out |= config.get(name, {})
    if isinstance(config.get("gbtree"), dict):  # a dart holds its trees' own inside
        out = _plain_params(config["gbtree"]) | out
    return {k: v for k, v in out.items() if k not in ("process_type", "updater_seq")}


def _lightgbm(
    loaded: Any, table: pa.Table, truth: pd.Series, weight: Any, hyperparameters: dict[str, Any]
) -> tuple[Any, list[Any] | None]:
    import lightgbm

    from assay.engines.models.boosters import LightgbmModel

    booster = loaded.booster
    params = {k: v for k, v in booster.params.items() if k not in ("num_iterations", "input_model", "task")}
    if not params:
        raise ValueError("it does not say what it was trained with: name its training script")
    rounds = booster.num_trees() // max(1, booster.num_model_per_iteration())
    rounds = int(hyperparameters.pop("num_iterations", rounds))
    target, names = _target(truth, loaded.classes)
    frame = _categories(to_pandas(table, booster.feature_name()))
    data = lightgbm.Dataset(frame, target, weight=weight)
    params |= {"verbosity": -1} | hyperparameters
    return LightgbmModel(lightgbm.train(params, data, rounds)), names


def _catboost(
    loaded: Any, table: pa.Table, truth: pd.Series, weight: Any, hyperparameters: dict[str, Any]
) -> tuple[Any, list[Any] | None]:
    import catboost

    from assay.engines.models.catboosts import CatboostModel

    params = _catboost_params(loaded.model)
    fresh = catboost.CatBoost(
        params | {"iterations": loaded.model.tree_count_, "allow_writing_files": False} | hyperparameters
    )
    fresh.fit(
        loaded.pool(table, truth if loaded.classes else np.asarray(truth, dtype=float), weight), verbose=False
    )
    return CatboostModel(fresh), None


def _catboost_params(model: Any) -> dict[str, Any]:
    """Return the parameters that were given; what CatBoost found by itself it finds again for other rows."""
    said = dict(model.get_params() or {})
    return said or {
        k: v for k, v in model.get_all_params().items() if k in ("depth", "learning_rate", "l2_leaf_reg", "loss_function", "random_seed", "border_count", "grow_policy", "bootstrap_type", "subsample", "rsm")
    }  # fmt: skip
