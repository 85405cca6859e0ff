from __future__ import annotations

import contextlib
import textwrap

import joblib
import numpy as np
import pyarrow as pa
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from assay.engines.trainers.model import ModelTrainer
from assay.kernel.asset import Asset
from assay.kernel.errors import TrainingFailed, UsageError
from assay.kernel.handles import Trainer
from assay.works.checking import bench
from assay.works.settings import Settings
from assay.works.trainers import hold_trainer, open_trainer

SCRIPT = """
import argparse, os, joblib, pandas as pd
from sklearn.tree import DecisionTreeClassifier
parser = argparse.ArgumentParser()
parser.add_argument("--max_depth", type=int, default=3)
parser.add_argument("--weights")
args = parser.parse_args()
frame = pd.read_csv(os.environ["SM_CHANNEL_TRAIN"] + "/data.csv")
weight = frame.pop(args.weights) if args.weights else None
label = frame.pop("y")
model = DecisionTreeClassifier(max_depth=args.max_depth, random_state=0).fit(frame, label, sample_weight=weight)
joblib.dump(model, os.environ["SM_MODEL_DIR"] + "/model.joblib")
"""


def rows(n=300, seed=1):
    rng = np.random.default_rng(seed)
    a, b = rng.random(n), rng.random(n)
    return pa.table({"a": a, "b": b, "y": np.where(a + 0.3 * rng.standard_normal(n) > 0.5, "yes", "no")})


