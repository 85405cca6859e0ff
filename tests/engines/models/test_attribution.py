from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xgboost as xgb
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    SGDClassifier,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from tests.methods.test_treeshap import brute

from assay.engines.models.estimator import EstimatorModel

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=300),
        "z": RNG.normal(size=300),
        "kind": RNG.choice(list("abc"), 300),
        "side": RNG.choice(list("uv"), 300),
    }
)
FRAME.loc[::17, "z"] = np.nan
_SUM = FRAME.x + (FRAME.kind == "a") * 2 + FRAME.z.fillna(0) * (FRAME.side == "u")
TWO = np.where(_SUM > 0.5, "yes", "no")
THREE = pd.cut(_SUM, 3, labels=["low", "middle", "high"]).astype(str).to_numpy()
COUNTS = np.exp(_SUM / 2)


def _piped(model):
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    return make_pipeline(
        make_column_transformer((OneHotEncoder(), ["kind", "side"]), (numbers, ["z", "x"])), model
    )


def _read(found):
    """The values, the bias, the margin and what they are."""
    matrix = np.column_stack([c.to_numpy() for c in found.columns])
    return matrix[:, :-2], matrix[:, -2], matrix[:, -1], json.loads(found.schema.metadata[b"assay"])


CASES = [
    (DecisionTreeClassifier(), TWO, "probability"),
    (DecisionTreeRegressor(max_depth=5), _SUM, "output"),
    (RandomForestClassifier(n_estimators=5), TWO, "probability"),
    (RandomForestClassifier(n_estimators=5, max_depth=6), THREE, "probability"),
    (RandomForestRegressor(n_estimators=5), _SUM, "output"),
    (ExtraTreesClassifier(n_estimators=5), THREE, "probability"),
    (GradientBoostingClassifier(n_estimators=10), TWO, "log-odds"),
    (GradientBoostingClassifier(n_estimators=5), THREE, "log-odds"),
    (GradientBoostingRegressor(n_estimators=10, loss="huber"), _SUM, "output"),
    (HistGradientBoostingClassifier(max_iter=10), TWO, "log-odds"),
    (HistGradientBoostingClassifier(max_iter=5), THREE, "log-odds"),
    (HistGradientBoostingRegressor(max_iter=10, loss="poisson"), COUNTS, "log"),
    (xgb.XGBClassifier(n_estimators=5), (TWO == "yes").astype(int), "log-odds"),
    (xgb.XGBClassifier(n_estimators=5), np.unique(THREE, return_inverse=True)[1], "log-odds"),
    (LogisticRegression(), TWO, "log-odds"),
    (LogisticRegression(), THREE, "log-odds"),
    (LinearRegression(), _SUM, "output"),
    (Ridge(), _SUM, "output"),
    (Lasso(alpha=0.01), _SUM, "output"),
    (SGDClassifier(), THREE, "margin"),
    (LinearSVC(), TWO, "margin"),
    (PoissonRegressor(), COUNTS, "log"),
]


@pytest.mark.parametrize(("model", "label", "unit"), CASES, ids=lambda c: type(c).__name__)
def test_values_add_up_to_the_models_own_answers(model, label, unit):
    """Behind one-hot columns, an imputer with indicators and a scaler; of the data's own columns."""
    estimator = EstimatorModel(_piped(model).fit(FRAME, label), "joblib")
    table = pa.Table.from_pandas(FRAME)
    estimator.background(table)
    for of in (None, *map(str, estimator.classes)):
        found = estimator.contributions(table, of)
        assert found.column_names == ["x", "z", "kind", "side", "bias", "margin"]
        values, bias, margin, about = _read(found)
        assert values.sum(axis=1) + bias == pytest.approx(margin, abs=1e-5)
        assert about["unit"] == unit and about["space"].startswith("the columns of the data")
        said = estimator.predict(table)
        if unit == "output":
            assert margin == pytest.approx(said["prediction"].to_numpy())
        if unit == "log":
            assert np.exp(margin) == pytest.approx(said["prediction"].to_numpy())
        if unit == "probability" and of is not None:
            name = f"score_{of}" if len(estimator.classes) > 2 else "score"
            score = said[name].to_numpy()
            assert margin == pytest.approx(1 - score if of == "no" else score)


def test_one_hot_columns_play_as_one_feature():
    """By the definition, the game being that of the data's columns: a subset holds all of a feature's columns or none."""
    pipe = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["kind", "side"]), remainder="passthrough"),
        DecisionTreeRegressor(max_depth=6, min_samples_leaf=3),
    ).fit(FRAME.fillna(0), _SUM)
    tree = pipe[-1].tree_
    rows = pipe[0].transform(FRAME.fillna(0))[:8].astype(np.float32)
    ways = rows.T[np.maximum(tree.feature, 0)] <= tree.threshold[:, None]
    column = np.array([2, 2, 2, 3, 3, 0, 1])

    class Grouped:
        left, right, cover = tree.children_left, tree.children_right, tree.weighted_n_node_samples
        feature, value = column[np.maximum(tree.feature, 0)], tree.value[:, 0, 0]

    found = EstimatorModel(pipe, "joblib").contributions(pa.Table.from_pandas(FRAME.fillna(0).head(8)))
    assert _read(found)[0] == pytest.approx(brute(Grouped, ways, range(4)), abs=1e-12)


