"""Reweighing, reject option and calibrated equalised odds beside the unmodified AIF360, in an environment of its own."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pandas as pd
import pytest

from assay.methods.mitigation import equalising, rejecting
from assay.treatments.data.reweigh import treat

pytestmark = pytest.mark.slow

THEIRS = """
import json, logging, sys, warnings
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import numpy as np, pandas as pd
from aif360.datasets import BinaryLabelDataset
from aif360.algorithms.preprocessing import Reweighing
from aif360.algorithms.postprocessing import CalibratedEqOddsPostprocessing, RejectOptionClassification
two = dict(unprivileged_groups=[{"g": 0}], privileged_groups=[{"g": 1}])
for line in sys.stdin:
    d = pd.read_parquet(json.loads(line))
    truth = BinaryLabelDataset(df=d[["g", "y"]].astype(float), label_names=["y"], protected_attribute_names=["g"])
    told = truth.copy()
    told.scores = d.s.to_numpy().reshape(-1, 1)
    told.labels = (told.scores > 0.5).astype(float)
    out = {"weights": Reweighing(**two).fit_transform(truth).instance_weights.tolist()}
    roc = RejectOptionClassification(**two, metric_name="Statistical parity difference", metric_ub=0.05, metric_lb=-0.05)
    roc.fit(truth, told)
    out |= {"threshold": roc.classification_threshold, "margin": roc.ROC_margin}
    out["band"] = roc.predict(told).labels.ravel().tolist()
    for cost in ("fnr", "fpr", "weighted"):
        post = CalibratedEqOddsPostprocessing(**two, cost_constraint=cost, seed=1).fit(truth, told)
        out[cost] = [float(post.unpriv_mix_rate), float(post.priv_mix_rate)]
    print(json.dumps(out), flush=True)
"""


@pytest.fixture(scope="module")
def compared(environment, tmp_path_factory):
    python = environment("fairness-2", "fairlearn==0.13.*", "aif360==0.6.1", "pyarrow")
    folder, cases = tmp_path_factory.mktemp("mitigation"), []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        n = 500
        g = rng.integers(0, 2, n)
        s = np.clip(rng.beta(2, 2, n) + 0.12 * g - 0.06, 0.001, 0.999)
        cases.append(pd.DataFrame({"g": g, "y": (rng.random(n) < s).astype(int), "s": s}))
        cases[-1].to_parquet(folder / f"{seed}.parquet", index=False)
    lines = "\n".join(json.dumps(str(folder / f"{i}.parquet")) for i in range(len(cases)))
    done = subprocess.run(
        [python, "-W", "ignore", "-c", THEIRS], input=lines, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return list(zip(cases, map(json.loads, done.stdout.splitlines()), strict=True))


def test_weights_are_aif360s(compared, table, work):
    for frame, theirs in compared:
        made = treat(table(frame), label="y", positive=("1",), facet=("g",), trade=False, work=work)
        mine = pd.read_parquet(work.store.path(made.outputs["out"].digest)).weight
        assert np.allclose(mine, theirs["weights"])


def test_the_band_is_aif360s(compared):
    for frame, theirs in compared:
        score, truth, favoured = frame.s.to_numpy(), (frame.y == 1).to_numpy(), (frame.g == 0).to_numpy()
        tried = rejecting.tried(score, truth, favoured, "demographic_parity")
        band = tried.band(0.05, [True, False])
        assert (band.threshold, band.margin) == pytest.approx((theirs["threshold"], theirs["margin"]))
        said, _ = band.decided(score, frame.g.to_numpy(), np.zeros(len(score)))
        assert (said == (np.array(theirs["band"]) == 1)).all()


def test_shares_of_calibrated_equalised_odds_are_aif360s(compared):
    for frame, theirs in compared:
        for cost in ("fnr", "fpr", "weighted"):
            held = [
                equalising.costs(p.s.to_numpy(), (p.y == 1).to_numpy(), cost) for _, p in frame.groupby("g")
            ]
            # AIF360 lets a share be above 1, where even the base rate costs less than the costliest group
            assert equalising.shares(held) == pytest.approx(np.clip(theirs[cost], 0, 1), abs=1e-6), cost
