"""What a trade says in sentences and shows as a picture."""

from __future__ import annotations

import pytest

from assay.engines.trade import told
from assay.methods.mitigation.frontier import GAPS, Point

GAP = "demographic_parity_difference"


def _point(strength, gap, gain, name="trees"):
    values = dict.fromkeys(GAPS, gap) | {
        "balanced_accuracy": gain,
        "accuracy": gain + 0.1,
        "selection_rate": 0.5,
    }
    return Point(name, strength, values, {}, untreated=not strength)


def _rules(found):
    return {f.rule: f.message for f in found.findings}


def test_a_weaker_treatment_that_is_clearly_better_in_both_is_said():
    points = [_point(0.0, 0.2, 0.80), _point(0.5, 0.05, 0.79), _point(1.0, 0.08, 0.75)]
    said = _rules(told("data.x", points, GAP, "on rows held out"))
    assert "strength 0.5 is better in both than 1" in said["data.x.bettered"]
    assert (
        "0.790 instead of 0.750" in said["data.x.bettered"]
        and "0.050 of balanced accuracy is lost" in said["data.x.bought"]
    )
    points[1] = _point(0.5, 0.079, 0.79)  # hardly less unequal
    assert "data.x.bettered" not in _rules(told("data.x", points, GAP, "on rows held out"))


@pytest.mark.parametrize("gain", ["balanced_accuracy", "accuracy"])
def test_the_cost_and_the_picture_are_of_the_same_measure(gain):
    points = [_point(None, 0.2, 0.80, "thresholds"), _point(0.1, 0.05, 0.70, "thresholds")]
    found = told("model.x", points, GAP, "on rows held out", of="rule", word="tolerance", gain=gain)
    assert f"0.100 of {gain.replace('_', ' ')} is lost" in _rules(found)["model.x.bought"]
    (chart,) = found.charts
    assert chart.y == gain and chart.data[0][gain] == points[0].values[gain]
    assert {m.of["rule"] for m in found.metrics} == {"as it is", "thresholds, tolerance 0.1"}


def test_points_that_lie_on_one_another_have_one_label():
    points = [_point(0.0, 0.2, 0.80), _point(0.5, 0.05, 0.79), _point(1.0, 0.05, 0.79)]
    (chart,) = told("data.x", points, GAP, "on rows held out").charts
    assert [r["label"] for r in chart.data] == ["untreated", "0.5, 1", ""]
