"""Against cases computed by hand and the reference library's own published case."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.bias import Counts, cddl, generalised_entropy, post_training, pre_training, ratio, refused

A, D = Counts(40, 10, 5, 45), Counts(10, 5, 15, 20)
counts = st.builds(Counts, *[st.integers(0, 60)] * 4)


def test_pre_training_by_hand():
    # a: 60 of 100 positive, d: 10 of 50
    found = pre_training(Counts(60, 0, 0, 40), Counts(10, 0, 0, 40))
    assert found["CI"] == pytest.approx(50 / 150)
    assert found["DPL"] == pytest.approx(0.4)
    assert found["KL"] == pytest.approx(0.6 * math.log(3) + 0.4 * math.log(0.5))
    assert found["JS"] == pytest.approx(
        0.5 * (0.6 * math.log(1.5) + 0.4 * math.log(2 / 3) + 0.2 * math.log(0.5) + 0.8 * math.log(4 / 3))
    )
    assert found["LP"] == pytest.approx(math.sqrt(0.32))
    assert found["TVD"] == pytest.approx(0.4) and found["KS"] == pytest.approx(0.4)


def test_kl_leaves_out_what_a_group_lacks_and_may_be_negative():
    # labels T T T F F F, d is the first row: it has no F, so that F is left out
    found = pre_training(Counts(2, 0, 0, 3), Counts(1, 0, 0, 0))
    assert found["KL"] == pytest.approx(-0.366516, abs=1e-6)


def test_post_training_by_hand():
    found = post_training(A, D)
    expected = {
        "DPPL": 50 / 100 - 15 / 50,
        "DI": (15 / 50) / (50 / 100),
        "DCA": 45 / 50 - 25 / 15,
        "DCR": 25 / 35 - 55 / 50,
        "AD": 0.85 - 0.6,
        "RD": 40 / 45 - 10 / 25,
        "DAR": 0.8 - 10 / 15,
        "DRR": 20 / 35 - 45 / 50,
        "SD": 20 / 25 - 45 / 55,
        "TE": 15 / 5 - 5 / 10,
    }
    assert found == {k: pytest.approx(v) for k, v in expected.items()}


def test_ratios_of_nothing():
    assert math.isnan(ratio(0, 0)) and ratio(0, 0, zero=True) == 0
    assert ratio(3, 0) == math.inf
    both = post_training(Counts(1, 0, 1, 1), Counts(1, 0, 1, 1))
    assert both["TE"] == 0  # two infinities differ by nothing
    assert post_training(Counts(1, 1, 1, 1), Counts(1, 0, 1, 1))["TE"] == math.inf


def test_generalised_entropy_is_half_the_squared_coefficient_of_variation():
    benefits = [1.0] * 60 + [2.0] * 10 + [0.0] * 30
    mean = sum(benefits) / 100
    variance = sum((b - mean) ** 2 for b in benefits) / 100
    assert generalised_entropy(40, 10, 30, 20) == pytest.approx(0.5 * variance / mean**2)
    assert math.isnan(generalised_entropy(0, 0, 5, 0))


def test_cddl_by_hand():
    # two strata: d are 8 of 10 rejected and 2 of 10 accepted; 1 of 5 and 0 of 0
    assert cddl([(8, 10, 2, 10), (1, 5, 0, 0)]) == pytest.approx((20 * 0.6 + 5 * 0.2) / 25)
    assert math.isnan(cddl([(1, 2, 0, 0)]))


@given(counts, counts)
def test_exchanging_the_groups_turns_the_differences(a, d):
    here, there = pre_training(a, d), pre_training(d, a)
    for name in ("CI", "DPL"):
        assert here[name] == pytest.approx(-there[name], nan_ok=True)
    for name in ("JS", "LP", "TVD", "KS"):
        assert here[name] == pytest.approx(there[name], nan_ok=True)


@given(counts, counts)
def test_exchanging_the_groups_turns_the_differences_after_training_and_inverts_the_ratio(a, d):
    here, there = post_training(a, d), post_training(d, a)
    for name in here:
        if name != "DI":
            assert here[name] == pytest.approx(-there[name], nan_ok=True), name
    if math.isfinite(here["DI"]) and here["DI"]:
        assert here["DI"] == pytest.approx(1 / there["DI"])


@given(counts)
def test_a_group_against_itself_differs_by_nothing(a):
    for name, value in post_training(a, a).items():
        assert math.isnan(value) or value == pytest.approx(1 if name == "DI" else 0)


@given(counts)
def test_of_an_empty_group_the_library_tells_nothing(a):
    empty = Counts(0, 0, 0, 0)
    for one, other in ((a, empty), (empty, a)):
        found = refused(post_training(one, other, zero=True), one, other)
        assert set(found) == set(post_training(a, a)) and all(map(math.isnan, found.values()))
    if a.n:
        assert refused(pre_training(a, a), a, a)["CI"] == 0


def test_groups_that_weights_have_made_equal_were_told_apart_by_rounding():
    """As data.reweigh leaves them: the shares are the same, and the sums of the weights differ in their last digits."""
    share, noise = 0.5404080816163233, 2.2e-14
    a = Counts(1000 * share, 0, 0, 1000 * (1 - share))
    d = Counts(300 * (share + noise), 0, 0, 300 * (1 - share - noise))
    found = pre_training(a, d)
    assert {n: found[n] for n in ("DPL", "KL", "JS", "LP", "TVD", "KS")} == dict.fromkeys(
        ("DPL", "KL", "JS", "LP", "TVD", "KS"), 0.0
    )
    seen = pre_training(a, Counts(300 * (share + 1e-9), 0, 0, 300 * (1 - share - 1e-9)))
    assert seen["DPL"] == pytest.approx(-1e-9, rel=1e-3) and seen["TVD"] == pytest.approx(1e-9, rel=1e-3)


def test_an_infinite_ratio_beside_a_finite_one_was_no_difference():
    never = Counts(0, 0, 5, 5)  # nobody of it is told yes, so what is owed to each yes is without bound
    other = Counts(4, 4, 1, 1)
    assert post_training(other, never)["DCA"] == -math.inf
    assert post_training(never, other)["DCA"] == math.inf
    assert post_training(never, never)["DCA"] == 0.0
