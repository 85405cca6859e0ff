"""model.rejectoption: the band that is found is the best of a plain search, and who stands in it is told as it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing
from assay.methods.mitigation import rejecting
from assay.treatments.model.rejectoption import treat
from assay.works.bench import FileTree

ASKED = {"label": "hired", "positive": ("yes",), "facet": ("sex",), "score": "score"}


def decided(frame, table, work, **options):
    made = treat(table(frame), work=work, **ASKED | options)
    return pd.read_parquet(work.store.path(made.outputs["out"].digest)), made


@pytest.mark.parametrize("measure", ["demographic_parity", "equal_opportunity", "average_odds"])
def test_every_threshold_and_margin_is_as_counting_rows_tells_it(people, measure):
    frame = people[people.sex.notna()][:300]
    score, truth, theirs = (
        frame.score.to_numpy(),
        (frame.hired == "yes").to_numpy(),
        (frame.sex == "f").to_numpy(),
    )
    found = rejecting.tried(score, truth, theirs, measure, counts=(7, 5))
    for i in range(len(found.thresholds)):
        t, m = found.thresholds[i], found.margins[i]
        said = np.where((score > t - m) & (score <= t + m), theirs, score > t)

        def rate(rows, said=said):
            return said[rows].mean()

        tpr, fpr = (rate(theirs & c) - rate(~theirs & c) for c in (truth, ~truth))
        gap = {
            "demographic_parity": rate(theirs) - rate(~theirs),
            "equal_opportunity": tpr,
            "average_odds": (tpr + fpr) / 2,
        }
        assert found.gap[i] == pytest.approx(gap[measure])
        assert found.accuracy[i] == pytest.approx((rate(truth) + 1 - rate(~truth)) / 2)
    inside = np.abs(found.gap) <= 0.1
    assert found.accuracy[found.best(0.1)] == found.accuracy[inside].max()
    assert np.abs(found.gap[found.best(0.0)]) == np.abs(found.gap).min()


def test_the_gap_is_within_the_bound_and_the_band_is_told(people, table, work):
    frame = people[people.sex.notna()].reset_index(drop=True)
    out, made = decided(frame, table, work)
    told = (out.decision == "yes").groupby(out.sex).mean()
    before = (out.score > 0.5).groupby(out.sex).mean()
    assert abs(told["f"] - told["m"]) <= 0.05 < 0.2 < before["m"] - before["f"]
    report = made.report
    assert report.metric("gap_of_fit").value == pytest.approx(told["f"] - told["m"])
    t, m = report.metric("threshold").value, report.metric("margin").value
    near = (out.score > t - m) & (out.score <= t + m)
    assert (out.decision[near & (out.sex == "f")] == "yes").all() and (
        out.decision[near & (out.sex == "m")] == "no"
    ).all()
    assert ((out.decision == "yes") == (out.score > t))[~near].all()
    rules = {f.rule for f in report.findings}
    assert {
        "model.rejectoption.favoured",
        "model.rejectoption.decides_by_group",
        "model.rejectoption.bought",
    } <= rules
    assert "model.rejectoption.by_lot" not in rules and report.charts


def test_what_was_learnt_is_applied_and_another_group_may_be_named(people, table, work):
    out, made = decided(people, table, work, disadvantaged=("m",), trade=False)
    path = work.store.path(made.outputs["fitted"].digest)
    tree = FileTree(Asset("file", "fitted", str(path)), path)
    again = treat(table(people.drop(columns="hired")), score="score", fitted=tree, work=work)
    assert pd.read_parquet(work.store.path(again.outputs["out"].digest)).decision.equals(out.decision)
    assert "model.rejectoption.missing_facet" in {f.rule for f in made.report.findings}
    for names, said in ((("x",), "no group 'x'"), (("f", "m", "(missing)"), "every group was named")):
        with pytest.raises(Missing, match=said):
            decided(people, table, work, disadvantaged=names)
    with pytest.raises(BadInput, match="no two groups"):
        decided(people[:20], table, work)


@pytest.mark.parametrize(("row", "drawn"), [(1, True), (3, False)])
def test_a_named_group_of_one_is_told_and_does_not_end_the_treatment(people, table, work, row, drawn):
    """Where the one was among the rows held out of the trade, the whole was refused with what was not so."""
    few = people.copy()
    few.iloc[row, few.columns.get_loc("sex")] = "x"
    out, made = decided(few, table, work, disadvantaged=("x",))
    assert "decision" in out
    found = {f.rule.removeprefix("model.rejectoption."): f.message for f in made.report.findings}
    assert "has 1 of the rows" in found["small_group"]
    untold = [m for m in made.report.metrics if m.name == "balanced_accuracy" and m.value is None]
    assert bool(untold) != drawn and bool(made.report.charts) == drawn
    assert all("teach no rule: nobody" in m.reason for m in untold)
