from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from assay.kernel.errors import Missing, UsageError
from assay.works.call import call
from assay.works.checking import carry_out


def capture(folder: Path, answers: list[str], truths: list[str | None]) -> Path:
    """Events e0, e1, … with an answer each and, where it is known, what came true merged in."""
    path = folder / "shop" / "blue" / "2026" / "11" / "28" / "09" / "a.jsonl"
    path.parent.mkdir(parents=True)
    with path.open("w") as out:
        for n, (answer, truth) in enumerate(zip(answers, truths, strict=True)):
            side = {"endpointInput": {"data": f"{n},x", "encoding": "CSV"}, "endpointOutput": {"data": answer, "encoding": "CSV"}}  # fmt: skip
            record = {
                "captureData": side,
                "eventMetadata": {"eventId": f"e{n}", "inferenceTime": "2026-11-28T09:00:00Z"},
            }
            if truth is not None:
                record["groundTruthData"] = {"data": truth, "encoding": "CSV"}
            out.write(json.dumps(record) + "\n")
    return folder


def performance(window: Path, keep: Path | None = None, **params: object):
    return carry_out("check", "traffic.performance", str(window), params, home=None, keep=keep)


@pytest.fixture(scope="module")
def answered() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(6)
    truth = random.integers(0, 2, 600)
    return truth, np.clip(truth * 0.3 + random.random(600) * 0.7, 0, 1)


@pytest.fixture(scope="module")
def baseline(tmp_path_factory, answered) -> Path:
    folder, (truth, score) = tmp_path_factory.mktemp("b"), answered
    frame = pd.DataFrame(
        {"x": range(600), "prediction": (score > 0.5).astype(int), "score": score, "y": truth}
    )
    frame.to_csv(folder / "t.csv", index=False)
    told = call(
        "monitor.baseline",
        {"source": str(folder / "t.csv"), "to": str(folder / "b"), "label": "y"},
        home=None,
    )
    assert told["files"] == [
        "constraints.json",
        "model_quality_constraints.json",
        "model_quality_statistics.json",
        "statistics.json",
    ]
    return folder / "b"


def test_a_score_beside_the_truth_is_measured_as_scikit_learn_does(tmp_path, answered, baseline):
    truth, score = answered
    window = capture(tmp_path / "c", [f"{s!r}\n" for s in score.tolist()], [str(t) for t in truth])
    verdict = performance(window, tmp_path / "out", against=str(baseline))
    report = verdict.report
    assert report.metric("auc").value == pytest.approx(sk.roc_auc_score(truth, score))
    assert report.metric("f1").value == pytest.approx(sk.f1_score(truth, score > 0.5))
    assert (
        report.data["violations"] == []
        and verdict.outcome == "pass"
        and report.metric("truth_share").value == 1.0
    )
    statistics = json.loads((tmp_path / "out" / "statistics.json").read_text())
    assert (
        statistics["dataset"]["item_count"] == 600
        and statistics["dataset"]["start_time"] == "2026-11-28T09:00:00Z"
    )
    held = statistics["binary_classification_metrics"]
    assert held["confusion_matrix"]["1"]["1"] == int(((score > 0.5) & (truth == 1)).sum())
    assert isinstance(held["auc"]["standard_deviation"], float)


def test_answers_that_became_worse_break_the_baselines_constraints(tmp_path, answered, baseline):
    truth, score = answered
    worse = np.where(np.arange(600) % 2, 1 - score, score)
    verdict = performance(
        capture(tmp_path / "c", list(map(repr, worse.tolist())), list(map(str, truth))),
        tmp_path / "out",
        against=str(baseline),
    )
    broken = {v["metric_name"]: v for v in verdict.report.data["violations"]}
    assert {"auc", "accuracy", "false_positive_rate"} <= set(broken) and verdict.outcome == "fail"
    assert (
        broken["auc"]["description"].startswith("Metric auc with 0.")
        and "was LessThanThreshold '0." in broken["auc"]["description"]
    )
    written = json.loads((tmp_path / "out" / "constraint_violations.json").read_text())
    assert written == {"violations": list(broken.values())}


