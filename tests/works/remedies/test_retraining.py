"""Retraining as a corrective action: a pipeline run with the new rows, its model compared with the one that answers, and proposed."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest
from tests.works.monitoring.conftest import START, at

from assay.kernel.errors import Refused
from assay.office import registry
from assay.works.call import call
from assay.works.home import Home
from assay.works.monitoring import carrying
from assay.works.running import run_file

from .conftest import serve

TRAIN = """
import argparse, os, pathlib
import pandas as pd, xgboost as xgb
parser = argparse.ArgumentParser()
parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"))
parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR"))
args = parser.parse_args()
rows = pd.concat([pd.read_csv(p) for p in pathlib.Path(args.train).glob("*.csv")])
model = xgb.XGBClassifier(n_estimators=20, max_depth=2, n_jobs=1, random_state=7).fit(rows[["a", "b"]], rows["y"])
model.save_model(str(pathlib.Path(args.model_dir) / "model.ubj"))
"""
PIPELINE = """
name: small
data:
  rows: {source: old.csv}
settings: {isolation: partial}
steps:
  split: {treat: data.split, of: rows, test: 0.25, stratify: y}
  model: {train: train.py, of: {train: split.train}, isolation: partial, limits: {minutes: 2}}
  scan: {check: model.scan, of: model, gate: high}
  register: {do: model.register, of: model, as: small}
"""
POLICY = """
rules:
  - name: anew
    when: {severity: high}
    do: [{retrain: {pipeline: assay.yaml, data: rows, label: y, window: 4h, least: 100, shadow: true}}]
"""


class Silent:
    def begun(self, *_): ...

    def progress(self, *_): ...

    def ended(self, *_): ...


def rows(number, turned, seed):
    lot = random.Random(seed)
    for place in range(number):
        a, b = round(lot.gauss(0, 1), 3), round(lot.gauss(0, 1), 3)
        moment = START + timedelta(seconds=place * 4 * 3600 / number)
        yield moment.isoformat(), a, b, int((a < 0 if turned else a > 0) ^ (lot.random() < 0.1))


@pytest.mark.slow
def test_the_challenger_learns_the_new_rows_is_compared_and_waits_for_people(tmp_path):
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "assay.yaml").write_text(PIPELINE)
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "rules.yaml").write_text("rules:\n  - {range: a, min: 100, severity: high}\n")
    old = [r[1:] for r in rows(400, False, 1)]
    (tmp_path / "old.csv").write_text("a,b,y\n" + "".join(f"{a},{b},{y}\n" for a, b, y in old))
    new = "".join(",".join(map(str, r)) + "\n" for r in rows(1200, True, 2))
    (tmp_path / "log.csv").write_text("at,a,b,y\n" + new)
    home = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    first = run_file(
        tmp_path / "assay.yaml", start=tmp_path, environment={"ASSAY_ACTOR": "ada"}, observer=Silent()
    )
    assert first.registered.record.title == "small@1"
    call("model.approve", {"name": "small@1", "reason": "seen"}, home=home)
    call("endpoint.create", {"name": "shop", "model": "small@1"}, home=home)
    serve(home)
    said = {
        "endpoint": "shop",
        "source": str(tmp_path / "log.csv"),
        "time": "at",
        "check": "data.quality",
        "window": "4h",
    }
    said |= {
        "params": {"rules": str(tmp_path / "rules.yaml")},
        "schedule": "0 4 * * *",
        "since": START.isoformat(),
    }
    call("monitor.create", {"name": "m", "policy": str(tmp_path / "policy.yaml"), **said}, home=home)
    (done,) = carrying.run_due(home, "m", "ada", at(4))
    assert done.actions[0]["state"] == "done", done.actions
    listed = call("monitor.actions", {}, home=home)["actions"]
    retrained = next(a for a in listed if a["verb"] == "retrain")["detail"]
    assert retrained["model"] == "small@2" and retrained["against"] == "small@1"
    assert retrained["rows"] == 400 + 900 and retrained["held"] == 300
    assert registry.get(home.office, "small@2").status == "PENDING"
    report = json.loads(home.store.read(retrained["report"]))
    accuracy = {m["name"]: m["value"] for m in report["metrics"] if not m["of"]}
    assert report["check"] == "model.validate" and accuracy["accuracy"] > 0.7  # small@1 says the opposite
    shadow = next(a for a in listed if a["verb"] == "shadow")
    assert shadow["state"] == "proposed"
    with pytest.raises(Refused, match="small@2 is PENDING"):
        call("monitor.accept", {"id": shadow["id"]}, home=home)
    home.close()
