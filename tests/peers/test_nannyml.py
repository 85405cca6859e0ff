"""nannyml, in an environment of its own, expects the same of the same rows of Adult; of errors what a like model would."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pandas as pd
import pytest
from tests.checks.traffic.conftest import SOURCE, answers

from assay.checks.traffic.estimate import check
from assay.checks.traffic.multivariate import check as multivariate

pytestmark = pytest.mark.slow
ASKED = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import nannyml as nml
import pandas as pd
nml.usage_logging.disable_usage_logging() if hasattr(nml.usage_logging, "disable_usage_logging") else None
kind, old, new, out = sys.argv[1:]
old, new = pd.read_parquet(old), pd.read_parquet(new)
if kind == "classes":
    names = ["accuracy", "precision", "recall", "f1", "specificity", "roc_auc"]
    made = nml.CBPE(y_pred_proba="score", y_pred="prediction", y_true="truth", metrics=names, chunk_size=len(new),
                    problem_type="classification_binary")
elif kind == "numbers":
    names = ["mae", "mse", "rmse", "msle", "rmsle"]
    made = nml.DLE(feature_column_names=["x", "z"], y_pred="prediction", y_true="truth", metrics=names, chunk_size=len(new))
else:
    names = ["reconstruction_error"]
    made = nml.DataReconstructionDriftCalculator(column_names=list(old), chunk_size=len(new))
    found = made.fit(old).calculate(new).to_df()
if kind != "components":
    found = made.fit(old).estimate(new).to_df()
found.columns = ["/".join(c) for c in found.columns]
rows = found[found["chunk/period"] == "analysis"]
say = {n: [float(v) for v in rows[f"{n}/value"]] for n in names}
say["errors"] = {n: float(rows[f"{n}/sampling_error"].iloc[0]) for n in names}
json.dump(say, open(out, "w"))
"""


@pytest.fixture(scope="module")
def adult():
    frame = pd.read_csv(SOURCE / "income/adult.csv.gz").rename(columns={"income": "truth"})
    return frame.assign(truth=(frame["truth"] == ">50K").astype(int))


@pytest.fixture(scope="module")
def nannyml(environment):
    return environment("nannyml-0.13", "nannyml==0.13.*", "statsmodels", "pandas<3")


@pytest.fixture
def asked(nannyml, tmp_path):
    def asked_(kind, old, new):
        files = [tmp_path / "old.parquet", tmp_path / "new.parquet"]
        for frame, path in zip((old, new), files, strict=True):
            frame.to_parquet(path)
        out = tmp_path / "out.json"
        subprocess.run(
            [nannyml, "-c", ASKED, kind, *files, out], check=True, env={"NML_DISABLE_USAGE_LOGGING": "1"}
        )
        return json.loads(out.read_text())

    return asked_


@pytest.mark.parametrize("bent", [True, False])
def test_confidence_based_estimates_are_the_same(asked, adult, table, work, bent):
    rows = answers(adult.sample(12_000, random_state=2, ignore_index=True))
    if bent:  # scores that both calibrate
        rows["score"] = rows["score"] ** 3
    old, new = rows.iloc[:6000], rows.iloc[6000:]
    theirs = asked("classes", old, new.drop(columns="truth"))
    report = check(table(new.drop(columns="truth")), against=table(old, "old"), work=work)
    assert report.data["calibrated"] or not bent
    for name in ("accuracy", "precision", "recall", "f1", "specificity", "roc_auc"):
        ours = report.metric(name, table="window", by="estimate")
        assert ours.value == pytest.approx(theirs[name][0], abs=1e-4 if bent else 0.006), name
        spread = (ours.interval[1] - ours.interval[0]) / 6
        # Of F1 theirs takes the denominator for known, which makes it half again as large as what samples differ by.
        assert name == "f1" or spread == pytest.approx(theirs["errors"][name], rel=0.25), name


def test_learnt_losses_are_like_theirs(asked, table, work):
    rng = np.random.default_rng(5)

    def rows(n, low):
        x = low + rng.random(n) * (1 - low)
        truth = np.maximum(0, 10 + 20 * x + rng.normal(0, 0.5 + 4 * x))
        return pd.DataFrame({"x": x, "z": rng.random(n), "prediction": 10 + 20 * x, "truth": truth})

    old, new = rows(6000, 0), rows(3000, 0.6)
    theirs = asked("numbers", old, new.drop(columns="truth"))
    report = check(table(new), against=table(old, "old"), work=work)
    for name in ("mae", "mse", "rmse", "msle", "rmsle"):
        ours = report.metric(name, table="window", by="estimate").value
        true = report.metric(name, table="window", by="labels").value
        assert ours == pytest.approx(theirs[name][0], rel=0.1)
        assert abs(ours - true) <= abs(theirs[name][0] - true) + 0.06 * true


def test_the_reconstruction_error_is_theirs(asked, adult, table, work):
    rows = adult.drop(columns="truth").sample(8000, random_state=3, ignore_index=True)
    old, new = rows.iloc[:5000], rows.iloc[5000:].copy()
    new["education_num"] = new["education_num"].sample(frac=1, random_state=1).to_numpy()
    theirs = asked("components", old, new)
    report = multivariate(table(new), against=table(old, "old"), classifier=False, work=work)
    found = report.metric("reconstruction_error", table="window").value
    assert found == pytest.approx(theirs["reconstruction_error"][0], rel=0.02)
