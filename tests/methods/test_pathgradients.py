"""Integrated gradients beside closed forms: linear, products, rectifiers, and a smooth network."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from assay.methods.pathgradients import integrated

RNG = np.random.default_rng(5)
X, B = RNG.normal(size=(7, 4)), RNG.normal(size=(1, 4))


def _network(width=16, seed=0):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(4, width)), rng.normal(size=width)
    bias = rng.normal(size=width)

    def ask(points, _rows):
        hidden = points @ first + bias
        return np.maximum(hidden, 0) @ second, ((hidden > 0) * second) @ first.T

    return ask, first, second, bias


def _exact(x, b, first, second, bias):
    """The integral by hand: a rectifier is on along one part of the path, whose length is known."""
    start, end = b @ first + bias, x @ first + bias
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = np.clip(-start / (end - start), 0, 1)
    on = np.where(start > 0, np.where(end > 0, 1, turn), np.where(end > 0, 1 - turn, 0))
    return (x - b) * ((on * second) @ first.T)


def test_a_linear_model_gives_its_coefficients_times_the_way():
    weights = np.array([1.0, -2.0, 0.0, 3.0])
    found = integrated(X, B, lambda p, _: (p @ weights + 5, np.broadcast_to(weights, p.shape)))
    assert found.values == pytest.approx((X - B) * weights, abs=1e-12)
    assert found.off < 1e-12 and found.asked == 7 + 7 + 7 * 4 * 5


def test_a_product_is_shared_as_the_integral_says():
    """∫ (x-b) ∂(uv) of two inputs: (x₁-b₁)(x₂+b₂)/2."""
    found = integrated(
        X, B, lambda p, _: (p[:, 0] * p[:, 1], np.stack([p[:, 1], p[:, 0], *np.zeros((2, len(p)))], axis=1))
    )
    assert found.values[:, 0] == pytest.approx((X[:, 0] - B[0, 0]) * (X[:, 1] + B[0, 1]) / 2)
    assert found.values[:, 2:] == pytest.approx(0)


def test_a_network_of_rectifiers_is_integrated_to_its_kinks():
    ask, *parts = _network()
    found = integrated(X, B, ask)
    truth = np.array([_exact(x, B[0], *parts) for x in X])
    assert np.abs(found.values - truth).max() < 2e-4 and found.off < 1e-5
    assert found.base == pytest.approx(np.full(7, ask(B, None)[0][0]))
    assert found.margin == pytest.approx(ask(X, None)[0])


def test_halving_needs_few_questions_where_equal_steps_need_many():
    ask, *parts = _network()
    truth = np.array([_exact(x, B[0], *parts) for x in X])
    found = integrated(X, B, ask)
    steps = found.asked // len(X)
    places = (np.arange(steps) + 0.5) / steps
    equal = np.mean([ask(B + t * (X - B), None)[1] for t in places], axis=0) * (X - B)
    assert steps < 1_500
    assert np.abs(found.values - truth).max() < np.abs(equal - truth).max() / 3


def test_a_smooth_network_agrees_with_quadrature():
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(4, 8)), rng.normal(size=8)

    def ask(points, _rows):
        hidden = np.tanh(points @ first)
        return hidden @ second, ((1 - hidden**2) * second) @ first.T

    found = integrated(X[:2], B, ask)
    for row in range(2):
        for j in range(4):
            way = X[row] - B[0]
            truth, _ = quad(lambda t: ask((B[0] + t * way)[None], None)[1][0, j] * way[j], 0, 1)
            assert found.values[row, j] == pytest.approx(truth, abs=1e-5)


def test_several_baselines_are_averaged():
    ask, *parts = _network()
    some = RNG.normal(size=(3, 4))
    each = [integrated(X, b[None], ask) for b in some]
    found = integrated(X, some, ask)
    assert found.values == pytest.approx(np.mean([e.values for e in each], axis=0))
    assert found.base[0] == pytest.approx(np.mean([e.base[0] for e in each]))


def test_a_step_that_has_no_gradient_is_reported_and_not_hidden():
    found = integrated(X, B, lambda p, _: ((p[:, 0] > 0) * 3.0, np.zeros_like(p)), most=200)
    crossed = (X[:, 0] > 0) != (B[0, 0] > 0)
    assert crossed.any() and found.off == pytest.approx(1) and not found.values.any()


def test_what_is_computed_in_32_bits_adds_up_as_far_as_these_hold():
    # halving went on below the rounding, and each half brought its own: 1.4e-4 was left, after 4,000 questions a path
    ask, *_ = _network()

    def coarse(points, rows):
        answers, gradients = ask(np.asarray(points, dtype=np.float32), rows)
        return np.asarray(answers, dtype=np.float32) + np.float32(1000), gradients

    eps = float(np.finfo(np.float32).eps)
    plain, known = integrated(X, B, coarse), integrated(X, B, coarse, rounding=eps)
    assert known.asked < plain.asked
    assert known.off <= plain.off and known.off < 40 * eps * 1000
    exact = integrated(X, B, ask)
    assert known.values == pytest.approx(exact.values, abs=40 * eps * 1000)
