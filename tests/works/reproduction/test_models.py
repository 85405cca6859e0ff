"""A model whose bytes are others: asked about the same rows, and held to the tolerance."""

from __future__ import annotations

import pytest
from tests.works.reproduction.small import Small, step

TRAIN = """
import csv, os
import numpy as np, xgboost as xgb
rows = list(csv.DictReader(open(os.environ["SM_CHANNEL_TRAIN"] + "/data.csv")))
x = np.array([[float(r["a"]), float(r["b"])] for r in rows]); y = np.array([float(r["y"]) for r in rows])
{seed}
y = y + rng.normal(0, {noise}, len(y))
made = xgb.train({{"max_depth": 3, "nthread": 1, "seed": 1}}, xgb.DMatrix(x, y, feature_names=["a", "b"]), 10)
made.save_model(os.environ["SM_MODEL_DIR"] + "/model.json")
"""
PIPELINE = """
name: priced
data: {points: {source: points.csv}}
steps:
  split: {treat: data.split, of: points, test: 0.25, seed: 7}
  model: {train: train.py, of: {train: split.train}}
  scan: {check: model.scan, of: model}
  validate: {check: model.validate, of: model, data: split.test, label: y, slices: 0, gate: none}
"""


def priced(folder, seed, noise=0.01):
    small = Small(folder, train=TRAIN.format(seed=seed, noise=noise))
    rows = "".join(f"{i % 17},{i * 7 % 23},{(i % 17) * 3 + i * 7 % 23}\n" for i in range(300))
    small.write("points.csv", "a,b,y\n" + rows)
    small.write("assay.yaml", PIPELINE)
    small.run()
    return small


@pytest.mark.slow
def test_a_model_drawn_by_chance_is_named_by_its_answers_and_near_ones_are_within_what_is_stated(tmp_path):
    small = priced(tmp_path, "rng = np.random.default_rng()")
    found = small.reproduce()
    assert found["verdict"] == "not_reproduced"
    first = found["first"]
    assert (first["step"], first["what"], first["where"]["member"]) == ("model", "out", "model.json")
    assert first["where"]["row"] >= 1 and "answers differ by up to" in first["said"]
    (cause,) = found["causes"]
    assert (cause["kind"], cause["proved"]) == ("seed", True)
    assert "np.random.default_rng() is made without a seed" in cause["said"]
    near = small.reproduce(tolerance=0.1, probes=False)
    assert near["verdict"] == "within_tolerance", near["said"]
    assert step(near, "validate")["same"] == "tolerance" and not step(near, "validate")["read_the_same"]


@pytest.mark.slow
def test_a_seeded_model_is_bit_for_bit_and_so_is_what_is_said_of_it(tmp_path):
    small = priced(tmp_path, "rng = np.random.default_rng(int(os.environ['ASSAY_SEED']))")
    found = small.reproduce()
    assert found["verdict"] == "reproduced", found["said"]
    assert step(found, "validate")["same"] == "bits" and step(found, "split")["same"] == "bits"


@pytest.mark.slow
def test_a_sweep_is_carried_out_again_and_enters_no_trial(tmp_path):
    """What its trials were recorded as is no part of what they say."""
    small = priced(tmp_path, "rng = np.random.default_rng(int(os.environ['ASSAY_SEED']))")
    tune = "tune: {grid: {depth: [2, 3]}, label: y}"
    small.write("assay.yaml", PIPELINE.replace("train: split.train}}", f"train: split.train}}, {tune}}}"))
    small.write("train.py", TRAIN.format(seed="import sys; rng = np.random.default_rng(3)", noise=0.01).replace('"max_depth": 3', '"max_depth": int(sys.argv[2])'))  # fmt: skip
    small.run()
    before = len(small.call("runs.list")["runs"])
    found = small.reproduce(probes=False)
    assert found["verdict"] == "reproduced", found["said"]
    assert len(small.call("runs.list")["runs"]) == before
