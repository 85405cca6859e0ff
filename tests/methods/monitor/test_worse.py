from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from assay.methods.monitor import alarms, worse
from assay.methods.monitor import performance as perf
from assay.methods.monitor.worse import Sample

LESS, GREATER = "LessThanThreshold", "GreaterThanThreshold"


def two(rng: np.random.Generator, rows: int, rate: float, apart: float) -> Sample:
    """Answers of a model of two classes whose scores of yes lie ``apart`` standard deviations above those of no."""
    truth = (rng.random(rows) < rate).astype(np.int64)
    score = rng.normal(size=rows) + truth * apart
    said = (score > apart / 2 + 0.5).astype(np.int64)
    errors = {"auc": worse.error_of_area(truth, score)}
    return Sample(rows, perf.confusion(truth, said, 2), perf.binary(truth, said, score), errors)


def own(problem: perf.Problem, before: Sample) -> dict[str, tuple[float, str]]:
    """The constraints that a baseline suggests: its own values."""
    found = perf.constraints(perf.suggested(problem, dict(before.metrics)))
    assert found is not None
    return found[1]


def smallest(problem: perf.Problem, now: Sample, before: Sample, rng: np.random.Generator) -> float:
    found = worse.chances(problem, own(problem, before), now, before, rng)
    return min(alarms.holm(list(found.values())))


def test_shares_of_rows_are_told_by_fishers_exact_test_or_against_a_persons_number():
    now = Sample(100, np.array([[40, 10], [12, 38]]), {"recall": 0.76, "false_positive_rate": 0.2})
    was = Sample(1_000, np.array([[450, 50], [40, 460]]), {"recall": 0.92, "false_positive_rate": 0.1})
    wanted = {"recall": (0.92, LESS), "false_positive_rate": (0.1, GREATER)}
    found = worse.chances("binary", wanted, now, was, np.random.default_rng(1))
    expected = [
        stats.fisher_exact([[38, 12], [460, 40]], "less").pvalue,
        stats.fisher_exact([[10, 40], [50, 450]], "greater").pvalue,
    ]
    assert [found["recall"], found["false_positive_rate"]] == pytest.approx(expected)
    asked = worse.chances("binary", {"recall": (0.9, LESS)}, now, was, np.random.default_rng(1))
    assert asked["recall"] == pytest.approx(stats.binomtest(38, 50, 0.9, "less").pvalue)


def test_the_error_of_an_area_is_delongs():
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 400)
    score = np.round(rng.normal(size=400) + truth, 1)  # with ties
    yes, no = score[truth == 1], score[truth == 0]
    wins = (yes[:, None] > no[None, :]) + 0.5 * (yes[:, None] == no[None, :])
    exact = wins.mean(1).var(ddof=1) / len(yes) + wins.mean(0).var(ddof=1) / len(no)
    assert worse.error_of_area(truth, score) == pytest.approx(math.sqrt(exact))


def test_errors_of_numbers_are_those_of_the_bootstrap():
    rng = np.random.default_rng(6)
    truth = rng.gamma(2, 10, 600)
    said = truth + rng.normal(0, 4, 600)
    again = []
    for _ in range(600):
        rows = rng.integers(0, 600, 600)
        again.append(perf.regression(truth[rows], said[rows]))
    for name, error in worse.errors_of_numbers(truth, said).items():
        assert error == pytest.approx(np.std([a[name] for a in again]), rel=0.15), name


def test_a_window_without_the_rows_that_a_metric_is_of_says_nothing():
    rng = np.random.default_rng(7)
    before = two(rng, 2_000, 0.3, 2.0)
    none = Sample(
        50,
        np.array([[48, 2], [0, 0]]),
        perf.binary(np.zeros(50, np.int64), np.r_[np.zeros(48, np.int64), 1, 1]),
    )
    found = worse.chances("binary", own("binary", before), none, before, rng)
    assert (
        none.metrics["recall"] == 0 and found["recall"] == found["true_positive_rate"] == found["f1"] == 1.0
    )


def test_answers_that_became_worse_are_hardly_chance():
    rng = np.random.default_rng(8)
    before, now = two(rng, 2_000, 0.3, 2.0), two(rng, 500, 0.3, 0.5)
    found = worse.chances("binary", own("binary", before), now, before, rng)
    assert all(found[n] < 1e-6 for n in ("auc", "accuracy", "recall", "f1")), found
    truth = rng.gamma(2, 10, 1_000)
    fine, off = truth + rng.normal(0, 4, 1_000), truth + rng.normal(0, 8, 1_000)
    old = Sample(1_000, None, perf.regression(truth, fine))
    new = Sample(1_000, None, perf.regression(truth, off), worse.errors_of_numbers(truth, off))
    assert smallest("regression", new, old, rng) < 1e-6


def test_a_document_gives_the_rows_that_it_is_of():
    rng = np.random.default_rng(9)
    made = two(rng, 300, 0.3, 2.0)
    names = ["0", "1"]
    written = perf.document(
        "binary",
        dict(made.metrics),
        dict.fromkeys(made.metrics, math.nan),
        300,
        {"confusion_matrix": perf.matrix_of(made.matrix, names)},
    )
    read = worse.sample(written)
    assert read is not None and read.rows == 300 and read.metrics == made.metrics
    assert (read.matrix == made.matrix).all()
    broken = {"dataset": {"item_count": 3}, "binary_classification_metrics": {"confusion_matrix": {"0": 3}}}
    found = worse.sample(broken)
    assert found is not None and found.matrix is None
    for other in (None, [], {}, {"features": []}, {"dataset": 3, "regression_metrics": {}}):
        assert worse.sample(other) is None


def healthy(rng: np.random.Generator) -> tuple[perf.Problem, Sample, Sample]:
    """A window and a baseline of the same kind, of either problem, many rows or few, rare labels or common ones."""
    sizes = int(np.exp(rng.uniform(np.log(30), np.log(2_000)))), int(rng.choice([400, 2_400, 12_000]))
    turn = rng.integers(3)
    if turn == 0:
        rate, apart = rng.choice([0.02, 0.1, 0.37, 0.5]), rng.choice([1.2, 2.0, 3.2])
        return ("binary", *(two(rng, n, rate, apart) for n in sizes))
    if turn == 1:
        made = []
        for n in sizes:
            truth = rng.choice(4, n, p=[0.5, 0.3, 0.15, 0.05])
            said = np.where(rng.random(n) < 0.75, truth, rng.choice(4, n))
            made.append(Sample(n, perf.confusion(truth, said, 4), perf.multiclass(truth, said, 4)))
        return ("multiclass", *made)
    numbers = []
    for n in sizes:
        truth = rng.gamma(1, 10, n)
        said = truth + rng.standard_t(3, n) * 5
        numbers.append(Sample(n, None, perf.regression(truth, said), worse.errors_of_numbers(truth, said)))
    return ("regression", *numbers)


@pytest.mark.slow
def test_a_thousand_healthy_windows_hardly_alarm():
    """At one in 10,000 windows a thousand alarm a tenth of a time; twice or more in 1 of 215 such tests."""
    rng = np.random.default_rng(11)
    found = 0
    for _ in range(1_000):
        problem, now, before = healthy(rng)
        found += smallest(problem, now, before, rng) < alarms.ALPHA
    assert found <= 1


def test_some_healthy_windows_are_quiet():
    rng = np.random.default_rng(12)
    assert not any(smallest(*healthy(rng), rng) < alarms.ALPHA for _ in range(10))
