"""Every bias metric on Adult beside smclarify, fairlearn and AIF360, unmodified, each in an environment of its own.

The model is a wrong one on purpose: it says yes by education, hours and sex. Some rows lack their facet, and the census's own
weights are counted where a peer counts any.
"""

from __future__ import annotations

import json
import subprocess
from importlib.resources import as_file, files

import numpy as np
import pandas as pd
import pytest

from assay.checks.data import bias as before
from assay.checks.model import bias as after
from assay.methods.bias import POST_TRAINING, PRE_TRAINING
from assay.methods.fairness import BETWEEN

pytestmark = pytest.mark.slow

CLARIFY = """
import json, logging, sys
import pandas as pd
from smclarify.bias.report import FacetColumn, LabelColumn, StageType, bias_report
logging.disable(logging.CRITICAL)
frame = pd.read_parquet(sys.argv[1])
label, said = (LabelColumn(n, frame[n], ["yes"]) for n in ("y", "p"))
out = {}
for stage in (StageType.PRE_TRAINING, StageType.POST_TRAINING):
    given = frame if stage is StageType.POST_TRAINING else frame.drop(columns="p")
    (one,) = bias_report(given, FacetColumn("sex", ["Female"]), label, stage, said, ["all"], frame["education_num"])
    out |= {m["name"]: m["value"] for m in one["metrics"]}
print(json.dumps(out))
"""

OTHERS = """
import json, logging, sys, warnings
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import pandas as pd
import fairlearn.metrics as f
from sklearn.metrics import precision_score
from aif360.datasets import BinaryLabelDataset
from aif360.metrics import BinaryLabelDatasetMetric, ClassificationMetric
frame = pd.read_parquet(sys.argv[1])
frame["y"], frame["p"] = (frame[n] == "yes" for n in ("y", "p"))
NAMES = ["demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference",
         "equalized_odds_ratio", "equal_opportunity_difference", "equal_opportunity_ratio"]
out = {}
for facet in ("sex", "race"):
    for weights in (None, "fnlwgt"):
        d = frame[frame[facet].notna()]
        w = None if weights is None else d[weights]
        rates = f.MetricFrame(metrics=precision_score, y_true=d.y, y_pred=d.p, sensitive_features=d[facet],
                              sample_params=None if w is None else {"sample_weight": w})
        out[f"{facet}/{weights}"] = {
            n: getattr(f, n)(d.y, d.p, sensitive_features=d[facet], sample_weight=w) for n in NAMES
        } | {"predictive_parity_difference": rates.difference(), "predictive_parity_ratio": rates.ratio()}
        for group in d[facet].unique():
            sets = []
            for column in ("y", "p"):
                held = pd.DataFrame({"g": (d[facet] != group).astype(int), "y": d[column].astype(int),
                                     "w": 1.0 if w is None else w.astype(float)})
                sets.append(BinaryLabelDataset(df=held, label_names=["y"], protected_attribute_names=["g"],
                                               instance_weights_name="w"))
            two = {"unprivileged_groups": [{"g": 0}], "privileged_groups": [{"g": 1}]}
            told, labels = ClassificationMetric(*sets, **two), BinaryLabelDatasetMetric(sets[0], **two)
            def apart(rate, turned=False):
                a, b = rate(privileged=True), rate(privileged=False)
                return b - a if turned else a - b
            out[f"{facet}={group}/{weights}"] = {
                "DPL": -labels.mean_difference(), "DPPL": -told.mean_difference(), "DI": told.disparate_impact(),
                "RD": apart(told.true_positive_rate), "SD": apart(told.true_negative_rate, True),
                "DAR": apart(told.positive_predictive_value), "DRR": apart(told.negative_predictive_value, True),
                "AD": apart(told.accuracy), "average_odds_difference": told.average_odds_difference(),
            } | ({"GE": told.generalized_entropy_index()} if w is None else {})  # it counts no weights there
print(json.dumps({k: {n: float(x) for n, x in v.items()} for k, v in out.items()}))
"""


@pytest.fixture(scope="module")
def adult(tmp_path_factory):
    """Adult with predictions; a twentieth of the people have no race and a thirtieth no sex."""
    with as_file(files("assay.examples").joinpath("income", "adult.csv.gz")) as path:
        frame = pd.read_csv(path)
    rng = np.random.default_rng(0)
    told = frame.education_num / 16 + frame.hours_per_week / 100 + 0.2 * (frame.sex == "Male")
    frame = frame.assign(
        y=np.where(frame.income == ">50K", "yes", "no"),
        p=np.where(told + rng.normal(0, 0.2, len(frame)) > 1.35, "yes", "no"),
    )[["age", "education_num", "hours_per_week", "fnlwgt", "sex", "race", "y", "p"]]
    for column, share in (("race", 20), ("sex", 30)):
        frame[column] = frame[column].astype(object)
        frame.loc[rng.random(len(frame)) < 1 / share, column] = None
    frame.to_parquet(path := tmp_path_factory.mktemp("adult") / "adult.parquet", index=False)
    return frame, path


def _ran(python, code, path):
    done = subprocess.run(
        [python, "-W", "ignore", "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_all_twenty_one_are_smclarifys(adult, environment, table, work):
    python = environment(
        "smclarify-0.5", "smclarify==0.5", "pandas<3", "numpy<2.3", "scikit-learn<1.8", "pyarrow"
    )
    frame, path = adult
    few = frame.drop(columns="race").iloc[:12_000]
    few.to_parquet(path.parent / "few.parquet", index=False)
    theirs = _ran(python, CLARIFY, path.parent / "few.parquet")
    asked = {
        "label": "y", "positive": ("yes",), "facet": ("sex",), "facet_value": ("Female",),
        "group_variable": "education_num", "compat": "clarify", "work": work,
    }  # fmt: skip
    told = [
        *before.check(table(few.drop(columns="p")), **asked).metrics,
        *after.check(table(few), predicted="p", **asked).metrics,
    ]
    mine = {m.name: m.value for m in told if m.of.get("group") == "Female" and m.name in theirs}
    assert set(mine) == {*PRE_TRAINING, *POST_TRAINING} == set(theirs)
    for name, value in theirs.items():
        assert mine[name] == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize("weights", [None, "fnlwgt"])
def test_rates_and_parities_are_fairlearns_and_aif360s(adult, environment, table, work, weights):
    python = environment("fairness-2", "fairlearn==0.13.*", "aif360==0.6.1", "pyarrow")
    frame, path = adult
    theirs = _ran(python, OTHERS, path)
    asked = {"label": "y", "positive": ("yes",), "facet": ("sex", "race"), "weights": weights, "work": work}
    told = [
        *before.check(table(frame.drop(columns="p")), **asked).metrics,
        *after.check(table(frame), predicted="p", **asked).metrics,
    ]
    mine = {}
    for m in told:
        whose = f"{m.of['facet']}={m.of['group']}" if "group" in m.of else m.of.get("facet")
        mine.setdefault(f"{whose}/{weights}", {})[m.name] = m.value
    seen = set()
    for whose, values in theirs.items():
        if whose.endswith(f"/{weights}"):
            for name, value in values.items():
                assert mine[whose][name] == pytest.approx(value, abs=1e-9), (whose, name)
                seen.add(name)
    assert seen >= {*BETWEEN, "DPL", "DPPL", "DI", "RD", "SD", "DAR", "DRR", "AD", "average_odds_difference"}
