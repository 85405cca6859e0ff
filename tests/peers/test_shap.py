"""Tree SHAP beside shap.TreeExplainer, on models that LightGBM, CatBoost and scikit-learn have fitted over there."""

from __future__ import annotations

import json
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
PACKAGES = ("shap", f"scikit-learn=={version('scikit-learn')}", "lightgbm", "catboost", "pandas", "pyarrow")
SCRIPT = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, pandas as pd, pyarrow as pa, shap
from sklearn import ensemble, tree
import catboost, lightgbm
sys.path.insert(0, sys.argv[1])
from assay.engines.models.estimator import EstimatorModel
rng = np.random.default_rng(0)
x = pd.DataFrame(rng.normal(size=(400, 6)), columns=list("abcdef"))
y = x.a * x.b + np.sin(3 * x.c) + rng.normal(size=400) / 5
two, three = (y > 0).astype(int), pd.cut(y, 3, labels=[0, 1, 2]).astype(int)
table, off = pa.Table.from_pandas(x), {}
def note(name, model, values):
    loaded = EstimatorModel(model, "python")
    classes = [None] if not loaded.classes else [str(loaded.classes[-1])]
    found = loaded.contributions(table, classes[0])
    matrix = np.column_stack([c.to_numpy() for c in found.columns])
    off[name] = [float(np.abs(matrix[:, :-2] - values).max()), float(np.abs(matrix[:, :-1].sum(axis=1) - matrix[:, -1]).max())]
kinds = ["DecisionTree", "RandomForest", "ExtraTrees", "GradientBoosting", "HistGradientBoosting"]
for kind in kinds:
    module = tree if kind == "DecisionTree" else ensemble
    few = {} if kind == "DecisionTree" else {"max_iter": 20} if kind.startswith("Hist") else {"n_estimators": 20}
    cases = [("Regressor", y), ("Classifier", two)] + ([] if kind.startswith("Grad") else [("Classifier", three)])
    for end, label in cases:
        model = getattr(module, kind + end)(random_state=0, **few).fit(x, label)
        values = np.asarray(shap.TreeExplainer(model).shap_values(x))
        note(f"{kind}{end} {label.nunique()}", model, values[..., -1] if values.ndim == 3 else values)
for name, model in (
    ("LGBM", lightgbm.LGBMClassifier(n_estimators=20, verbose=-1)),
    ("CatBoost", catboost.CatBoostClassifier(iterations=20, verbose=0, allow_writing_files=False)),
):
    for label in (two, three):
        model.fit(x, label)
        values = np.asarray(shap.TreeExplainer(model).shap_values(x))
        note(f"{name} {label.nunique()}", model, values[..., -1] if values.ndim == 3 else values)
print(json.dumps(off))
"""


@pytest.mark.slow
def test_values_are_those_of_shap(environment):
    python = environment("shap", *PACKAGES)
    done = subprocess.run([python, "-c", SCRIPT, SOURCE], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr[-800:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert len(found) == 18
    for name, (beside, added) in found.items():
        assert beside < 1e-5 and added < 1e-9, name


READ = """
import sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, pandas as pd
import catboost, lightgbm
rng = np.random.default_rng(0)
x = pd.DataFrame(rng.normal(size=(300, 3)), columns=list("abc"))
x["kind"] = rng.choice(["u", "v"], 300)
y = (x.a + (x.kind == "u") > 0.5).astype(int)
model = catboost.CatBoostClassifier(iterations=10, verbose=0, cat_features=["kind"], allow_writing_files=False).fit(x, y)
model.save_model(sys.argv[1] + "/model.cbm")
lightgbm.LGBMClassifier(n_estimators=10, verbose=-1).fit(x[list("abc")], np.digitize(x.a, [-0.5, 0.5])).booster_.save_model(sys.argv[1] + "/model.txt")
sys.path.insert(0, sys.argv[2])
from pathlib import Path
import pyarrow as pa
from assay.engines.models.load import load
for name, folder in (("cbm", "c"), ("txt", "t")):
    place = Path(sys.argv[1]) / folder
    place.mkdir()
    (place / f"model.{name}").write_bytes((Path(sys.argv[1]) / f"model.{name}").read_bytes())
    loaded = load(place)
    table = pa.Table.from_pandas(x)
    said = loaded.predict(table)
    for of in (None, str(loaded.classes[0])):
        found = np.column_stack([c.to_numpy() for c in loaded.contributions(table, of).columns])
        assert np.abs(found[:, :-1].sum(axis=1) - found[:, -1]).max() < 1e-9
        if len(loaded.classes) == 2:
            score = said.column("score").to_numpy() if of is None else 1 - said.column("score").to_numpy()
            assert np.abs(1 / (1 + np.exp(-found[:, -1])) - score).max() < 1e-9
assert said.column_names == ["prediction", "score_0", "score_1", "score_2"]
"""


@pytest.mark.slow
def test_files_of_catboost_and_lightgbm_are_read(environment, tmp_path):
    python = environment("shap", *PACKAGES)
    done = subprocess.run([python, "-c", READ, tmp_path, SOURCE], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr[-800:]
