"""The wider field's metrics beside the unmodified fairlearn and AIF360, in an environment of their own, on random tables."""

from __future__ import annotations

import json
import math
import subprocess

import numpy as np
import pandas as pd
import pytest

from assay.checks.model.bias import check
from assay.methods.consistency import consistency
from assay.methods.fairness import BETWEEN

pytestmark = pytest.mark.slow
CASES = 25

THEIRS = """
import json, logging, sys, warnings
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import pandas as pd
import fairlearn.metrics as f
from sklearn.metrics import precision_score
from aif360.sklearn import metrics as a
from aif360.metrics import ClassificationMetric
from aif360.datasets import BinaryLabelDataset
NAMES = ["demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference",
         "equalized_odds_ratio", "equal_opportunity_difference", "equal_opportunity_ratio"]
for line in sys.stdin:
    d = pd.read_parquet(json.loads(line))
    out = {n: getattr(f, n)(d.y, d.p, sensitive_features=d.g) for n in NAMES}
    frame = f.MetricFrame(metrics=precision_score, y_true=d.y, y_pred=d.p, sensitive_features=d.g)
    out |= {"predictive_parity_difference": frame.difference(), "predictive_parity_ratio": frame.ratio()}
    of_a = (d.g == "a").astype(int).rename("g")
    truth = pd.Series(d.y.values, index=pd.Index(of_a, name="g"))
    told = pd.Series(d.p.values, index=truth.index)
    two = {"prot_attr": "g", "priv_group": 1}
    out["average_odds_difference"] = a.average_odds_difference(truth, told, **two)
    out["DI"] = a.disparate_impact_ratio(truth, told, **two)
    out["DPPL"] = -a.statistical_parity_difference(truth, told, **two)
    out["RD"] = -a.equal_opportunity_difference(truth, told, **two)
    out["consistency"] = a.consistency_score(d[["x", "z"]].to_numpy(), d.p.to_numpy())
    sets = []
    for column in ("y", "p"):
        held = pd.DataFrame({"g": of_a, "y": d[column]})
        sets.append(BinaryLabelDataset(df=held, label_names=["y"], protected_attribute_names=["g"]))
    whole = ClassificationMetric(*sets, unprivileged_groups=[{"g": 0}], privileged_groups=[{"g": 1}])
    out["GE"] = whole.generalized_entropy_index()
    out["AD"] = whole.accuracy(privileged=True) - whole.accuracy(privileged=False)
    print(json.dumps({k: float(v) for k, v in out.items()}), flush=True)
"""
PAIRED = ("average_odds_difference", "DI", "DPPL", "RD", "GE", "AD")


def _case(seed):
    rng = np.random.default_rng(seed)
    n, names = int(rng.integers(150, 900)), list("abcd")[: int(rng.integers(2, 5))]
    frame = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n), "g": rng.choice(names, n)})
    frame["y"] = (rng.random(n) < np.where(frame.x > 0, *rng.uniform(0.1, 0.9, 2))).astype(int)
    frame["p"] = (rng.random(n) < np.where(frame.x > 0, *rng.uniform(0.1, 0.9, 2))).astype(int)
    return frame


@pytest.fixture(scope="module")
def compared(environment, tmp_path_factory):
    """Every case with the libraries' answers."""
    python = environment("fairness-2", "fairlearn==0.13.*", "aif360==0.6.1", "pyarrow")
    folder = tmp_path_factory.mktemp("fairness")
    cases = [_case(seed) for seed in range(CASES)]
    lines = []
    for seed, frame in enumerate(cases):
        frame.to_parquet(folder / f"{seed}.parquet", index=False)
        lines.append(json.dumps(str(folder / f"{seed}.parquet")))
    done = subprocess.run(
        [python, "-W", "ignore", "-c", THEIRS],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return list(zip(cases, map(json.loads, done.stdout.splitlines()), strict=True))


def test_as_fairlearn_and_aif360_tell_them(compared, table, work):
    seen = 0
    for frame, theirs in compared:
        report = check(
            table(frame), label="y", predicted="p", positive=("1",), facet=("g",), min_group=1, work=work
        )
        for name in (*BETWEEN, *PAIRED):
            of = {"facet": "g"} | ({"group": "a"} if name in PAIRED else {})
            mine = next(m.value for m in report.metrics if m.name == name and m.of == of)
            told = theirs[name]
            if name in ("DPPL", "RD", "AD", "average_odds_difference"):
                told = -told  # there a is the privileged group, and here the one that is looked at
            if name == "DI":
                told = 1 / told
            if mine is not None and math.isfinite(told):
                assert mine == pytest.approx(told, abs=1e-12), name
                seen += 1
        own = consistency(frame[["x", "z"]].to_numpy(), frame.p.to_numpy(), np.random.default_rng(0))
        assert own[0] == pytest.approx(theirs["consistency"], abs=1e-12)
    assert seen > 0.95 * CASES * (len(BETWEEN) + len(PAIRED))
