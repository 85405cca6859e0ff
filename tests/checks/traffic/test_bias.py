from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assay.kernel.errors import Missing, UsageError
from assay.works.call import call
from assay.works.checking import carry_out


def people(share_of_f: float, rows: int = 4_000) -> pd.DataFrame:
    """Answers that are yes for so many of the women, and for half of the men; the truth of both is alike."""
    random = np.random.default_rng(9)
    sex = np.where(np.arange(rows) % 2, "F", "M")
    chance = np.where(sex == "F", share_of_f, 0.5)
    return pd.DataFrame(
        {
            "sex": sex,
            "prediction": (random.random(rows) < chance).astype(int),
            "truth": random.integers(0, 2, rows),
        }
    )


@pytest.fixture(scope="module")
def baseline(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("b")
    people(0.45).to_csv(folder / "t.csv", index=False)
    asked = {"label": "truth", "facet": ("sex",), "facet_value": ("F",), "positive": ("1",)}
    told = call(
        "monitor.baseline", {"source": str(folder / "t.csv"), "to": str(folder / "b"), **asked}, home=None
    )
    assert "bias_constraints.json" in told["files"]
    return folder / "b"


def bias(folder: Path, frame: pd.DataFrame, keep: Path | None = None, **params: object):
    path = folder / "window.csv"
    frame.to_csv(path, index=False)
    given = {"facet": ("sex",), "facet_value": ("F",), "positive": ("1",), **params}
    return carry_out("check", "traffic.bias", str(path), given, home=None, keep=keep)


def test_the_metrics_are_those_of_model_bias(tmp_path):
    frame = people(0.3)
    report = bias(tmp_path, frame).report
    asked = {
        "label": "truth",
        "predicted": "prediction",
        "facet": ("sex",),
        "facet_value": ("F",),
        "positive": ("1",),
    }
    other = carry_out("check", "model.bias", str(tmp_path / "window.csv"), asked, home=None).report
    for name in ("DPPL", "DI", "DCA", "DCR", "AD", "RD", "DAR", "DRR", "SD", "TE", "GE"):
        of = {} if name == "GE" else {"facet": "sex"}
        assert report.metric(name).value == pytest.approx(other.metric(name, **of).value), name


def test_a_window_that_treats_women_worse_than_the_baseline_is_found(tmp_path, baseline):
    verdict = bias(tmp_path, people(0.25), tmp_path / "out", against=str(baseline))
    broken = {v["metric_name"] for v in verdict.report.data["violations"]}
    assert {"DPPL", "DI"} <= broken and verdict.outcome == "fail"
    assert any(f.rule == "traffic.bias.DPPL" and str(f.severity) == "high" for f in verdict.report.findings)
    written = json.loads((tmp_path / "out" / "constraint_violations.json").read_text())
    assert (
        written["version"] == "1.0"
        and written["violations"][0]["constraint_check_type"] == "bias_drift_check"
    )
    assert (tmp_path / "out" / "analysis.json").exists()
    assert bias(tmp_path, people(0.45), against=str(baseline)).report.data["violations"] == []


def test_a_range_stands_instead_of_the_baseline(tmp_path, baseline):
    loose = bias(tmp_path, people(0.25), against=str(baseline), allowed={"DPPL": "-0.3:0.3"}).report
    assert "DPPL" not in {v["metric_name"] for v in loose.data["violations"]}
    strict = bias(tmp_path, people(0.25), allowed=("DPPL=-0.1:0.1",)).report
    assert [v["metric_name"] for v in strict.data["violations"]] == ["DPPL"]
    with pytest.raises(UsageError, match="cannot lie in"):
        bias(tmp_path, people(0.25), allowed=("DPPL=0.1",))


def test_without_truth_the_answers_alone_are_judged_and_small_groups_are_told(tmp_path, baseline):
    frame = people(0.25).drop(columns="truth")
    report = bias(tmp_path, frame, against=str(baseline)).report
    assert {m.name for m in report.metrics} == {"rows", "violations", "CI", "DPPL", "DI"}
    few = bias(tmp_path, frame.head(40), facet_value=()).report
    assert {s.what for s in few.coverage.skipped} == {"sex = F", "sex = M"}
    (tmp_path / "empty").mkdir()
    with pytest.raises(Missing, match="no constraints of bias"):
        bias(tmp_path, frame, against=str(tmp_path / "empty"))


def test_metrics_of_the_baseline_that_the_window_cannot_tell_passed_unseen(tmp_path, baseline):
    frame = people(0.45)
    report = bias(tmp_path, frame.drop(columns="truth"), against=str(baseline)).report
    (gone,) = [s for s in report.coverage.skipped if s.what.endswith("of sex = F")]
    assert {"AD", "RD", "DPL"} <= set(
        gone.what.removesuffix(" of sex = F").split(", ")
    ) and "DI" not in gone.what
    assert bias(tmp_path, frame, against=str(baseline)).report.coverage.skipped == ()


def test_a_range_of_a_metric_that_there_is_none_of_passed_unseen(tmp_path):
    with pytest.raises(UsageError, match="there is no metric 'DPLP'"):
        bias(tmp_path, people(0.45), allowed=("DPLP=-0.1:0.1",))
    alone = bias(tmp_path, people(0.45).drop(columns="truth"), allowed=("AD=-0.1:0.1",)).report
    assert [s.what for s in alone.coverage.skipped] == ["AD of sex = F"]


def test_a_healthy_window_was_farther_than_its_baseline_every_other_time(tmp_path, baseline):
    random = np.random.default_rng(3)
    frame = people(0.45).sample(600, random_state=random.integers(99))
    frame["truth"] = random.permutation(frame["truth"])
    verdict = bias(tmp_path, frame, against=str(baseline))
    assert verdict.report.data["violations"] and verdict.outcome == "pass"
    assert {str(f.severity) for f in verdict.report.findings} == {"low"}


def test_a_score_where_the_first_label_is_good_was_read_upside_down(tmp_path):
    frame = people(0.3)
    random = np.random.default_rng(4)
    score = np.where(frame["prediction"] == 1, 0.5 + random.random(4_000) / 2, random.random(4_000) / 2)
    labels = bias(tmp_path, frame, positive=("0",)).report
    scores = bias(tmp_path, frame.assign(prediction=score), positive=("0",)).report
    for name in ("DPPL", "AD", "RD"):
        assert scores.metric(name).value == pytest.approx(labels.metric(name).value), name
