"""A way of training as a person names it: on the command line, in a pipeline, from Python."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import assay as library
from assay.engines.blobs import Store
from assay.engines.trainers.recipe import Recipe
from assay.kernel.errors import AssayError, UsageError
from assay.kernel.handles import Trainer, Work
from assay.kernel.report import Report
from assay.works.fitting import present
from assay.works.pipeline import load
from assay.works.signature import signature
from assay.works.trainers import pin_script

SCRIPT = """
import argparse, os, joblib, pandas as pd
from sklearn.tree import DecisionTreeClassifier
parser = argparse.ArgumentParser()
parser.add_argument("--max_depth", type=int, default=1)
args = parser.parse_args()
assert args.max_depth == 3, f"max_depth is {args.max_depth}"
frame = pd.read_csv(os.environ["SM_CHANNEL_TRAIN"] + "/data.csv")
label = frame.pop("y")
joblib.dump(DecisionTreeClassifier(max_depth=3, random_state=0).fit(frame, label), os.environ["SM_MODEL_DIR"] + "/m.joblib")
"""


def _data(rows=80):
    rng = np.random.default_rng(0)
    a = rng.standard_normal(rows)
    return pd.DataFrame({"a": a, "b": rng.random(rows), "y": np.where(a > 0.3, "p", "q")})


def _check(subject: Trainer, *, tune: dict[str, object] | None = None, work: Work) -> Report:
    raise AssertionError


def test_a_parameter_of_the_type_is_an_input_and_a_mapping_is_read_from_texts():
    trainer, tune, _ = signature(_check)
    assert (trainer.role, trainer.kinds) == ("input", ("trainer",))
    assert tune.value(("depth=3", "name=x,y", "flag=true")) == {"depth": 3, "name": "x,y", "flag": True}
    assert tune.value(['{"depth": [3, 6]}']) == {"depth": [3, 6]} == tune.value({"depth": [3, 6]})
    for wrong in ("depth", "=3", '{"a": '):
        with pytest.raises(UsageError, match="tune takes NAME=VALUE"):
            tune.value((wrong,))


def test_ones_own_estimator_or_function_is_trained_from_python():
    data = _data()
    given = {"label": "y", "folds": 4, "slices": 0}
    own = library.check("model.validate", data, retrain=LogisticRegression(), **given)
    called = library.check(
        "model.validate", data, retrain=lambda frame, label: LogisticRegression().fit(frame, label), **given
    )
    assert own.metric("f1").value == called.metric("f1").value > 0.9
    tuned = library.check(
        "model.validate", data, retrain=DecisionTreeClassifier, tune={"max_depth": [1, 2]}, **given
    )
    assert tuned.report.data["tuned"]["chosen"]
    assert tuned.report.inputs["retrain"].digest == ""
    with pytest.raises(UsageError, match="a int trains nothing"):
        library.check("model.validate", data, retrain=3, **given)


STEPS = """
name: anew
data: {rows: {source: d.csv}}
settings: {isolation: partial}
steps:
  model:    {train: train.py, of: rows, hyperparameters: {max_depth: 3}, limits: {minutes: 1}}
  anew:     {check: model.validate, of: rows, label: y, retrain: model, folds: 2, slices: 0}
  again:    {check: model.validate, of: model, data: rows, label: y, retrain: itself, folds: 2, slices: 0}
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with rows, a script and a pipeline."""
    _data().to_csv(tmp_path / "d.csv", index=False)
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "assay.yaml").write_text(STEPS)
    return tmp_path


def test_a_script_is_pinned_with_all_that_it_is_trained_with(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    store, step = Store(str(tmp_path / "store")), {"script": tmp_path / "train.py", "limits": {"minutes": 1}}
    first, same = pin_script(step, store), pin_script(dict(step), store)
    assert first == same and first.name == "train.py"
    recipe = json.loads(store.read(first.digest))
    assert store.path(recipe["code"]).joinpath("train.py").read_text() == SCRIPT
    assert pin_script(step | {"limits": {"minutes": 2}}, store).digest != first.digest
    (tmp_path / "train.py").write_text(SCRIPT + "# another\n")
    assert pin_script(step, store).digest != first.digest
    with pytest.raises(UsageError, match="how to train"):
        Recipe.from_bytes(b"{}")


@pytest.mark.slow
def test_a_train_step_is_a_way_of_training_with_its_hyperparameters_and_is_pinned(assay, folder):
    run = assay.json(folder, "run", "assay.yaml")
    assert [s["outcome"] for s in run["steps"]] == ["pass"] * 3, run
    reports = [
        json.loads(_object(folder, s["report"]).read_text())
        for name in ("anew", "again")
        for s in run["steps"]
        if s["name"] == name
    ]
    for report in reports:
        assert report["data"]["trainings"] == 2
    pinned = reports[0]["inputs"]["retrain"]
    recipe = json.loads(_object(folder, pinned["digest"]).read_text())
    assert recipe["script"] == "train.py" and recipe["hyperparameters"] == {"max_depth": 3}
    assert recipe["limits"] == {"minutes": 1}
    again = assay.json(folder, "run", "assay.yaml")
    assert all(s["cached"] for s in again["steps"])
    changed = assay.json(folder, "run", "assay.yaml", "--set", "model.limits.minutes=2", "--only", "anew")
    assert not next(s for s in changed["steps"] if s["name"] == "anew")["cached"]


def _object(folder, digest):
    text = digest.removeprefix("sha256:")
    return folder / ".assay" / "objects" / text[:2] / text[2:]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("retrain: model", "retrain: rows", "no train step called 'rows'"),
        ("retrain: model", "retrain: other.py", "other.py'"),
        ("retrain: itself", "retrain: anew", "assay.yaml:8: the step 'anew' trains nothing"),
    ],
)
def test_what_trains_nothing_is_told_with_its_line(folder, old, new, said):
    path = folder / "assay.yaml"
    path.write_text(STEPS.replace(old, new))
    with pytest.raises(AssayError) as told:
        present(load(path), ["model", "anew", "again"])
    assert said in str(told.value)