def test_categories_of_histogram_boosting():
    frame = FRAME.assign(kind=FRAME.kind.astype("category"), side=FRAME.side.astype("category"))
    model = HistGradientBoostingClassifier(max_iter=10, categorical_features="from_dtype").fit(frame, TWO)
    odd = frame.copy()
    odd.loc[:5, "kind"] = None
    values, bias, margin, _ = _read(EstimatorModel(model, "joblib").contributions(pa.Table.from_pandas(odd)))
    assert values.sum(axis=1) + bias == pytest.approx(margin, abs=1e-9)
    assert margin == pytest.approx(model.decision_function(odd))
    assert np.abs(values).mean(axis=0).argmax() in (0, 2)


def test_linear_values_are_measured_against_the_mean_of_the_background():
    numbers = FRAME[["x", "z"]].fillna(0)
    model = EstimatorModel(make_pipeline(StandardScaler(), Ridge()).fit(numbers, _SUM), "joblib")
    table = pa.Table.from_pandas(numbers)
    assert model.contributions(table) is None  # nothing to measure against yet
    model.background(table.slice(0, 50))
    slope = model.estimator[-1].coef_ / model.estimator[0].scale_
    values, bias, _, about = _read(model.contributions(table))
    assert values == pytest.approx((numbers - numbers.head(50).mean()).to_numpy() * slope)
    assert bias == pytest.approx(model.estimator.predict(numbers.head(50)).mean())
    assert about["method"] == "exact linear SHAP"


def test_columns_that_are_mixed_are_explained_as_they_are():
    numbers = FRAME[["x", "z"]].fillna(0)
    model = make_pipeline(StandardScaler(), PCA(2), DecisionTreeRegressor(max_depth=3)).fit(numbers, _SUM)
    found = EstimatorModel(model, "joblib").contributions(pa.Table.from_pandas(numbers))
    assert found.column_names == ["pca0", "pca1", "bias", "margin"]
    assert "mix" in _read(found)[3]["space"]


def test_what_chooses_and_bins_is_followed_to_its_column():
    before = make_column_transformer(
        (KBinsDiscretizer(3, encode="onehot-dense", quantile_method="averaged_inverted_cdf"), ["x"]),
        (OrdinalEncoder(), ["kind"]),
        ("drop", ["side"]),
        remainder="passthrough",
    )
    numbers = FRAME.fillna(0)
    model = make_pipeline(before, SelectKBest(k=3), DecisionTreeClassifier(max_depth=4)).fit(numbers, TWO)
    found = EstimatorModel(model, "joblib").contributions(pa.Table.from_pandas(numbers))
    values = _read(found)[0]
    assert found.column_names[:4] == ["x", "z", "kind", "side"]
    assert not values[:, 3].any() and values[:, 0].any()


def test_what_is_neither_tree_nor_linear_has_none():
    model = EstimatorModel(GaussianNB().fit(FRAME[["x"]], TWO), "joblib")
    table = pa.Table.from_pandas(FRAME[["x"]])
    model.background(table)
    assert model.contributions(table) is None and model.inside() is None


def test_boosting_that_begins_with_another_model_has_none():
    start = DecisionTreeRegressor(max_depth=2)
    model = GradientBoostingRegressor(n_estimators=3, init=start).fit(FRAME[["x"]], _SUM)
    assert EstimatorModel(model, "joblib").contributions(pa.Table.from_pandas(FRAME[["x"]])) is None


def test_a_class_that_is_not_known_is_named():
    model = EstimatorModel(DecisionTreeClassifier().fit(FRAME[["x"]], TWO), "joblib")
    with pytest.raises(ValueError, match="perhaps.*no, yes"):
        model.contributions(pa.Table.from_pandas(FRAME[["x"]]), "perhaps")


def test_a_feature_called_bias_is_no_bias():
    frame = FRAME[["x", "z"]].fillna(0).set_axis(["bias", "margin"], axis=1)
    model = EstimatorModel(DecisionTreeRegressor(max_depth=4).fit(frame, _SUM), "joblib")
    found = model.contributions(pa.Table.from_pandas(frame))
    values, bias, margin, _ = _read(found)
    assert found.column_names == ["bias", "margin", "bias", "margin"]
    assert values.sum(axis=1) + bias == pytest.approx(margin)
