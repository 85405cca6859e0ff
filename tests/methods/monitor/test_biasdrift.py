from __future__ import annotations

import math

import numpy as np
import pytest

from assay.methods.bias import PRE_TRAINING, Counts
from assay.methods.clarify.analysis import DESCRIPTIONS
from assay.methods.monitor import biasdrift
from assay.methods.monitor.biasdrift import Value


def test_a_value_is_a_violation_where_it_is_farther_from_neutral():
    assert biasdrift.farther("DPPL", -0.3, 0.2) and not biasdrift.farther("DPPL", 0.1, -0.2)
    assert not biasdrift.farther("DPPL", 0.2, 0.2)
    assert (
        biasdrift.farther("DI", 0.7, 0.8)
        and biasdrift.farther("DI", 1.3, 0.8)
        and not biasdrift.farther("DI", 0.9, 0.8)
    )
    assert biasdrift.farther("TE", math.inf, 2.0)


def test_violations_read_as_documented():
    found = {
        ("Age", "40", "CI"): Value(0.0751544567666083, None, 0.004),
        ("Age", "40", "DPPL"): Value(-0.0791244970125596, (-0.1, -0.06), 0.01),
        ("Age", "40", "DI"): Value(0.99, (0.9, 1.1)),
    }
    wanted = {("Age", "40", "CI"): 0.05, ("Age", "40", "DPPL"): 0.07, ("Age", "40", "DI"): 0.9}
    broken = biasdrift.violations(found, wanted, {})
    assert [(v, sure) for _, v, sure in broken] == [
        ({"facet": "Age", "facet_value": "40", "metric_name": "CI", "constraint_check_type": "bias_drift_check",
          "description": "Value 0.0751544567666083 does not meet the constraint requirement"}, True),
        ({"facet": "Age", "facet_value": "40", "metric_name": "DPPL", "constraint_check_type": "bias_drift_check",
          "description": "Value -0.0791244970125596 does not meet the constraint requirement"}, False),
    ]  # fmt: skip


def test_a_range_is_broken_where_the_interval_and_it_are_apart():
    key = ("sex", "F", "DPPL")
    wanted = {key: 0.0}
    for interval, broken in (
        ((0.05, 0.2), False),
        ((0.11, 0.2), True),
        ((-0.3, -0.101), True),
        ((-0.5, 0.5), False),
    ):
        found = biasdrift.violations({key: Value(0.15, interval)}, wanted, {"DPPL": (-0.1, 0.1)})
        assert bool(found) == broken


def test_intervals_are_of_the_bootstrap_and_shrink_with_the_rows():
    rng = np.random.default_rng(3)
    small = biasdrift.measured(Counts(30, 10, 10, 50), Counts(15, 10, 15, 60), truth=True, rng=rng)
    large = biasdrift.measured(
        Counts(3000, 1000, 1000, 5000), Counts(1500, 1000, 1500, 6000), truth=True, rng=rng
    )
    assert small["DPPL"].value == large["DPPL"].value == pytest.approx(0.15)
    for one in (small, large):
        low, high = one["DPPL"].interval
        n = 100 if one is small else 10_000
        error = math.sqrt(0.4 * 0.6 / n + 0.25 * 0.75 / n)
        assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.15)
    alone = biasdrift.measured(Counts(30, 0, 0, 70), Counts(15, 0, 0, 85), truth=False, rng=rng)
    assert set(alone) == {"CI", "DPPL", "DI"} and alone["DI"].value == pytest.approx(0.5)


def test_analysis_is_clarifys_shape_and_is_read_again():
    found = {("sex", "F", "DPL"): Value(0.2, None), ("sex", "F", "TE"): Value(math.inf, None), ("sex", "F", "DI"): Value(math.nan, None)}  # fmt: skip
    made = biasdrift.analysis(found, "income", ["1"], DESCRIPTIONS, PRE_TRAINING)
    assert made["pre_training_bias_metrics"]["facets"]["sex"] == [
        {
            "value_or_threshold": "F",
            "metrics": [{"name": "DPL", "description": DESCRIPTIONS["DPL"], "value": 0.2}],
        }
    ]
    after = {m["name"]: m["value"] for m in made["post_training_bias_metrics"]["facets"]["sex"][0]["metrics"]}
    assert after == {"DI": None, "TE": "Infinity"}
    assert biasdrift.constraints(made) == {("sex", "F", "DPL"): 0.2, ("sex", "F", "TE"): math.inf}
    for bad in ({}, [], {"pre_training_bias_metrics": {"facets": {"sex": 3}}}):
        with pytest.raises(ValueError):
            biasdrift.constraints(bad)


def test_a_metric_whose_spread_nobody_can_tell_is_a_violation_and_not_a_grave_one():
    key = ("sex", "F", "TE")
    for value in (Value(5.0, None), Value(math.inf, None, 0.1)):
        ((_, written, sure),) = biasdrift.violations({key: value}, {key: 1.0}, {})
        assert not sure and written["metric_name"] == "TE"


def test_a_baseline_of_few_rows_varies_as_the_window_does():
    key = ("sex", "F", "DPPL")
    found = {key: Value(0.2, None, 0.02, 1_000)}
    for before, sure in ((0, True), (100_000, True), (1_000, False)):  # 5, 4.98 and 3.5 standard errors
        assert [s for _, _, s in biasdrift.violations(found, {key: 0.1}, {}, before=before)] == [sure]


def test_empty_cells_have_a_spread_all_the_same():
    rng = np.random.default_rng(3)
    made = biasdrift.measured(Counts(0, 0, 0, 60), Counts(0, 0, 0, 40), truth=True, rng=rng)
    assert made["DPPL"].value == 0 and made["DPPL"].spread > 0.005 and made["DPPL"].rows == 100
