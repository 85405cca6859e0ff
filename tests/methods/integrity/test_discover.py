from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.expressions import parse
from assay.methods.integrity.column import Sampled, words
from assay.methods.integrity.discover import discover
from assay.methods.integrity.rule import surprise
from assay.methods.integrity.verify import hold, repeated, undetermined

KINDS = {"i": "integer", "f": "number", "b": "boolean", "O": "text", "U": "text", "M": "date"}


def sampled(**columns):
    out = []
    for name, values in columns.items():
        values = np.asarray(values)
        out.append(Sampled(name, KINDS[values.dtype.kind], pa.array(values)))
    return out


def found(kind, *, seed=0, **columns):
    return [r for r in discover(sampled(**columns), np.random.default_rng(seed)).rules if r.kind == kind]


@pytest.mark.parametrize(
    ("yes", "no"), [(True, False), ("Yes", "No"), ("y", "n"), (1, 0), ("TRUE", "FALSE"), ("1", "0")]
)
def test_a_flag_in_any_spelling(yes, no):
    rng = np.random.default_rng(1)
    changes = rng.poisson(0.3, 1000)
    truth = changes > 0
    truth[:20] = ~truth[:20]
    rules = found("derived_flag", has_changes=np.where(truth, yes, no), changes=changes)
    assert [(r.target, r.sources, r.violations) for r in rules] == [("has_changes", ("changes",), 20)]
    batch = pa.table({"has_changes": np.where(truth, yes, no), "changes": changes})
    (tally,) = hold([(parse(rules[0].holds), None)], batch.to_batches(max_chunksize=64))
    assert tally.broken == 20
    assert tally.numbers().tolist() == list(range(1, 21))


def test_the_negated_flag_and_the_null_flag():
    rng = np.random.default_rng(2)
    stays = rng.poisson(1, 500)
    assert found("derived_flag", no_stays=stays == 0, stays=stays)[0].repair["to"] == "stays <= 0"
    agent = np.where(rng.random(500) < 0.3, None, "x1")
    flag = Sampled("has_agent", "boolean", pa.array([a is not None for a in agent]))
    source = Sampled("agent", "text", pa.array(list(agent)))
    rules = discover([flag, source], np.random.default_rng(0)).rules
    assert [r.repair["to"] for r in rules if r.kind == "derived_flag"] == ["agent is not None"]


def test_independent_columns_are_silent():
    rng = np.random.default_rng(3)
    n = 3000
    rules = discover(
        sampled(
            flag=rng.random(n) < 0.05,
            is_active=rng.random(n) < 0.5,
            count=rng.poisson(0.05, n),
            amount=rng.normal(50, 10, n).round(2),
            price=rng.exponential(10, n).round(2),
            size=rng.integers(0, 9, n),
            other=rng.integers(0, 9, n),
            third=rng.integers(0, 9, n),
            city=rng.choice(list("abcdefgh"), n),
            shop=rng.choice(list("qrst"), n),
        ),
        rng,
    ).rules
    assert [r for r in rules if r.violations] == []


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes", "digits"])
def test_clean_data_is_silent(name):
    """No rule is broken. What holds may be told: of tumours, that no mean concavity is above the worst one."""
    import sklearn.datasets

    frame = getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame
    rules = discover(sampled(**frame), np.random.default_rng(0)).rules
    assert [r.shown for r in rules if r.violations] == []
    assert len(rules) <= 4


def test_a_sum_and_a_product_with_slips():
    rng = np.random.default_rng(4)
    net = rng.uniform(1, 900, 800).round(2)
    tax = rng.uniform(1, 90, 800).round(2)
    gross = (net + tax).round(2)
    gross[5:9] += 3
    count = rng.integers(1, 20, 800)
    price = rng.uniform(1, 50, 800).round(2)
    amount = (count * price).round(2)
    amount[3] += 1
    columns = {"net": net, "tax": tax, "gross": gross, "count": count, "price": price, "amount": amount}
    sums, products = found("sum", **columns), found("product", **columns)
    assert [(r.target, set(r.sources), r.violations) for r in sums] == [("gross", {"net", "tax"}, 4)]
    assert [(r.target, set(r.sources), r.violations) for r in products] == [("amount", {"count", "price"}, 1)]
    rules = [(parse(r.holds), None) for r in (*sums, *products)]
    assert [t.broken for t in hold(rules, pa.table(columns).to_batches())] == [4, 1]


