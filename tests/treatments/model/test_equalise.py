"""model.equalise: costs made alike on the rows it learnt from, in expectation; the costliest group keeps its scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.mitigation import equalising
from assay.treatments.model.equalise import treat

ASKED = {"label": "hired", "positive": ("yes",), "facet": ("sex",), "score": "score"}


@given(
    seed=st.integers(0, 10_000), cost=st.sampled_from(["fnr", "fpr", "weighted"]), groups=st.integers(2, 4)
)
def test_the_expected_cost_of_every_group_is_the_highest(seed, cost, groups):
    rng = np.random.default_rng(seed)
    held = []
    for _ in range(groups):
        score = rng.beta(*rng.uniform(0.5, 3, 2), 400)
        truth = rng.random(400) < score  # calibrated
        if truth.all() or not truth.any():
            return
        held.append(equalising.costs(score, truth, cost))
    shares = equalising.shares(held)
    top = max(c.own for c in held)
    assert min(shares) == 0 and all(0 <= s <= 1 for s in shares)
    for one, share in zip(held, shares, strict=True):
        after = one.own + share * (one.trivial - one.own)
        assert after == pytest.approx(top) or share in (0.0, 1.0)
    assert equalising.shares(held, 0.0) == [0.0] * groups


def test_by_hand():
    """Two groups of four: a's positives are scored 0.9 and 0.7 (cost 0.2), b's 0.5 and 0.5 (cost 0.5); a's base rate is 1/2."""
    a = equalising.costs(np.array([0.9, 0.7, 0.2, 0.2]), np.array([1, 1, 0, 0]), "fnr")
    b = equalising.costs(np.array([0.5, 0.5, 0.1, 0.1]), np.array([1, 1, 0, 0]), "fnr")
    assert (a.own, a.trivial, a.rate) == pytest.approx((0.2, 0.5, 0.5)) and b.own == pytest.approx(0.5)
    assert equalising.shares([a, b, None]) == pytest.approx([1.0, 0.0, 0.0])


def test_decisions_scores_and_what_is_told(people, table, work):
    made = treat(table(people), work=work, **ASKED)
    out = pd.read_parquet(work.store.path(made.outputs["out"].digest))
    report = made.report
    shares = {m.of["group"]: m.value for m in report.metrics if m.name == "share_by_lot"}
    assert min(shares.values()) == 0 < max(shares.values())
    for name, share in shares.items():
        own = out.sex.fillna("(missing)") == name
        mixed = out.decision_score[own] != out.score[own]
        assert mixed.mean() == pytest.approx(share, abs=0.04)
        rate = report.metric("base_rate", group=name).value
        assert (out.decision_score[own & (out.decision_score != out.score)] == rate).all()
    assert ((out.decision == "yes") == (out.decision_score > 0.5)).all()
    costs = {m.of["group"]: m.value for m in report.metrics if m.name == "cost"}
    for name, share in shares.items():
        # a group for which its base rate costs no more than its scores cannot be brought up
        assert costs[name] == pytest.approx(max(costs.values())) or share in (0.0, 1.0)
    rules = {f.rule.removeprefix("model.equalise.") for f in report.findings}
    assert {"by_lot", "decides_by_group", "missing_facet", "decided"} <= rules and report.charts
    rough = treat(table(people.assign(score=people.score**4)), work=work, **ASKED, trade=False).report
    assert "model.equalise.not_calibrated" in {f.rule for f in rough.findings}
