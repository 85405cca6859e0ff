"""Proposals: the same for the same history whoever asks, none twice, and by bayes better than by lot."""

from __future__ import annotations

import pytest

from assay.engines.proposing import Tried, propose
from assay.methods.tuning import read

SPACE = {"x": {"from": -5.0, "to": 5.0}, "y": {"from": 1, "to": 64, "log": True}, "kind": ["a", 2.5, True]}


def _cost(given):
    return (given["x"] - 1.5) ** 2 + abs(given["y"] - 16) / 16 + (given["kind"] != 2.5)


def _sweep(way, trials, seed=7, cut=None):
    """Sweep to the end; or as a process that dies after ``cut`` trials and one that goes on with what it left."""
    tuning = read({way: SPACE, "label": "l", "trials": trials, "goal": "minimize"})
    told = []
    for number in range(trials):
        if number == cut:
            told = [Tried(dict(t.given), t.value) for t in told]
        given = propose(tuning, number, told, seed, lower=True)
        told.append(Tried(given, None if given["kind"] is True and number % 2 else _cost(given)))
    return told


@pytest.mark.parametrize("way", ["random", "bayes"])
def test_a_sweep_that_was_cut_short_goes_on_as_it_would_have(way):
    pytest.importorskip("optuna")
    whole = _sweep(way, 14)
    assert _sweep(way, 14, cut=10) == whole
    assert _sweep(way, 14, seed=8) != whole
    assert len({tuple(map(str, t.given.items())) for t in whole}) == 14


@pytest.mark.slow
def test_bayes_finds_better_than_the_lot():
    pytest.importorskip("optuna")
    best = {
        w: [min(t.value for t in _sweep(w, 30, seed=s) if t.value is not None) for s in range(3)]
        for w in ("random", "bayes")
    }
    assert sum(best["bayes"]) < sum(best["random"])


def test_a_grid_is_tried_whole_or_a_part_of_it_by_lot():
    grid = {"a": [1, 2, 3], "b": [4, 5]}
    whole = read({"grid": grid, "label": "l"})
    tried = [propose(whole, n, [], 7, lower=False) for n in range(7)]
    assert tried[:3] == [{"a": 1, "b": 4}, {"a": 1, "b": 5}, {"a": 2, "b": 4}] and tried[6] is None
    part = read({"grid": grid, "label": "l", "trials": 3})
    some = [propose(part, n, [], 7, lower=False) for n in range(4)]
    assert some[3] is None and len({str(s) for s in some[:3]}) == 3 and some[:3] != tried[:3]
    assert [propose(part, n, [], 7, lower=False) for n in range(3)] == some[:3]


def test_a_part_of_a_grid_is_drawn_without_laying_out_the_whole():
    """Of a million combinations each trial laid out all, and more were refused."""
    space = {name: list(range(10)) for name in "abcdefghijklmnopqrstuvwxyz"}
    tuning = read({"grid": space, "label": "l", "trials": 1_000})
    some = [propose(tuning, n, [], 7, lower=False) for n in range(40)]
    assert len({str(s) for s in some}) == 40 and all(set(s) == set(space) for s in some)


def test_where_nothing_new_is_left_it_ends():
    tuning = read({"random": {"a": [1, 2]}, "label": "l", "trials": 5})
    told = [Tried({"a": 1}, 0.1), Tried({"a": 2}, 0.2)]
    assert propose(tuning, 2, told, 7, lower=False) is None
