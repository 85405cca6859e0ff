"""Benign: models really trained by every library installed, and the tables and arrays that go with them."""

from __future__ import annotations

import importlib.util
import io
import pickle
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tests.corpus.sample import Sample

# Estimators that need another estimator, a vocabulary, labels of several kinds or data of another shape.
_LEFT = {"ClassifierChain", "RegressorChain", "MultiOutputClassifier", "MultiOutputRegressor", "OneVsOneClassifier",
         "OneVsRestClassifier", "OutputCodeClassifier", "StackingClassifier", "StackingRegressor", "VotingClassifier",
         "VotingRegressor", "ColumnTransformer", "FeatureUnion", "Pipeline", "GridSearchCV", "RandomizedSearchCV",
         "HalvingGridSearchCV", "HalvingRandomSearchCV", "SelfTrainingClassifier", "RFE", "RFECV", "SelectFromModel",
         "SequentialFeatureSelector", "SparseCoder", "FixedThresholdClassifier", "TunedThresholdClassifierCV",
         "FrozenEstimator", "DictVectorizer", "FeatureHasher", "HashingVectorizer", "CountVectorizer", "TfidfVectorizer",
         "TfidfTransformer", "LabelBinarizer", "LabelEncoder", "MultiLabelBinarizer", "IsotonicRegression",
         "CCA", "PLSCanonical", "PLSRegression", "PLSSVD", "MultiTaskElasticNet", "MultiTaskElasticNetCV",
         "MultiTaskLasso", "MultiTaskLassoCV", "PatchExtractor", "GaussianProcessClassifier", "LogisticRegressionCV",
         "MetadataRequest"}  # fmt: skip


def data() -> tuple[Any, Any]:
    """Sixty rows of four positive columns, and a label."""
    import numpy as np

    rng = np.random.default_rng(3)
    x = rng.uniform(0.1, 2, (60, 4))
    return x, (x[:, 0] + x[:, 1] > 2).astype(int)


def estimators() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every estimator of scikit-learn's that is fitted on plain numbers."""
    from sklearn.utils import all_estimators

    for name, cls in all_estimators():
        if name in _LEFT or name.startswith("_"):
            continue

        def fit(cls: Any = cls) -> Any:
            x, y = data()
            made = cls()
            known = made.get_params()
            small = {"n_estimators": 5, "max_iter": 20, "cv": 2, "n_init": 1, "n_components": 2}
            held = {k: v for k, v in small.items() if k in known and k != "n_components"}
            return made.set_params(**held).fit(x, y)

        yield f"sklearn {name}", fit


