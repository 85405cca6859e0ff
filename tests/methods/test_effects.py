from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LinearRegression

from assay.methods import effects

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
TABLE = pa.table({n: X[:, i] for i, n in enumerate("abc")})


def _matrix(table):
    return np.column_stack([table.column(n).to_numpy() for n in "abc"])


def _product(table):
    x = _matrix(table)
    return x[:, 0] * x[:, 1] + 2 * x[:, 2]


def test_partial_dependence_is_scikit_learns():
    model = LinearRegression().fit(X**2, X[:, 0] * 3 + X[:, 1])
    grid = pa.array(np.linspace(-1, 1, 7))
    ours = effects.partial(TABLE, "a", grid, lambda t: model.predict(_matrix(t)))
    theirs = partial_dependence(
        model, X, [0], custom_values={0: grid.to_numpy()}, kind="both", method="brute"
    )
    assert ours.mean(axis=1) == pytest.approx(theirs["average"][0])
    assert ours.T == pytest.approx(theirs["individual"][0])


def test_accumulated_effects_of_a_line_are_the_line():
    edges = effects.grid(TABLE.column("c"), 12)
    effect = effects.accumulated(TABLE, "c", edges, _product)
    held = edges.to_numpy()
    assert np.diff(effect) == pytest.approx(2 * np.diff(held))


def test_accumulated_effects_leave_out_what_partial_dependence_makes_up():
    """Two features that go together, and a model that is wild where they do not: rows there are never asked about."""
    b = X[:, 0] + RNG.normal(size=400) * 0.01
    table = pa.table({"a": X[:, 0], "b": b})

    def ask(rows):
        a, other = rows.column("a").to_numpy(), rows.column("b").to_numpy()
        return np.where(np.abs(a - other) > 2.5, 1000.0, a)

    edges = effects.grid(table.column("a"), 21)
    local = effects.accumulated(table, "a", edges, ask)
    assert np.diff(local) == pytest.approx(np.diff(edges.to_numpy()), abs=1e-9)
    assert effects.partial(table, "a", edges, ask).mean(axis=1).max() > 100


def test_interaction_is_none_of_what_adds_up_and_all_of_a_product():
    some = TABLE.slice(0, 60)
    assert effects.interaction(some, "a", "c", _product) == pytest.approx(0, abs=1e-20)
    assert effects.interaction(some, "a", "b", _product) > 0.8


def test_permutation_importance_is_scikit_learns():
    y = X @ [3, 1, 0] + RNG.normal(size=400)
    model = LinearRegression().fit(X, y)

    def loss(found):
        return float(((found - y) ** 2).mean())

    ours = effects.permuted(TABLE, list("abc"), lambda t: model.predict(_matrix(t)), loss, RNG, 20)
    theirs = permutation_importance(
        model, X, y, n_repeats=20, scoring="neg_mean_squared_error", random_state=0
    )
    assert ours.mean(axis=1) == pytest.approx(theirs.importances_mean, rel=0.1, abs=0.01)


def test_values_of_a_grid_are_values_of_the_data_in_their_type():
    assert effects.grid(pa.chunked_array([[5, 1, None, 1, 9]]), 3).to_pylist() == [1, 5, 9]
    assert effects.grid(pa.chunked_array([["x", "y", "y", None]]), 1).to_pylist() == ["y"]
    assert effects.grid(pa.chunked_array([[None, None]], type=pa.float64()), 3).to_pylist() == []
    days = pa.chunked_array([[dt.date(2020, 1, 1), dt.date(2020, 1, 2), dt.date(2020, 1, 2)]])
    assert effects.grid(days, 1).to_pylist() == [dt.date(2020, 1, 2)]
    assert effects.grid(pa.chunked_array([[np.inf, np.nan, 2.0, -np.inf]]), 4).to_pylist() == [2.0]
