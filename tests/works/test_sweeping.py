"""Sweeps: trials are parts of the run, the best is trained, failures are told, and a sweep that was cut short goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from assay.kernel.errors import UsageError
from assay.works.call import call
from assay.works.home import Home
from assay.works.pipeline import load
from assay.works.running import run_file

_SCRIPT = """
import argparse, os, pandas as pd, xgboost as xgb
parser = argparse.ArgumentParser()
parser.add_argument("--max_depth", type=int)
parser.add_argument("--rounds", type=int)
args = parser.parse_args()
if args.max_depth == 3:
    raise SystemExit("no depth of three")
rows = pd.read_csv(os.environ["SM_CHANNEL_TRAIN"] + "/data.csv")
truth = rows.pop("y")
model = xgb.XGBClassifier(n_estimators=args.rounds, max_depth=args.max_depth, n_jobs=1, random_state=int(os.environ["ASSAY_SEED"]))
model.fit(rows, truth).get_booster().save_model(os.environ["SM_MODEL_DIR"] + "/model.json")
"""


class _Quiet:
    def begun(self, step, index, of): ...
    def progress(self, done, of, what): ...
    def ended(self, done): ...


def _lay_out(folder, tune, more=""):
    import numpy as np
    import pandas as pd

    lot = np.random.default_rng(3)
    rows = pd.DataFrame({"a": lot.normal(size=400), "b": lot.normal(size=400)})
    rows["y"] = ((rows.a * rows.b > 0) ^ (lot.random(400) < 0.05)).astype(int)
    rows.to_csv(folder / "d.csv", index=False)
    (folder / "train.py").write_text(_SCRIPT)
    (folder / "assay.yaml").write_text(
        "data: {d: {source: d.csv}}\nsettings: {isolation: partial}\nsteps:\n"
        "  split: {treat: data.split, of: d, test: 0.25, stratify: y}\n"
        f"  model: {{train: train.py, of: {{train: split.train, valid: split.test}}, isolation: partial,\n"
        f"    hyperparameters: {{rounds: 8}}, tune: {tune}}}\n{more}"
    )


def _run(folder):
    result = run_file(
        folder / "assay.yaml", start=folder, environment={"ASSAY_ACTOR": "ada"}, observer=_Quiet()
    )
    return result, next(d for d in result.steps if d.step.name == "model")


def _home(folder):
    return Home.open(folder / ".assay", {"ASSAY_ACTOR": "ada"})


@pytest.mark.slow
def test_a_grid_is_judged_on_a_channel_and_the_best_is_the_steps_model(tmp_path):
    _lay_out(tmp_path, "{grid: {max_depth: [1, 4, 3]}, label: y, on: valid, metric: accuracy}")
    result, model = _run(tmp_path)
    report = model.verdict.report
    tuned = report.data["tuning"]
    assert [t["state"] for t in tuned["trials"]] == ["complete", "complete", "failed"]
    assert "no depth of three" in tuned["trials"][2]["error"]
    assert tuned["best"]["params"] == {"max_depth": 4} and report.params["hyperparameters"] == {
        "rounds": 8,
        "max_depth": 4,
    }
    assert {f.rule for f in report.findings} >= {"train.tuned", "train.trial_failed"}
    assert "out" in model.outputs and report.charts[-2].series == "series"
    assert [(r["trial"], r["max_depth"], r["state"]) for r in report.charts[-1].data] == [
        (1, 4, "complete"), (0, 1, "complete"), (2, 3, "failed"),
    ]  # fmt: skip
    page = result.page.read_text()
    assert "The best trials" in page and "no depth of three" in page
    home = _home(tmp_path)
    found = call("runs.compare", {"parts_of": result.id, "by": "accuracy"}, home=home)
    assert found["differing"] == ["max_depth"] and found["metrics"] == ["accuracy"]
    assert [r["params"]["max_depth"] for r in found["runs"]] == [4, 1, 3]
    assert [r["state"] for r in found["runs"]] == ["complete", "complete", "failed"]
    assert found["runs"][0]["metrics"]["accuracy"] == tuned["best"]["value"] > 0.8
    assert [r["id"] for r in call("runs.list", {}, home=home)["runs"]] == [result.id]
    edges = call("lineage", {"urn": model.outputs["out"].digest}, home=home)["edges"]
    assert {e["to_name"] for e in edges} >= {"split.train"}
    assert call("log.verify", {}, home=home)["ok"]
    _traced(home, result.id, found["runs"][0]["id"])
    home.close()
    again, same = _run(tmp_path)
    assert same.cached and same.outputs == model.outputs
    (tmp_path / "assay.yaml").write_text(
        (tmp_path / "assay.yaml").read_text().replace("[1, 4, 3]", "[1, 4, 2]")
    )
    wider, other = _run(tmp_path)
    home = _home(tmp_path)
    parts = call("runs.list", {"parts_of": wider.id}, home=home)["runs"]
    steps = {p["detail"]["params"]["max_depth"]: _steps(home, p["id"]) for p in parts}
    home.close()
    assert [s["cached"] for s in steps[1]] == [True, False] and [s["cached"] for s in steps[2]] == [
        False,
        False,
    ]
    assert other.verdict.report.data["tuning"]["trials"][0]["value"] == tuned["trials"][0]["value"]


def _traced(home, run, best):
    """Each trial is a span of the step, with its job below it, and keeps its own."""
    from assay.office import traces
    from assay.works.traces import keeping

    whole = keeping.read(home, traces.of_run(home.office, run))
    by = {s.id: s for s in whole}
    trials = [s for s in whole if s.name.startswith("trial ")]
    assert [s.name for s in trials] == ["trial 1", "trial 2", "trial 3"] and trials[2].status == "error"
    own = keeping.read(home, traces.of_run(home.office, best))
    assert own[0].name == "trial 2" and {"judged", "job train.py"} <= {s.name for s in own}
    assert {s.id for s in own} < by.keys() and by[trials[0].parent].name == "train"


def _steps(home, run):
    from assay.office import runs

    return [
        {"name": s.name, "cached": s.cached}
        for s in sorted(runs.steps_of(home.office, run), key=lambda s: s.name)
    ]


@pytest.mark.slow
def test_held_out_rows_judge_where_no_channel_is_named_and_the_hopeless_are_given_up(tmp_path):
    _lay_out(
        tmp_path, "{grid: {max_depth: [4, 5, 6, 7, 1]}, label: y, metric: accuracy, folds: 2, prune: true}"
    )
    _, model = _run(tmp_path)
    trials = model.verdict.report.data["tuning"]["trials"]
    assert [t["state"] for t in trials] == ["complete"] * 4 + ["pruned"]
    assert [len(t.get("scores", [0])) for t in trials] == [2, 2, 2, 2, 1]
    assert "1 of them given up early" in next(
        f.message for f in model.verdict.report.findings if f.rule == "train.tuned"
    )


@pytest.mark.slow
def test_a_sweep_killed_in_the_middle_goes_on_and_ends_as_if_it_had_not_been(tmp_path):
    pytest.importorskip("optuna")
    tune = "{bayes: {max_depth: {from: 1, to: 8}, rounds: {from: 2, to: 40}}, trials: 4, label: y, on: valid}"
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
        _lay_out(tmp_path / name, tune)
    _, whole = _run(tmp_path / "whole")
    command = [sys.executable, "-c", "from assay.doors.cli import main; main(['run'])"]
    with subprocess.Popen(
        command, cwd=tmp_path / "cut", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        parts, stop = tmp_path / "cut" / ".assay" / "runs", time.monotonic() + 120
        while time.monotonic() < stop and len(list(parts.glob("*-model-*"))) < 3:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
    result, cut = _run(tmp_path / "cut")
    told = [{k: v for k, v in t.items() if k != "run"} for t in cut.verdict.report.data["tuning"]["trials"]]
    same = [{k: v for k, v in t.items() if k != "run"} for t in whole.verdict.report.data["tuning"]["trials"]]
    assert json.dumps(told) == json.dumps(same) and cut.outputs["out"].digest == whole.outputs["out"].digest
    home = _home(tmp_path / "cut")
    first = _steps(home, f"{result.id}-model-000")
    outcomes = {r["outcome"] for r in call("runs.list", {"every": True, "limit": 100}, home=home)["runs"]}
    assert (
        first[0]["cached"] and outcomes == {"interrupted", "pass"} and call("log.verify", {}, home=home)["ok"]
    )
    home.close()


@pytest.mark.slow
def test_a_metric_that_there_is_not_ends_the_sweep_in_one_sentence(tmp_path):
    _lay_out(tmp_path, "{grid: {max_depth: [1, 2]}, label: y, on: valid, metric: acuracy}")
    result, model = _run(tmp_path)
    assert model.outcome == "error" and "did you mean 'accuracy'" in model.note
    home = _home(tmp_path)
    (part,) = call("runs.list", {"parts_of": result.id}, home=home)["runs"]
    home.close()
    assert part["outcome"] == "error" and part["detail"]["state"] == "failed"


@pytest.mark.parametrize(
    ("tune", "said"),
    [
        ("{grid: {max_depth: [1]}, label: y}", "assay.yaml:6: max_depth has no two values"),
        (
            "{grid: {max_depth: [1, 2]}, label: y, on: vali}",
            "assay.yaml:6: there is no channel 'vali' to judge on; did you mean 'valid'",
        ),
        ("{grids: {max_depth: [1, 2]}, label: y}", "assay.yaml:6: tune says none of grid"),
        ("{}", "assay.yaml:6: tune says none of grid"),  # it trained without a word
    ],
)
def test_what_tune_cannot_say_is_told_with_its_line_before_anything_runs(tmp_path, tune, said):
    _lay_out(tmp_path, tune)
    with pytest.raises(UsageError) as error:
        load(tmp_path / "assay.yaml")
    assert said in str(error.value)


@pytest.mark.slow
def test_a_grid_was_refused_to_folds_and_is_chosen_among_within_each(tmp_path):
    more = "  judged: {check: model.validate, of: split.train, label: y, retrain: model, scheme: holdout, slices: 0,\n    gate: none}\n"
    _lay_out(tmp_path, "{grid: {max_depth: [1, 4]}, label: y, on: valid}", more)
    result, _ = _run(tmp_path)
    judged = next(d for d in result.steps if d.step.name == "judged").verdict.report
    assert judged.error == "" and judged.params["tune"] == {"max_depth": [1, 4]}
    assert "optimism" in {m.name for m in judged.metrics}


@pytest.mark.slow
def test_folds_do_not_judge_a_step_that_draws_its_hyperparameters(tmp_path):
    more = "  judged: {check: model.validate, of: split.train, label: y, retrain: model, gate: none}\n"
    _lay_out(tmp_path, "{random: {max_depth: {from: 1, to: 2}}, trials: 1, label: y, on: valid}", more)
    result, _ = _run(tmp_path)
    judged = next(d for d in result.steps if d.step.name == "judged")
    assert judged.outcome == "error" and "draws its hyperparameters by lot" in judged.note