def composed() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Models made of models, as people keep them."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
    from sklearn.ensemble import (
        BaggingClassifier,
        RandomForestClassifier,
        StackingClassifier,
        VotingClassifier,
    )
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, f_classif, mutual_info_classif
    from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor, kernels
    from sklearn.linear_model import LinearRegression, LogisticRegression, LogisticRegressionCV, SGDClassifier
    from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
    from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
    from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import FeatureUnion, make_pipeline
    from sklearn.preprocessing import FunctionTransformer, LabelEncoder, OneHotEncoder, StandardScaler
    from sklearn.svm import SVC

    x, y = data()
    words = ["a good day", "a bad night", "good food", "bad service"] * 5
    yield "pipeline", lambda: make_pipeline(StandardScaler(), SVC(probability=False)).fit(x, y)
    yield (
        "column transformer",
        lambda: _frame_model(ColumnTransformer, OneHotEncoder, StandardScaler, make_column_selector),
    )
    yield "grid search", lambda: GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2).fit(x, y)
    yield (
        "randomised search",
        lambda: RandomizedSearchCV(RandomForestClassifier(3), {"max_depth": [1, 2]}, n_iter=2, cv=2).fit(
            x, y
        ),
    )
    yield "voting", lambda: VotingClassifier([("a", LogisticRegression()), ("b", SGDClassifier())]).fit(x, y)
    yield (
        "stacking",
        lambda: StackingClassifier([("a", LogisticRegression()), ("b", RandomForestClassifier(3))], cv=2).fit(
            x, y
        ),
    )
    yield "bagging", lambda: BaggingClassifier(LogisticRegression(), 3).fit(x, y)
    yield "calibrated", lambda: CalibratedClassifierCV(RandomForestClassifier(3), cv=2).fit(x, y)
    yield "one against the rest", lambda: OneVsRestClassifier(SVC()).fit(x, y)
    yield "one against one", lambda: OneVsOneClassifier(SVC()).fit(x, y)
    yield "chain", lambda: ClassifierChain(LogisticRegression()).fit(x, _two(y))
    yield "multi output", lambda: MultiOutputClassifier(LogisticRegression()).fit(x, _two(y))
    yield "select best", lambda: make_pipeline(SelectKBest(f_classif, k=2), LogisticRegression()).fit(x, y)
    yield "select by information", lambda: SelectKBest(mutual_info_classif, k=2).fit(x, y)
    yield "select from model", lambda: SelectFromModel(RandomForestClassifier(3)).fit(x, y)
    yield "recursive elimination", lambda: RFE(LogisticRegression(), n_features_to_select=2).fit(x, y)
    yield (
        "feature union",
        lambda: FeatureUnion([("a", StandardScaler()), ("b", SelectKBest(f_classif, k=1))]).fit(x, y),
    )
    yield (
        "a numpy function",
        lambda: make_pipeline(FunctionTransformer(_log()), LogisticRegression()).fit(x, y),
    )
    yield (
        "target transformed",
        lambda: TransformedTargetRegressor(LinearRegression(), func=_log(), inverse_func=_exp()).fit(
            x, x[:, 0]
        ),
    )
    yield (
        "counts of words",
        lambda: make_pipeline(CountVectorizer(), LogisticRegression()).fit(words, [1, 0, 1, 0] * 5),
    )
    yield (
        "weights of words",
        lambda: make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), SGDClassifier()).fit(
            words, [1, 0, 1, 0] * 5
        ),
    )
    yield "perceptron", lambda: MLPClassifier((4,), max_iter=20, early_stopping=True).fit(x, y)
    yield (
        "gaussian process",
        lambda: GaussianProcessRegressor(kernels.RBF() + kernels.WhiteKernel()).fit(x, x[:, 0]),
    )
    yield "gaussian process, classes", lambda: GaussianProcessClassifier(1.0 * kernels.Matern()).fit(x, y)
    yield "labels", lambda: LabelEncoder().fit(["a", "b"])
    yield (
        "logistic by folds",
        lambda: LogisticRegressionCV(cv=2, Cs=3, l1_ratios=(0.0,), use_legacy_attributes=False).fit(x, y),
    )


def _frame_model(transformer: Any, one_hot: Any, scaler: Any, selector: Any) -> Any:
    import pandas as pd

    frame = pd.DataFrame({"a": [1.0, 2, 3], "b": ["x", "y", "x"]})
    return transformer([("n", scaler(), selector(dtype_include="number")), ("c", one_hot(), ["b"])]).fit(
        frame
    )


def _two(y: Any) -> Any:
    import numpy as np

    return np.column_stack([y, 1 - y])


def _log() -> Any:
    import numpy as np

    return np.log1p


def _exp() -> Any:
    import numpy as np

    return np.expm1


def boosted() -> Iterator[tuple[str, Callable[[], Any]]]:
    """XGBoost and LightGBM, as classes of their own and inside pipelines."""
    x, y = data()
    if importlib.util.find_spec("xgboost"):
        import xgboost as xgb
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        yield "xgboost classifier", lambda: xgb.XGBClassifier(n_estimators=3).fit(x, y)
        yield "xgboost regressor", lambda: xgb.XGBRegressor(n_estimators=3).fit(x, x[:, 0])
        yield "xgboost forest", lambda: xgb.XGBRFClassifier(n_estimators=3).fit(x, y)
        yield "xgboost ranker", lambda: xgb.XGBRanker(n_estimators=3).fit(x, y, qid=[0] * 30 + [1] * 30)
        yield "xgboost booster", lambda: xgb.train({}, xgb.DMatrix(x, y), 3)
        yield (
            "xgboost in a pipeline",
            lambda: make_pipeline(StandardScaler(), xgb.XGBClassifier(n_estimators=3)).fit(x, y),
        )
    if importlib.util.find_spec("lightgbm"):
        import lightgbm as lgb

        yield "lightgbm classifier", lambda: lgb.LGBMClassifier(n_estimators=3, verbose=-1).fit(x, y)
        yield "lightgbm regressor", lambda: lgb.LGBMRegressor(n_estimators=3, verbose=-1).fit(x, x[:, 0])
        yield "lightgbm booster", lambda: lgb.train({"verbose": -1}, lgb.Dataset(x, y), 3)
    if importlib.util.find_spec("imblearn"):
        from imblearn.over_sampling import SMOTE
        from imblearn.pipeline import make_pipeline as balanced
        from sklearn.linear_model import LogisticRegression

        yield "imbalanced-learn pipeline", lambda: balanced(SMOTE(), LogisticRegression()).fit(x, y)


