"""Which peer confirms which metric, and what must hold of each whatever the table.

    metric                              smclarify  fairlearn  AIF360  scikit-learn  scipy
    CI KL JS LP TVD KS CDDL             slow       .          .       .             here (KL JS TVD)
    DPL DPPL DI                         slow       .          slow    .             .
    RD AD SD DAR DRR                    slow       .          slow    here          .
    DCA DCR TE CDDPL FT                 slow       .          .       .             .
    GE                                  slow       .          slow    .             .
    parities, equalised odds            .          slow       .       .             .
    average odds, consistency           .          .          slow    .             .
    impact_ratio                        .          here       .       .             .
    impact_p_value                      .          .          .       .             methods/test_fairness
    calibration_error                   .          .          .       here          .
    ks_statistic, mean differences      .          .          .       .             here
    mae_difference                      .          .          .       here          .

slow: test_adult.py (Adult, with missing facets and weights), test_clarify.py (80 tables: missing facets and labels, empty
and single-class groups) and test_fairness.py, in environments of their own. here: the libraries that Assay itself depends
on or is developed with. counterfactual_change has no peer: checks/model/test_bias_wider counts it by hand. AIF360 counts no
weights in GE.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from assay.checks.data import bias as before
from assay.checks.model import bias as after

ASKED = {"label": "y", "positive": ("1",), "facet": ("g",), "group_variable": "v", "min_group": 1}
SITUATIONS = (
    "plain",
    "one class in a group",
    "nobody told yes",
    "all told yes",
    "a facet that is missing",
    "ties",
)


def _frame(situation, rows=240, seed=5):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=rows), "g": rng.choice(["a", "b", "c"], rows)})
    frame["v"] = rng.choice(["s", "t"], rows)
    frame["y"] = (rng.random(rows) < 0.4).astype(int)
    frame["p"] = (rng.random(rows) < np.where(frame.y == 1, 0.7, 0.3)).astype(int)
    frame["w"] = rng.integers(0, 4, rows)
    if situation == "one class in a group":
        frame.loc[frame.g == "b", "y"] = 1
    elif situation.endswith("told yes"):
        frame["p"] = int(situation.startswith("all"))
    elif situation == "a facet that is missing":
        frame.loc[::7, "g"] = None
    elif situation == "ties":
        frame["x"] = frame.x.round()
    return frame


def _told(report):
    return {
        (m.name, *sorted(m.of.items())): m.reason or m.value
        for m in report.metrics
        if m.name not in ("rows", "weight", "judged_rows", "impact_p_value", "FT", "consistency")
    }


def _both(frame, table, work, **more):
    return {
        **_told(before.check(table(frame.drop(columns="p")), **ASKED, **more, work=work)),
        **_told(after.check(table(frame), predicted="p", **ASKED, **more, work=work)),
    }


def _alike(one, other):
    assert set(one) == set(other)
    for key, value in one.items():
        close = value if isinstance(value, str) or value is None else pytest.approx(value, abs=1e-12)
        assert other[key] == close, key


@pytest.mark.parametrize("situation", SITUATIONS)
def test_whole_weights_are_rows_that_are_there_as_often(table, work, situation):
    frame = _frame(situation)
    _alike(
        _both(frame, table, work, weights="w"),
        _both(frame.loc[frame.index.repeat(frame.w)].drop(columns="w"), table, work),
    )


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_order_of_rows_and_the_scale_of_weights_do_not_matter(table, work, situation):
    frame = _frame(situation)
    mixed = frame.sample(frac=1, random_state=1).assign(w=lambda f: f.w * 0.37)
    _alike(_both(frame, table, work, weights="w"), _both(mixed, table, work, weights="w"))


def test_perfect_predictions_are_neutral_where_errors_are_counted(table, work):
    frame = _frame("plain").assign(p=lambda f: f.y)
    report = after.check(table(frame), predicted="p", **ASKED, work=work)
    for metric in report.metrics:
        if metric.name in ("RD", "AD", "SD", "DAR", "DRR", "DCA", "DCR", "GE", "average_odds_difference"):
            assert metric.value == 0, metric
        if metric.name in ("equalized_odds_difference", "predictive_parity_difference"):
            assert metric.value == 0
        if metric.name in ("predictive_parity_ratio", "equal_opportunity_ratio"):
            assert metric.value == 1


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("weights", [None, "w"])
def test_rates_are_scikit_learns(table, work, situation, weights):
    frame = _frame(situation)
    report = after.check(table(frame), predicted="p", **ASKED, weights=weights, work=work)
    frame = frame[frame.g.notna()]
    seen = 0
    for group in "abc":
        inside = frame.g == group

        def rate(of, rows, **more):
            part = frame[rows]
            weight = part[weights] if weights else None
            return of(part.y, part.p, sample_weight=weight, zero_division=np.nan, **more)

        expected = {
            "RD": rate(sk.recall_score, ~inside) - rate(sk.recall_score, inside),
            "DAR": rate(sk.precision_score, ~inside) - rate(sk.precision_score, inside),
            "SD": rate(sk.recall_score, inside, pos_label=0) - rate(sk.recall_score, ~inside, pos_label=0),
            "DRR": rate(sk.precision_score, inside, pos_label=0)
            - rate(sk.precision_score, ~inside, pos_label=0),
            "AD": np.subtract(
                *(
                    sk.accuracy_score(
                        frame.y[r], frame.p[r], sample_weight=frame[weights][r] if weights else None
                    )
                    for r in (~inside, inside)
                )
            ),
        }
        for name, value in expected.items():
            mine = report.metric(name, group=group)
            if np.isnan(value):
                assert mine.value is None and mine.reason == "undefined", name
            else:
                assert mine.value == pytest.approx(value, abs=1e-12), name
                seen += 1
    assert seen >= 3


@pytest.mark.parametrize("situation", ["plain", "a facet that is missing"])
def test_divergences_are_scipys(table, work, situation):
    from scipy.spatial.distance import jensenshannon
    from scipy.stats import entropy

    frame = _frame(situation)
    report = before.check(table(frame.drop(columns="p")), **ASKED, work=work)
    frame = frame[frame.g.notna()]
    for group in "abc":
        a, d = (
            frame.y[m].value_counts(normalize=True).sort_index() for m in (frame.g != group, frame.g == group)
        )
        assert report.metric("KL", group=group).value == pytest.approx(entropy(a, d))
        assert report.metric("JS", group=group).value == pytest.approx(jensenshannon(a, d) ** 2)
        assert report.metric("TVD", group=group).value == pytest.approx(np.abs(a - d).sum() / 2)


def test_amounts_are_scipys(table, work):
    from scipy.stats import ks_2samp

    frame = _frame("plain").assign(y=lambda f: f.x * 3, p=lambda f: f.x + f.w)
    asked = {"label": "y", "facet": ("g",), "min_group": 1, "work": work}
    report = before.check(table(frame[["y", "g"]]), **asked)
    said = after.check(table(frame[["y", "g", "p"]]), predicted="p", **asked)
    for group in "abc":
        a, d = frame[frame.g != group], frame[frame.g == group]
        assert report.metric("ks_statistic", group=group).value == pytest.approx(ks_2samp(a.y, d.y).statistic)
        assert report.metric("mean_difference", group=group).value == pytest.approx(a.y.mean() - d.y.mean())
        error = sk.mean_absolute_error(d.y, d.p) - sk.mean_absolute_error(a.y, a.p)
        assert said.metric("mae_difference", group=group).value == pytest.approx(error)


def test_every_metric_of_bias_stands_in_the_matrix():
    from assay.methods import fairness, limits

    text = __doc__.partition("slow:")[0]
    together = {
        **dict.fromkeys(fairness.BETWEEN, "parities"), "average_odds_difference": "average odds",
        "ks_p_value": "ks_statistic", "mean_difference": "mean differences",
        "standardized_mean_difference": "mean differences", "calibration_error_difference": "calibration_error",
        "counterfactual_change": "",  # told below the table
    }  # fmt: skip
    for name in limits.KNOWN:
        assert together.get(name, name) in text.split() or together.get(name, name) in text, name


def test_calibration_is_scikit_learns_and_the_impact_ratio_fairlearns(table, work):
    from sklearn.calibration import calibration_curve

    frame = _frame("plain", rows=2000)
    rng = np.random.default_rng(1)
    frame["s"] = np.clip(0.2 + 0.5 * frame.y + rng.normal(0, 0.2, len(frame)), 0.001, 0.999)
    report = after.check(table(frame), predicted="p", score="s", **ASKED, work=work)
    rates = frame.groupby("g").p.mean()
    for group in "abc":
        own = frame[frame.g == group]
        true, said = calibration_curve(own.y, own.s, n_bins=10)
        sizes = np.bincount(np.minimum((own.s * 10).astype(int), 9), minlength=10)
        error = np.abs(true - said) @ sizes[sizes > 0] / len(own)
        assert report.metric("calibration_error", group=group).value == pytest.approx(error)
        assert report.metric("impact_ratio", group=group).value == pytest.approx(rates[group] / rates.max())
    fairlearn = pytest.importorskip("fairlearn.metrics")
    ratio = fairlearn.demographic_parity_ratio(frame.y, frame.p, sensitive_features=frame.g)
    assert min(report.metric("impact_ratio", group=g).value for g in "abc") == pytest.approx(ratio)