def test_a_sum_with_a_column_of_zeros_is_none():
    rng = np.random.default_rng(5)
    a = rng.integers(0, 1000, 500)
    zero = np.where(rng.random(500) < 0.01, 7, 0)
    assert found("sum", a=a, b=a + zero * 0, c=zero + np.arange(500) % 2 * 0) == []


def test_order_of_dates_and_of_named_numbers():
    rng = np.random.default_rng(6)
    start = np.array([date(2020, 1, 1) + timedelta(int(d)) for d in rng.integers(0, 365, 400)], "M8[D]")
    end = start + rng.integers(0, 60, 400)
    end[:6] = start[:6] - 3
    low = rng.normal(0, 5, 400)
    high = low + rng.random(400) * 4
    high[0] = low[0] - 1
    columns = {"end_date": end, "start_date": start, "min_temp": low, "max_temp": high}
    rules = found("order", **columns)
    assert {(r.target, r.sources, r.violations) for r in rules} == {
        ("end_date", ("start_date",), 6),
        ("max_temp", ("min_temp",), 1),
    }


def test_a_dependency_with_slips_and_its_rows():
    rng = np.random.default_rng(7)
    code = rng.integers(0, 40, 4000)
    city = np.array([f"city{c // 2}" for c in code], object)
    city[[10, 500, 900]] = "city99"
    rules = found("dependency", zip=code, city=city)
    assert [(r.sources, r.target, r.violations) for r in rules if r.violations] == [(("zip",), "city", 3)]
    tally = undetermined(pa.table({"zip": code, "city": city}), ["zip"], "city")
    assert (tally.support, tally.numbers().tolist()) == (4000, [11, 501, 901])


def test_a_key_that_repeats():
    key = np.arange(300)
    key[[7, 9]] = 3
    assert [(r.target, r.violations) for r in found("key", user_id=key)] == [("user_id", 2)]
    assert repeated(pa.table({"user_id": key}), ["user_id"]).numbers().tolist() == [8, 10]
    several = pa.table({"a": [1, 1, 2, None], "b": ["x", "y", "x", None]})
    assert repeated(several, ["a", "b"]).broken == 0
    assert repeated(several, ["a"]).numbers().tolist() == [2]


def test_many_columns_say_what_was_not_tried():
    rng = np.random.default_rng(8)
    table = {f"c{i}": rng.integers(0, 9, 60) for i in range(400)}
    assert any("sums of 2 terms" in u for u in discover(sampled(**table), rng).untried)


def test_a_share_just_below_chance_had_a_surprise_below_nothing():
    assert surprise(100, 1, 0.010000000000000002) == 0


@given(st.integers(1, 500), st.data(), st.floats(0.01, 0.99))
@settings(max_examples=60)
def test_surprise_falls_with_violations(n, data, p):
    v = data.draw(st.integers(0, n - 1))
    assert surprise(n, v, p) >= surprise(n, v + 1, p) >= 0


def test_surprise_bounds_the_binomial_tail():
    from scipy.stats import binom

    for n, v, p in [(100, 3, 0.5), (1000, 10, 0.1), (50, 0, 0.3)]:
        tail = binom.cdf(v, n, p)
        assert 2 ** -surprise(n, v, p) >= tail * (1 - 1e-9)
    assert surprise(50, 0, 0.3) == pytest.approx(-50 * np.log2(0.7))


def test_words():
    assert words("hasBookingChanges") == words("has_booking-changes") == ("has", "booking", "changes")


def test_sums_of_whole_numbers_and_of_long_fractions():
    rng = np.random.default_rng(9)
    for a, b in (
        (rng.integers(1, 99, 300), rng.integers(1, 99, 300)),
        (rng.random(300), rng.random(300)),
    ):
        total = a + b
        total[0] += 1
        (rule,) = found("sum", a=a, b=b, total=total)
        batches = pa.table({"a": a, "b": b, "total": total}).to_batches()
        assert [t.broken for t in hold([(parse(rule.holds), None)], batches)] == [1]
