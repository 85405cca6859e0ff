"""Columns compared: kinds, and how often a column that did not drift is said to have."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.methods.drift.compare import bars, compare, furthest
from assay.methods.drift.counted import numbers, texts
from assay.methods.drift.significance import adjusted


def column(values):
    found, counts = np.unique(values, return_counts=True)
    make = texts if found.dtype.kind == "U" else numbers
    return make(found.tolist() if found.dtype.kind == "U" else found, counts, len(values))


def test_the_kind_follows_from_the_values():
    many, few, words = np.arange(50.0), np.arange(50) % 7, np.array(["a", "b"] * 9)
    assert compare("x", column(many), column(many)).kind == "number"
    assert compare("x", column(few), column(few)).kind == "discrete"
    assert compare("x", column(words), column(words)).kind == "category"
    assert compare("x", column(many), column(many), time=True).kind == "time"
    nothing = numbers(np.empty(0), np.empty(0, np.int64), 5)
    assert compare("x", nothing, nothing).kind == "empty"


def test_the_measure_furthest_above_its_threshold_speaks():
    made = compare("x", column(np.array(["a"] * 90 + ["b"] * 10)), column(np.array(["a"] * 60 + ["b"] * 40)))
    assert made.measures["linf_simple"] == pytest.approx(0.3)
    psi = 0.3 * math.log(4) - 0.3 * math.log(60 / 90)
    assert made.measures["psi"] == pytest.approx(psi)
    assert made.strongest == "psi" and made.size == pytest.approx(psi / 0.1)
    assert furthest(made.pair) == ("a", 0.9, 0.6)
    assert compare("x", made.old, made.new_, judged=("linf_simple",), threshold=0.15).size == pytest.approx(2)


def test_new_and_vanished_categories_are_held_against_chance():
    made = compare("x", column(np.array(["a"] * 96 + ["b"] * 4)), column(np.array(["a"] * 40 + ["c"] * 60)))
    assert made.new == {"c": 60} and made.vanished == {"b": 4}
    assert made.p["new"] < 1e-9 and made.p["vanished"] == pytest.approx(3 * 0.0606, rel=0.05)


def test_shares_that_are_drawn_add_up():
    rng = np.random.default_rng(0)
    for made in (
        compare("x", column(rng.normal(size=500)), column(rng.normal(3, 1, 400))),
        compare("x", column(rng.integers(0, 9, 500)), column(rng.integers(3, 12, 400))),
        compare(
            "x", column(rng.integers(0, 40, 500).astype(str)), column(rng.integers(3, 12, 400).astype(str))
        ),
    ):
        for side in ("baseline", "new"):
            assert sum(r["share"] for r in bars(made) if r["of"] == side) == pytest.approx(1)


def test_tables_of_one_distribution_alarm_in_at_most_a_twentieth():
    # 120 tables of ten columns of one distribution: any alarm in at most a twentieth of them
    rng = np.random.default_rng(1)
    shares = [0.4, 0.3, 0.1, 0.1, 0.05, 0.03, 0.01, 0.01]
    alarms = 0
    for _ in range(120):
        made = []
        for kind in range(10):
            a, b = (
                rng.normal(size=n)
                if kind < 4
                else rng.poisson(2, n)
                if kind < 7
                else rng.choice(list("abcdefgh"), n, p=shares)
                for n in (100, 160)
            )
            made.append(compare(str(kind), column(a), column(b)))
        asked = [(m, q) for m in made for q in m.p]
        for (m, q), p in zip(asked, adjusted([m.p[q] for m, q in asked], "benjamini-hochberg"), strict=True):
            m.adjusted[q] = p
        alarms += any(m.drifted(0.05) or min(m.adjusted.values()) < 0.05 for m in made)
    assert alarms / 120 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 120)