def test_truth_from_files_is_joined_and_what_is_not_known_yet_is_told(tmp_path, answered, baseline):
    truth, score = answered
    window = capture(tmp_path / "c", list(map(repr, score.tolist())), [None] * 600)
    assert performance(window).outcome == "incomplete"
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(
        json.dumps({"groundTruthData": {"data": str(t), "encoding": "CSV"}, "eventMetadata": {"eventId": f"e{n}"}}) + "\n"
        for n, t in enumerate(truth[:300].tolist())
    ))  # fmt: skip
    report = performance(window, truth=str(labels)).report
    assert report.metric("rows").value == 300 and report.metric("truth_share").value == 0.5
    assert report.metric("auc").value == pytest.approx(sk.roc_auc_score(truth[:300], score[:300]))
    assert "300 of 600 rows is not known yet" in report.findings[0].message


def test_many_classes_numbers_and_words(tmp_path):
    words = performance(capture(tmp_path / "w", ["cat", "dog", "cow"] * 4, ["cat", "dog", "dog"] * 4)).report
    assert words.data["problem"] == "multiclass" and words.metric("accuracy").value == pytest.approx(2 / 3)
    assert words.data["confusion_matrix"]["dog"] == {"cat": 0, "cow": 4, "dog": 4}
    numbers = performance(
        capture(tmp_path / "n", ["1.5", "2.5"] * 9, ["1.0", "2.75"] * 9), problem="regression"
    ).report
    assert numbers.metric("mae").value == pytest.approx(0.375)
    yes = performance(capture(tmp_path / "y", ["no", "yes"] * 5, ["no", "no"] * 5), positive=("no",)).report
    assert yes.metric("recall").value == 0.5 and yes.metric("precision").value == 1.0
    assert any(f.rule == "traffic.performance.no_better_than_constant" for f in yes.findings)


def test_what_is_missing_is_said(tmp_path, answered):
    window = capture(tmp_path / "c", ["1"] * 3, ["1", "0", "1"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(Missing, match="no constraints of model quality"):
        performance(window, against=str(tmp_path / "empty"))
    with pytest.raises(UsageError, match="no label is maybe"):
        performance(window, positive=("maybe",))


def test_scores_of_the_other_label_made_an_area_of_nearly_nothing(tmp_path, answered):
    truth, score = answered
    frame = pd.DataFrame({"prediction": (score > 0.5).astype(int), "score": score, "y": truth})
    frame.to_csv(tmp_path / "t.csv", index=False)
    given = {"label": "y", "positive": ("0",)}
    report = carry_out("check", "traffic.performance", str(tmp_path / "t.csv"), given, home=None).report
    assert report.metric("auc").value == pytest.approx(sk.roc_auc_score(truth, score))
    assert report.metric("recall").value == pytest.approx(sk.recall_score(truth, score > 0.5, pos_label=0))
    assert [f.rule for f in report.findings] == ["traffic.performance.turned"]
    alone = performance(
        capture(tmp_path / "c", list(map(repr, score.tolist())), list(map(str, truth))), positive=("0",)
    ).report
    assert alone.metric("accuracy").value == pytest.approx(sk.accuracy_score(truth, score > 0.5))


def test_a_healthy_window_broke_its_baselines_own_numbers_every_other_time(tmp_path, baseline):
    random = np.random.default_rng(10)
    truth = random.integers(0, 2, 300)
    score = np.clip(truth * 0.3 + random.random(300) * 0.7, 0, 1)  # as the baseline's were drawn
    window = capture(tmp_path / "c", list(map(repr, score.tolist())), list(map(str, truth)))
    verdict = performance(window, against=str(baseline))
    broken = {f.rule.rpartition(".")[2] for f in verdict.report.findings}
    assert verdict.report.data["violations"] and "accuracy" in broken
    assert {str(f.severity) for f in verdict.report.findings} == {"low"} and verdict.outcome == "pass"
    assert all("which may be chance (p = " in f.message for f in verdict.report.findings)
