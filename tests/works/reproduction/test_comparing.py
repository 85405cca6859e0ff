"""Reports, documents and answers held against one another, by hand."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pyarrow as pa
import pytest

from assay.engines.blobs import Store
from assay.kernel.asset import Asset
from assay.kernel.report import Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.works.reproduction.answers import judged
from assay.works.reproduction.artefacts import Comparer
from assay.works.reproduction.documents import Walk
from assay.works.reproduction.reports import compare, plain_report

ONE, TWO, THREE = (f"sha256:{c * 64}" for c in "123")


def parts(one, other, tolerance=0.0, fixed=()):
    return [at for at, *_ in Walk(tolerance, frozenset(fixed)).parts(one, other)]


def test_documents_part_where_they_do_and_times_are_left_aside():
    assert parts({"a": [1, {"b": "x"}]}, {"a": [1, {"b": "y"}]}) == ["a[1].b"]
    assert parts({"a": 1}, {"a": 1, "c": 2}) == ["c"] and parts([1, 2], [1]) == [""]
    assert (
        parts({"started": 1, "at": "2026-01-01T00:00:00Z"}, {"started": 2, "at": "2026-02-02T10:00:00.5Z"})
        == []
    )
    assert parts({"at": "2026-01-01T00:00:00Z"}, {"at": "tomorrow"}) == ["at"]
    assert parts({"n": 1.0}, {"n": 1.01}) == ["n"] and parts({"n": 1.0}, {"n": 1.01}, 0.02) == []
    assert parts({"n": True}, {"n": 1.5}, 1.0) == ["n"]


def test_numbers_that_are_none_and_numbers_without_end_are_borne():
    nan, large = float("nan"), 10**400
    assert parts({"a": [nan, large]}, {"a": [nan, large]}) == []
    assert parts([nan, 1.5, large], [1.5, large, large + 1], 1e-6) == ["[0]", "[1]"]


def test_a_card_is_the_same_where_only_the_packages_around_its_training_are_others(tmp_path):
    """Whoever installed any package afterwards was told that the model could not be reproduced."""
    store = Store(str(tmp_path / "store"))

    def held(depth, **packages):
        training = {"packages": packages, "python": "3.13.1", "hyperparameters": {"depth": depth}}
        card = json.dumps({"schema": "assay.card/1", "training": training}).encode()
        digest = store.put_bytes(card)
        return Asset("file", "card", f"object:{digest}", digest, "json")

    comparer = Comparer(SimpleNamespace(store=store), 0.0, frozenset())
    was = held("3", numpy="2.0")
    found = comparer.compare("card", was, held("3", numpy="2.0", faker="1.0"), None, None)
    assert found.same == "times"
    found = comparer.compare("card", was, held("4", numpy="2.0"), None, None)
    assert found.same == "differs" and found.where["at"] == "training.hyperparameters.depth"


def test_digests_of_reports_may_be_others_as_long_as_each_stands_for_one_and_none_of_an_artefact():
    assert parts([ONE, ONE], [TWO, TWO]) == []
    assert parts([ONE, ONE], [TWO, THREE]) == ["[1]"]
    assert parts([ONE], [TWO], fixed=[ONE]) == ["[0]"]


def report(value=0.5, message="m", rule="data.x.Y", data=(), seconds=1.0, **rest):
    return Report.make(
        coverage=Coverage(1, 1),
        metrics=[Metric("F1", value), Metric("seconds", seconds)],
        findings=[Finding(rule, Severity.LOW, message, {"column": "a"})],
        data=dict(data),
    ).with_(check="data.x", **rest)


def same(one, other, tolerance=1e-6, outcomes=("pass", "pass"), alone=True):
    return compare(one, other, outcomes, tolerance=tolerance, fixed=frozenset(), alone=alone)


def test_a_report_is_the_same_whenever_it_was_made():
    assert same(report(), report(seconds=2.0, started="2026-01-01T00:00:00Z")).same == "bits"
    assert plain_report(report(data={"log": "a"}, engine="sandbox")) == plain_report(
        report(data={"log": "b"}, engine="sandbox")
    )


def test_a_metric_beyond_the_tolerance_is_named_with_both_values():
    found = same(report(0.5), report(0.6))
    assert found.same == "differs" and found.said == "F1 is 0.6 (recorded: 0.5)"
    assert found.where["metric"] == "F1" and found.gap == pytest.approx(0.1)
    near = same(report(0.5), report(0.5 + 1e-9))
    assert near.same == "tolerance" and near.gap == pytest.approx(1e-9)
    assert (
        same(
            report(0.5), Report.make(coverage=Coverage(1, 1), metrics=[], findings=list(report().findings))
        ).same
        == "differs"
    )


def test_another_finding_or_outcome_is_told():
    assert "its findings are others: data.x.Z is new" in same(report(), report(rule="data.x.Z")).said
    assert same(report(), report(), outcomes=("pass", "fail")).said.startswith(
        "it ends with fail (recorded: pass)"
    )


def test_what_else_a_report_tells_counts_only_where_it_read_the_same():
    one, other = report(data={"kept": ["a"]}), report(data={"kept": ["b"]})
    assert same(one, other).said == "its `data.kept[0]` is another"
    assert same(one, other, alone=False).same == "tolerance"
    assert same(report(message="11 rows"), report(message="12 rows")).same == "differs"


def answers(values, scores=None):
    return pa.chunked_array([pa.array(values)]), None if scores is None else pa.table({"score": scores})


def test_models_that_answer_alike_are_within_whatever_their_bytes():
    found = judged(answers(["y", "n"], [0.9, 0.1]), answers(["y", "n"], [0.9, 0.1]), 1e-6)
    assert found.within and found.gap == 0 and "answers as it did" in found.said


def test_scores_and_classes_are_held_to_the_tolerance_and_the_first_row_is_named():
    found = judged(
        answers(["y", "n", "n"], [0.9, 0.1, 0.45]), answers(["y", "n", "y"], [0.9, 0.1, 0.55]), 1e-6
    )
    assert not found.within and found.where == {"row": 3, "before": "n", "after": "y"}
    assert "1 get another answer and scores differ by up to 0.1" in found.said
    assert judged(answers(["y"] * 4, [0.9] * 4), answers(["y"] * 4, [0.95] * 4), 0.06).within
    assert not judged(answers(["y"] * 4), answers(["y", "y", "y", "n"]), 0.2).within  # one row in four
    assert judged(answers(["y"] * 4), answers(["y", "y", "y", "n"]), 0.25).within


def test_numbers_are_held_by_their_size():
    assert judged(answers([1000.0, 1.0]), answers([1000.5, 1.0]), 1e-3).within
    assert not judged(answers([1000.0, 1.0]), answers([1000.0, 1.5]), 1e-3).within
    assert not judged(answers(["y"], [0.5]), answers(["y"]), 1).within
