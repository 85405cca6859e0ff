"""Thresholds by group beside fairlearn's ThresholdOptimizer, and what each promises of the rows it was learnt on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator

from assay.methods.mitigation import rules
from assay.methods.mitigation import thresholding as t

PARITIES = ("demographic_parity", "equal_opportunity", "false_positive_rate_parity", "equalized_odds")
THEIRS = {"equal_opportunity": "true_positive_rate_parity"}


def people(seed, rows=400, groups=3, ties=False):
    rng = np.random.default_rng(seed)
    of = rng.integers(0, groups, rows)
    skill = rng.normal(size=rows) + 0.5 * of
    truth = (skill + rng.normal(size=rows) * (1 + 0.4 * of)) > 0.6
    score = 1 / (1 + np.exp(-skill - 0.2 * rng.normal(size=rows)))
    return (np.round(score, 1) if ties else score), truth, of


def curves(score, truth, of, objective="accuracy"):
    worth = t.worth(truth, objective)
    return [t.curve(score[of == g], truth[of == g], worth) for g in range(of.max() + 1)]


def rates(chance, truth, of, parity):
    """Return each group's expected rates that are to be alike."""
    out = []
    for g in range(of.max() + 1):
        own = of == g
        told = {
            "demographic_parity": [chance[own]], "equal_opportunity": [chance[own & truth]],
            "false_positive_rate_parity": [chance[own & ~truth]], "equalized_odds": [chance[own & truth], chance[own & ~truth]],
        }[parity]  # fmt: skip
        out.append([c.mean() for c in told])
    return np.array(out)


def accuracy(chance, truth):
    return float(np.where(truth, chance, 1 - chance).mean())


@pytest.mark.parametrize("parity", PARITIES)
@pytest.mark.parametrize("ties", [False, True])
def test_by_lot_is_as_good_and_as_alike_as_fairlearns(parity, ties):
    fairlearn = pytest.importorskip("fairlearn.postprocessing")
    for seed in range(3):
        score, truth, of = people(seed, ties=ties)

        class Given(BaseEstimator):
            def __sklearn_is_fitted__(self):
                return True

            def fit(self, x, y):
                return self

            def predict_proba(self, x):
                return np.column_stack([1 - x[:, 0], x[:, 0]])

        theirs = fairlearn.ThresholdOptimizer(
            estimator=Given(),
            constraints=THEIRS.get(parity, parity),
            prefit=True,
            predict_method="predict_proba",
        )
        x = score[:, None]
        theirs.fit(x, truth.astype(int), sensitive_features=of)
        chance = theirs._pmf_predict(x, sensitive_features=of)[:, 1]
        rule = t.rule(t.by_lot(curves(score, truth, of), parity), rules.Cut(0.5, 0.5))
        mine = rule.chances(score, of)
        assert accuracy(mine, truth) == pytest.approx(accuracy(chance, truth), abs=2e-3)
        assert accuracy(mine, truth) >= accuracy(chance, truth) - 1e-9 or parity == "equalized_odds"
        assert np.ptp(rates(mine, truth, of, parity), axis=0).max() < 1e-9
        assert np.ptp(rates(chance, truth, of, parity), axis=0).max() < 1e-9


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10_000), parity=st.sampled_from(PARITIES), groups=st.integers(2, 4), ties=st.booleans(),
    tolerance=st.sampled_from([0.01, 0.05, 0.2]),
)  # fmt: skip
def test_thresholds_hold_their_parity_on_the_rows_they_were_learnt_on(seed, parity, groups, ties, tolerance):
    score, truth, of = people(seed, 300, groups, ties)
    if (
        min(truth[of == g].sum() for g in range(groups)) == 0
        or max(truth[of == g].mean() for g in range(groups)) == 1
    ):
        return
    held = curves(score, truth, of)
    exact = t.rule(t.by_lot(held, parity), rules.Cut(0.5, 0.5)).chances(score, of)
    assert np.ptp(rates(exact, truth, of, parity), axis=0).max() < 1e-9
    chosen = t.one_each(held, parity, tolerance)
    one = t.rule(chosen.cuts, rules.Cut(0.5, 0.5))
    told = one.chances(score, of)
    assert set(told.tolist()) <= {0.0, 1.0} and not one.by_lot
    apart = np.ptp(rates(told, truth, of, parity), axis=0).max()
    assert apart == pytest.approx(chosen.apart, abs=1e-9)
    # telling everybody no is within every tolerance, so that there is always one to choose
    assert apart <= tolerance + 1e-9
    assert accuracy(told, truth) >= accuracy(np.zeros(len(truth)), truth) - 1e-9


def test_one_threshold_each_is_the_best_there_is():
    """Beside every pair of thresholds of two groups."""
    score, truth, of = people(5, 60, 2)
    for parity in ("demographic_parity", "equalized_odds"):
        best = 0.0
        cuts = [np.concatenate([[-1], np.unique(score[of == g])]) for g in (0, 1)]
        for a in cuts[0]:
            for b in cuts[1]:
                told = (score > np.where(of == 0, a, b)).astype(float)
                if np.ptp(rates(told, truth, of, parity), axis=0).max() <= 0.1:
                    best = max(best, accuracy(told, truth))
        chosen = t.one_each(curves(score, truth, of), parity, 0.1)
        found = accuracy(t.rule(chosen.cuts, rules.Cut(0.5, 0.5)).chances(score, of), truth)
        # windows of equalised odds begin at steps of 1/120 of the false positive rate
        assert found == pytest.approx(best, abs=0 if parity == "demographic_parity" else 0.02)


def test_a_rule_reads_what_it_wrote_and_refuses_what_is_none():
    for rule in (
        t.rule([rules.Cut(0.2, 0.4, 0.5, 0.1, 0.3), None], rules.Cut(0.5, 0.5)),
        rules.Mixed((0.2, 0.0, 0.0), (0.3, 0.5, 0.0), 0.5),
        rules.Band((True, False), 0.5, 0.1),
    ):
        assert rules.from_json(rule.to_json(), 2) == rule
        with pytest.raises(ValueError, match="groups"):
            rules.from_json(rule.to_json(), 3)
    for raw in (None, {}, {"kind": "other"}, {"kind": "thresholds", "cuts": [{"low": "x"}]},
                {"kind": "mixed", "shares": [2, 0, 0], "rates": [0, 0, 0], "threshold": 0.5},
                {"kind": "band", "favoured": [True], "threshold": float("nan"), "margin": 0}):  # fmt: skip
        with pytest.raises(ValueError, match="rule|chances"):
            rules.from_json(raw, 2)