def tables() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Tables, arrays and what SciPy fits."""
    import numpy as np
    import pandas as pd
    import scipy.interpolate
    import scipy.sparse as sparse
    import scipy.spatial

    x, _ = data()
    frame = pd.DataFrame(x, columns=list("abcd"))
    yield "frame", lambda: frame
    yield (
        "frame of texts",
        lambda: pd.DataFrame({"a": ["x", None, "z"], "b": pd.Categorical(["u", "v", "u"])}),
    )
    yield (
        "frame with times",
        lambda: pd.DataFrame({"t": pd.date_range("2026-01-01", periods=3, tz="UTC")}).set_index("t"),
    )
    yield (
        "frame of nullable types",
        lambda: pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": pd.array(["x", None], "string")}),
    )
    yield "series", lambda: frame["a"]
    yield "several levels", lambda: frame.groupby([frame["a"].round(), frame["b"].round()]).sum()
    yield "intervals", lambda: pd.cut(frame["a"], 3)
    yield "periods", lambda: pd.period_range("2026-01", periods=3, freq="M")
    yield "time deltas", lambda: pd.Series(pd.to_timedelta([1, 2], "s"))
    yield "array", lambda: x
    yield "array of columns", lambda: np.asfortranarray(x)
    yield "records", lambda: np.zeros(3, [("a", "f8"), ("b", "U4"), ("c", "i2", (2,))])
    yield "array of texts", lambda: np.array(["a", "bb"])
    yield "array of objects", lambda: np.array([{"a": 1}, [2, 3], None], dtype=object)
    yield "masked array", lambda: np.ma.masked_less(x, 1)
    yield "times", lambda: np.array(["2026-01-01"], "datetime64[D]")
    yield "random state", lambda: np.random.RandomState(3)
    yield "generator", lambda: np.random.default_rng(3)
    yield "numbers", lambda: {"a": np.float64(1), "b": np.int32(2), "c": np.bool_(True), "d": np.complex64(1)}
    yield "polynomial", lambda: np.polynomial.Polynomial([1, 2])
    for kind in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia"):
        yield f"sparse {kind}", lambda kind=kind: getattr(sparse, f"{kind}_matrix")(np.eye(4))
    yield "sparse array", lambda: sparse.csr_array(np.eye(4))
    yield "k-d tree", lambda: scipy.spatial.cKDTree(x)
    yield "spline", lambda: scipy.interpolate.make_interp_spline([0, 1, 2, 3], [0, 1, 4, 9])
    yield "a list of models", lambda: [frame, {"x": x, "columns": ("a", "b")}]


KINDS = (estimators, composed, boosted, tables)


def _written(path: Path, value: Any, number: int) -> str:
    """Write a value in one of the ways people do, in turn, and say which."""
    import joblib

    protocol = (2, 4, 5, 3, 0, 1)[number % 6]
    way = number % 5
    if way == 1:
        joblib.dump(value, path)
        return "joblib"
    if way == 2:
        joblib.dump(
            value,
            path,
            compress=(("zlib", 3), ("gzip", 3), ("bz2", 1), ("xz", 1), ("lzma", 1))[number // 5 % 5],
        )
        return "joblib, packed"
    path.write_bytes(pickle.dumps(value, protocol))
    return f"pickle {protocol}"


def samples(folder: Path) -> Iterator[Sample]:
    """Each model in one file; then files of arrays by NumPy."""
    import numpy as np

    number = 0
    for kind in KINDS:
        for name, make in kind():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    value = make()
                except (ValueError, TypeError, AttributeError):  # it needs other data than this
                    continue
            path = (
                folder
                / f"{number}_{name.replace(' ', '_').replace(',', '')}.{'joblib' if number % 5 in (1, 2) else 'pkl'}"
            )
            try:
                way = _written(path, value, number)
            except (TypeError, pickle.PicklingError):  # below protocol 2 some cannot be written
                path.write_bytes(pickle.dumps(value))
                way = "pickle"
            number += 1
            yield Sample(path, False, "trained", f"{name}, {way}")
    x, y = data()
    for name, write in (("npz", np.savez), ("packed.npz", np.savez_compressed)):
        out = io.BytesIO()
        write(out, x=x, y=y)
        path = folder / f"arrays.{name}"
        path.write_bytes(out.getvalue())
        yield Sample(path, False, "trained", name)


def quick(folder: Path) -> Iterator[Sample]:
    """A few tables."""
    for number, (name, make) in enumerate(islice(tables(), 0, None, 4)):
        path = folder / f"{name}.pkl"
        yield Sample(path, False, "trained", f"{name}, {_written(path, make(), number)}")
