"""The trials of a sweep: the best by hand, and what is told of them."""

from __future__ import annotations

import pytest

from assay.methods.tuning import read
from assay.works.trials import Trial, Trials

SPACE = {"rate": {"from": 1e-5, "to": 1.0, "log": True}, "depth": {"from": 1, "to": 8}}
TUNING = {"random": SPACE, "label": "y", "trials": 4}


def trials(metric, *held):
    return Trials("model", read(TUNING), metric, list(held))


def trial(number, rate, depth, *scores, state="complete"):
    return Trial(
        number, {"rate": rate, "depth": depth}, list(scores), state, "no luck" if state == "failed" else ""
    )


@pytest.mark.parametrize(("metric", "best"), [("f1", 1), ("rmse", 0)])
def test_the_best_is_the_first_of_those_that_were_judged_to_the_end(metric, best):
    held = [
        trial(0, 0.01, 4, 0.5),
        trial(1, 0.1, 5, 0.7, 0.9),
        trial(2, 0.1, 6, 0.8),
        trial(3, 0.1, 7, 0.9, state="pruned"),
    ]
    found = trials(metric, *held)
    assert found.best is held[best]
    assert found.table()["goal"] == ("minimize" if best == 0 else "maximize")
    line, table = found.charts()
    so_far = [r["value"] for r in line.data if r["series"] == "best so far"]
    assert so_far == ([0.5, 0.5, 0.5] if best == 0 else [0.5, 0.8, 0.8])
    assert table.data[0]["trial"] == (0 if best == 0 else 3)  # the table shows what was given up, too


def test_the_middle_of_logarithms_is_no_end_and_the_end_is_told():
    found = trials("f1", trial(0, 0.005, 8, 0.9), trial(1, 0.1, 4, 0.8))
    ends = [f.message for f in found.of_best(found.held[0]) if f.rule == "train.at_the_end"]
    assert ends == ["The best depth, 8, lies at the end of its range."]


def test_where_all_failed_there_is_no_best_and_it_is_critical():
    found = trials("f1", trial(0, 0.1, 4, state="failed"), trial(1, 0.1, 5, state="failed"))
    (finding,) = found.failures()
    assert found.best is None and str(finding.severity) == "critical" and finding.count == 2
    assert "Every trial failed" in finding.message and trials("f1", trial(0, 0.1, 4, 0.5)).failures() == []


def test_a_hyperparameter_that_is_called_trial_or_state_hid_the_trials():
    space = {"state": {"from": 1, "to": 8}, "trial": {"from": 1, "to": 8}}
    held = [Trial(n, {"state": n + 3, "trial": 7}, [0.5 + n / 10]) for n in range(2)]
    found = Trials("model", read({"random": space, "label": "y"}), "f1", held)
    best, _ = found.charts()[1].data
    assert best == {"trial": 1, "f1": 0.6, "state": "complete", "state (given)": 4, "trial (given)": 7}
