"""traffic.concept: errors that rise are told with since when and whose, once labels are there."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from assay.checks.traffic.concept import check
from assay.kernel.errors import UsageError
from assay.kernel.severity import Severity
from assay.methods.monitor.wrong import wrong

from .conftest import DAY, MONDAY, requests


@pytest.fixture
def concept(table, work):
    def concept_(new, old=None, **options):
        options = {"time": "at", "caller": "caller"} | options
        against = table(old, "old") if old is not None else None
        report = check(table(new), against=against, work=work, **options)
        json.dumps(report.to_dict(), allow_nan=False)
        return report

    return concept_


@pytest.fixture(scope="module")
def reference(answered):
    return requests(answered, 6000, MONDAY, 14 * DAY, np.random.default_rng(1))


@pytest.fixture
def window(answered):
    return requests(answered, 3000, MONDAY + 14 * DAY, DAY, np.random.default_rng(2))


def alarms(report):
    return [f for f in report.findings if f.severity >= Severity.MEDIUM]


def _flip(frame, rows, seed=3):
    flipped = rows & (np.random.default_rng(seed).random(len(frame)) < 0.3)
    frame.loc[flipped, "truth"] = 1 - frame.loc[flipped, "truth"]


@pytest.mark.parametrize("with_reference", [True, False])
def test_a_change_of_the_truth_is_dated(concept, reference, window, with_reference):
    old = reference if with_reference else None
    assert not alarms(concept(window, old))
    _flip(window, window.index >= 1800)
    (finding,) = alarms(concept(window, old))
    assert finding.rule == "traffic.concept.worse" and finding.severity == Severity.HIGH
    assert abs(finding.where["row"] - 1800) < 60 and "since" in finding.where
    assert "callers" not in finding.where and "whoever asks" in finding.message


def test_a_window_that_is_worse_from_its_first_row_is_seen_beside_a_reference(concept, reference, window):
    _flip(window, window.index >= 0)
    (finding,) = alarms(concept(window, reference))
    assert finding.where["row"] == 0 and "all of the window" in finding.message
    assert not alarms(concept(window))


def test_the_caller_whose_answers_became_wrong_is_named(concept, reference, window):
    _flip(window, (window.index >= 1000) & (window["caller"] == "partner"))
    (finding,) = alarms(concept(window, reference))
    assert finding.where["callers"] == ["partner"]


def test_labels_that_are_not_there_yet_are_left_for_later(concept, reference, window):
    _flip(window, window.index >= 1000)
    window["truth"] = window["truth"].where(window.index % 2 == 0)
    report = concept(window, reference)
    assert alarms(report) and report.metric("rows_labelled").value == 1500
    assert any(f.rule == "traffic.concept.unlabelled" and f.count == 1500 for f in report.findings)
    report = concept(window.assign(truth=None), reference)
    assert not report.coverage.complete and report.data["alarm"] is False


def test_losses_of_a_regression_and_of_a_column(concept, window):
    rng = np.random.default_rng(4)
    truth = rng.gamma(3, 30, 3000)
    apart = np.where(window.index >= 2000, 25.0, 10.0) * rng.normal(size=3000)
    frame = window[["at", "caller"]].assign(truth=truth, prediction=truth + apart, mine=np.abs(apart))
    report = concept(frame)
    (finding,) = alarms(report)
    assert report.data["loss"] == "absolute error" and abs(finding.where["row"] - 2000) < 60
    report = concept(frame.drop(columns=["truth", "prediction"]), loss="mine")
    assert report.data["loss"] == "loss" and abs(alarms(report)[0].where["row"] - 2000) < 60


def test_errors_that_fall_do_not_alarm(concept, window):
    _flip(window, window.index < 1500)
    report = concept(window)
    assert not alarms(report) and any(f.rule == "traffic.concept.better" for f in report.findings)
    assert report.data["alarm"] is False


def test_without_truth_or_answers_it_says_what_is_missing(concept, window):
    with pytest.raises(UsageError, match="no column holds the truth"):
        concept(window.drop(columns="truth"))
    with pytest.raises(UsageError, match="no column holds the answers"):
        concept(window.drop(columns=["prediction", "score"]))


def test_labels_in_words_and_answers_in_numbers_are_the_same():
    import pyarrow as pa

    said = pa.chunked_array([pa.array([1, 0, 1, None])])
    truth = pa.chunked_array([pa.array([">50K", "<=50K", "<=50K", ">50K"])])
    found, kind = wrong(said, truth)
    assert kind == "error" and found[:3].tolist() == [0, 0, 1] and np.isnan(found[3])
    found, _ = wrong(pa.chunked_array([pa.array([1.0, 0.0])]), pa.chunked_array([pa.array(["1", "1"])]))
    assert found.tolist() == [0, 1]
    assert pd.Series(found).notna().all()
