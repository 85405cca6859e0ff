"""The nearest rows' answers beside every distance computed, and beside chance deciding between those equally near."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from assay.methods import neighbours as module
from assay.methods.neighbours import votes


@pytest.mark.parametrize("columns", [1, 6, 30])
def test_as_all_distances_say(columns, monkeypatch):
    monkeypatch.setattr(module, "_AMONG", 300)
    rng = np.random.default_rng(columns)
    x = rng.normal(size=(1500, columns)) + 1e3  # far from 0, where single precision says little
    x[:, 0] *= 50
    said, asked = rng.random(1500) < 0.4, x[rng.choice(1500, 400)]
    near = np.argsort(cdist(asked, x), axis=1)[:, :5]
    assert votes(x, said, asked, 5) == pytest.approx(said[near].mean(axis=1))


@pytest.mark.parametrize("columns", [2, 20])
def test_those_equally_near_count_as_chance_would_have_it(columns, monkeypatch):
    monkeypatch.setattr(module, "_AMONG", 50)
    rng = np.random.default_rng(columns)
    x = rng.integers(0, 2 if columns > 2 else 6, (400, columns)).astype(float)
    said, asked = rng.random(400) < 0.4, x[:40]
    apart, drawn = cdist(asked, x) ** 2, np.zeros(40)
    for _ in range(300):
        order = np.lexsort((rng.random(apart.shape), apart), axis=1)[:, :5]
        drawn += said[order].mean(axis=1) / 300
    assert votes(x, said, asked, 5) == pytest.approx(drawn, abs=0.13)


@pytest.mark.parametrize("columns", [3, 25])
def test_the_order_of_the_rows_does_not_matter(columns, monkeypatch):
    monkeypatch.setattr(module, "_AMONG", 64)
    rng = np.random.default_rng(4)
    x, said = rng.integers(0, 3, (600, columns)).astype(float), rng.random(600) < 0.5
    mixed = rng.permutation(600)
    assert votes(x, said, x[:50], 5) == pytest.approx(votes(x[mixed], said[mixed], x[:50], 5), abs=1e-12)


def test_rows_that_are_all_alike_take_no_longer():
    """Among rows without a difference every pair is a nearest one: 20,000 of them took half a minute."""
    x = np.zeros((20_000, 40))
    x[:60, 0] = np.arange(60)
    began = time.process_time()
    assert votes(x, np.arange(20_000) % 4 == 0, x[:2000], 5)[-1] == pytest.approx(0.25, abs=0.01)
    assert time.process_time() - began < 3


def test_one_neighbour_of_one_row():
    assert votes(np.array([[1.0], [4.0]]), [0, 1], np.array([[3.0]]), 1).tolist() == [1]