@pytest.fixture
def trainer(tmp_path):
    """Open a way of training as the command line does: a script given as text, or a path, or an object."""
    with contextlib.ExitStack() as stack:
        table = stack.enter_context(bench(None, Settings().updated({"isolation": "partial"}, "test")))

        def open_(source) -> Trainer:
            if isinstance(source, str) and "\n" in source:
                path = tmp_path / "train.py"
                path.write_text(textwrap.dedent(source))
                source = path
            return open_trainer(hold_trainer(source, None, table, None), table, table._private())

        yield open_


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A fitted pipeline of scikit-learn as a file."""
    frame = rows().to_pandas().assign(c=lambda f: np.where(f.b > 0.5, "p", "q"))
    coder = make_column_transformer((OneHotEncoder(), ["c"]), remainder="passthrough")
    model = make_pipeline(coder, DecisionTreeClassifier(max_depth=2, random_state=0))
    path = tmp_path_factory.mktemp("m") / "model.joblib"
    joblib.dump(model.fit(frame[["a", "b", "c"]], frame.y), path)
    return path


def test_a_script_is_run_on_the_rows_and_its_model_answers(trainer):
    way = trainer(SCRIPT)
    data = rows()
    frame = data.to_pandas()
    weights = np.where(frame.y == "yes", 9.0, 1.0)
    given = {"max_depth": 1, "weights": "w"}
    with way.fit(data, label="y", weights=weights, weight_column="w", hyperparameters=given) as model:
        assert isinstance(way, Trainer)
        told = model.predict(data).column("prediction").to_pylist()
    alone = DecisionTreeClassifier(max_depth=1, random_state=0).fit(frame[["a", "b"]], frame.y, weights)
    assert told == alone.predict(frame[["a", "b"]]).tolist()
    with (
        pytest.raises(UsageError, match="reads its weights from a column"),
        way.fit(data, label="y", weights=weights),
    ):
        raise AssertionError


def test_a_script_that_fails_says_its_last_line_and_one_that_hangs_is_ended(trainer):
    with (
        pytest.raises(TrainingFailed, match=r"exit code 1.*ValueError: no good rows"),
        trainer("\nraise ValueError('no good rows')\n").fit(rows(), label="y"),
    ):
        raise AssertionError
    with (
        pytest.raises(TrainingFailed, match=r"RuntimeError: \[password said hidden\]"),
        trainer("\nraise RuntimeError('password=hunter2')\n").fit(rows(), label="y"),
    ):
        raise AssertionError
    slow = trainer("\nimport time\nprint('begun', flush=True)\ntime.sleep(60)\n").within({"seconds": 1.5})
    with pytest.raises(TrainingFailed, match=r"ran past its time.*begun"), slow.fit(rows(), label="y"):
        raise AssertionError


def test_a_model_that_a_script_left_is_scanned_before_it_is_loaded(trainer):
    code = """
    import os, pickle
    class Odd:
        def __reduce__(self):
            return (print, ("loaded",))
    class Worse:
        def __reduce__(self):
            return (os.system, ("true",))
    pickle.dump([Odd(), Worse()], open(os.environ["SM_MODEL_DIR"] + "/model.pkl", "wb"))
    """
    with (
        pytest.raises(TrainingFailed, match="is refused: .* model.scan says fail"),
        trainer(code).fit(rows(), label="y"),
    ):
        raise AssertionError


def test_a_fitted_pipeline_is_cloned_and_fitted_to_other_rows(trainer, fitted):
    data = rows(200, seed=9)
    data = data.append_column("c", pa.array(np.where(data["b"].to_numpy() > 0.2, "p", "q")))
    frame = data.to_pandas()
    weights = np.random.default_rng(0).random(len(frame))
    clone = joblib.load(fitted).set_params(decisiontreeclassifier__max_depth=4)
    clone.fit(frame[["a", "b", "c"]], frame.y, decisiontreeclassifier__sample_weight=weights)
    given = {"decisiontreeclassifier__max_depth": 4}
    with trainer(fitted).fit(data, label="y", weights=weights, hyperparameters=given) as model:
        told = model.predict(data)
        assert model.info.classes == ("no", "yes")
    assert told.column("prediction").to_pylist() == clone.predict(frame[["a", "b", "c"]]).tolist()
    assert np.allclose(told.column("score"), clone.predict_proba(frame[["a", "b", "c"]])[:, 1])


@pytest.mark.slow
def test_what_a_booster_was_trained_with_is_kept_by_an_estimator_and_not_by_its_model_file(trainer, tmp_path):
    import xgboost as xgb

    data = rows()
    frame = data.to_pandas()
    made = xgb.XGBClassifier(n_estimators=4, max_depth=2, learning_rate=0.5, random_state=0)
    made.fit(frame[["a", "b"]], (frame.y == "yes").astype(int))
    joblib.dump(made, tmp_path / "model.joblib")
    joblib.dump(made.get_booster(), tmp_path / "booster.joblib")
    made.get_booster().save_model(tmp_path / "model.json")
    half = data.slice(0, 150)
    again = xgb.XGBClassifier(n_estimators=4, max_depth=2, learning_rate=0.5, random_state=0)
    again.fit(frame[["a", "b"]][:150], (frame.y[:150] == "yes").astype(int))
    for name in ("model.joblib", "booster.joblib"):
        with trainer(tmp_path / name).fit(half, label="y") as model:
            told = model.predict(data)
        assert np.allclose(told.column("score"), again.predict_proba(frame[["a", "b"]])[:, 1]), name
        assert set(told.column("prediction").to_pylist()) == {"no", "yes"}
    with (
        pytest.raises(TrainingFailed, match="does not keep what it was trained with"),
        trainer(tmp_path / "model.json").fit(half, label="y"),
    ):
        raise AssertionError


def test_ones_own_estimator_and_function_train_in_memory(trainer):
    data = rows()
    frame = data.to_pandas()

    def train(given, truth, sample_weight=None, C=1.0):
        return LogisticRegression(C=C).fit(given, truth, sample_weight=sample_weight)

    weights = np.linspace(0, 1, len(frame))
    alone = LogisticRegression(C=0.1).fit(frame[["a", "b"]], frame.y, weights)
    for source in (LogisticRegression(), LogisticRegression, train):
        with trainer(source).fit(data, label="y", weights=weights, hyperparameters={"C": 0.1}) as model:
            told = model.predict(data.drop_columns("y"))
        assert np.allclose(told.column("score"), alone.predict_proba(frame[["a", "b"]])[:, 1])
    with (
        pytest.raises(TrainingFailed, match="invalid|C"),
        trainer(LogisticRegression()).fit(data, label="y", hyperparameters={"C": -1}),
    ):
        raise AssertionError


def test_weights_are_one_a_row(trainer):
    with (
        pytest.raises(UsageError, match="2 weights for 300 rows"),
        trainer(LogisticRegression()).fit(rows(), label="y", weights=[1, 2]),
    ):
        raise AssertionError


@pytest.mark.slow
@pytest.mark.parametrize("library", ["lightgbm", "catboost"])
def test_boosters_of_other_libraries_are_fitted_anew(trainer, tmp_path, library):
    module = pytest.importorskip(library)
    data = rows().append_column("c", pa.array(["p", "q", "r"] * 100))
    frame = data.to_pandas()
    given, half = frame[["a", "b", "c"]].astype({"c": "category"}), slice(0, 150)
    truth = (frame.y == "yes").astype(int)
    if library == "lightgbm":
        made = module.LGBMClassifier(n_estimators=5, max_depth=2, min_child_samples=5, verbose=-1)
        again = module.LGBMClassifier(n_estimators=5, max_depth=2, min_child_samples=5, verbose=-1)
        made.fit(given, truth)
        made.booster_.save_model(tmp_path / "model.txt")
        again.fit(given[half], truth[half])
        joblib.dump(made, tmp_path / "model.joblib")
        paths = [tmp_path / "model.txt", tmp_path / "model.joblib"]
    else:
        options = {"iterations": 5, "depth": 2, "cat_features": ["c"], "verbose": False, "allow_writing_files": False, "learning_rate": 0.3, "random_seed": 3}  # fmt: skip
        given["c"] = given["c"].astype(str)
        made, again = module.CatBoostClassifier(**options), module.CatBoostClassifier(**options)
        made.fit(given, frame.y)
        made.save_model(str(tmp_path / "model.cbm"))
        again.fit(given[half], frame.y[half])
        paths = [tmp_path / "model.cbm"]
    for path in paths:
        way = ModelTrainer(
            Asset("model", path.name, str(path), "", path.suffix[1:]), path, "partial", tmp_path, print
        )
        with way.fit(data.slice(0, 150), label="y") as model:
            told = model.predict(data)
        assert np.allclose(told.column("score"), again.predict_proba(given)[:, 1], atol=1e-6), path.name
        assert set(told.column("prediction").to_pylist()) <= {"no", "yes"}


def test_each_fit_starts_from_nothing(trainer):
    way = trainer(RandomForestClassifier(n_estimators=3, warm_start=True, random_state=0))
    frame = rows(100).to_pandas()
    alone = RandomForestClassifier(n_estimators=3, random_state=0).fit(frame[["a", "b"]], frame.y)
    with way.fit(rows(100, seed=2), label="y"), way.fit(rows(100), label="y") as second:
        assert second.predict(rows()).column("prediction").to_pylist() == list(
            alone.predict(rows().to_pandas()[["a", "b"]])
        )
    assert not hasattr(way.source, "estimators_")


def test_rows_that_are_no_csv_are_told(trainer):
    data = pa.table({"a": pa.array([[1], [2]]), "y": ["p", "q"]})
    with (
        pytest.raises(TrainingFailed, match="cannot be written as CSV"),
        trainer(SCRIPT).fit(data, label="y"),
    ):
        raise AssertionError
