"""Integrated gradients: what each input brings along the straight path from a baseline (Sundararajan, Taly and Yan 2017).

φ_j = (x_j - b_j) ∫₀¹ ∂f/∂x_j (b + t (x - b)) dt; with several baselines their mean (expected gradients, Erion et al.
2021). Completeness, Σ φ_j = f(x) - f(b), holds of the integral and not of a sum that stands for it. So the path is cut
where it does not hold: over each stretch the integral must give what f changes by there, which is known, and a stretch
over which it does not is halved. A network of rectifiers is linear between its kinks: only stretches that hold a kink
are halved, and the values come as near to the integral as is wanted with few questions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Ask = Callable[[Any, Any], tuple[Any, Any]]
_START = 4  # stretches of each path at first
_NODES, _WEIGHTS = (a for a in np.polynomial.legendre.leggauss(3))
_ROUNDS = 24
_ROUNDED = 4  # an answer is as many units of its last place off, after some layers


class Integrated(NamedTuple):
    """values: rows × inputs. base and margin: f at the baselines (their mean) and at the rows. asked: points asked about.

    off: the largest |Σ φ - (f(x) - f(b))| of a row, in shares of |f(x) - f(b)|, or of 1 where that is less.
    """

    values: Any
    base: Any
    margin: Any
    off: float
    asked: int


def integrated(
    rows: Any, baselines: Any, ask: Ask, *, tolerance: float = 2e-6, most: int = 4_000, rounding: float = 0.0
) -> Integrated:
    """Return the integrated gradients of ``rows`` (n × p) against each of ``baselines`` (b × p), averaged.

    ask(points, m × p, and the row of each, m) → answers, m, and gradients, m × p. most: points asked about on one path;
    where they do not suffice, ``off`` tells what is left. rounding: the relative precision of answers, below which a
    stretch is not halved: its halves would be off by as much again, and their sum by more.
    """
    rows, baselines = np.asarray(rows, dtype=np.float64), np.asarray(baselines, dtype=np.float64)
    values = np.zeros_like(rows)
    base, asked = np.zeros(len(rows)), 0
    index = np.arange(len(rows))
    margin = np.asarray(ask(rows, index)[0], dtype=np.float64)
    for baseline in baselines:
        start = np.asarray(ask(np.broadcast_to(baseline, rows.shape), index)[0], dtype=np.float64)
        found, count = _path(rows, baseline, start, margin, ask, (tolerance, rounding), most)
        values += found / len(baselines)
        base += start / len(baselines)
        asked += count + len(rows)
    off = np.abs(values.sum(axis=1) + base - margin) / np.maximum(np.abs(margin - base), 1)
    return Integrated(values, base, margin, float(off.max(initial=0)), asked + len(rows))


def _path(
    rows: Any, baseline: Any, start: Any, end: Any, ask: Ask, precision: tuple[float, float], most: int
) -> tuple[Any, int]:
    """Return the values of each row against one baseline, and how many points were asked about."""
    count = len(rows)
    step = rows - baseline
    allowed = precision[0] * np.maximum(np.abs(end - start), 1e-3)
    noise = _ROUNDED * precision[1] * np.maximum(np.abs(end), np.abs(start))
    spent = np.zeros(count, dtype=int)
    which = np.repeat(np.arange(count), _START)
    low = np.tile(np.arange(_START) / _START, count)
    width = np.full(len(low), 1 / _START)
    total = np.zeros_like(rows)
    asked = 0
    # what is held: stretches that may still be halved, each with its integral and how far it is off
    held = [which, low, width, np.empty((0, rows.shape[1])), np.empty(0)]
    fresh = (which, low, width)
    held[0], held[1], held[2] = which[:0], low[:0], width[:0]
    for turn in range(_ROUNDS + 1):
        part, off, n = _stretches(rows, baseline, step, fresh, ask)
        asked += n
        np.add.at(spent, fresh[0], len(_NODES) + 2)
        held = [np.concatenate([a, b]) for a, b in zip(held, (*fresh, part, off), strict=True)]
        whole = np.zeros(count)
        np.add.at(whole, held[0], held[4])
        stretches = np.bincount(held[0], minlength=count)
        share = allowed / np.maximum(stretches, 1)
        open_ = (whole > allowed) & (spent + 2 * (len(_NODES) + 2) <= most)
        halve = open_[held[0]] & (held[4] > np.maximum(share, noise)[held[0]]) & (turn < _ROUNDS)
        if not halve.any():
            break
        row, at, half = held[0][halve], held[1][halve], held[2][halve] / 2
        fresh = (np.tile(row, 2), np.concatenate([at, at + half]), np.tile(half, 2))
        held = [a[~halve] for a in held]
    np.add.at(total, held[0], held[3])
    return total, asked


def _stretches(
    rows: Any, baseline: Any, step: Any, stretches: tuple[Any, Any, Any], ask: Ask
) -> tuple[Any, Any, int]:
    """Return the integral over each stretch, and how far its sum is from what f changes by."""
    which, low, width = stretches
    nodes = (_NODES + 1) / 2
    places = np.concatenate([low, low + width, *(low + width * node for node in nodes)])
    of = np.tile(which, len(nodes) + 2)
    answers, gradients = ask(baseline + places[:, None] * step[of], of)
    answers = np.asarray(answers, dtype=np.float64).reshape(len(nodes) + 2, -1)
    gradients = np.asarray(gradients, dtype=np.float64).reshape(len(nodes) + 2, len(which), -1)[2:]
    mean = np.tensordot(_WEIGHTS / 2, gradients, axes=1)
    part = mean * step[which] * width[:, None]
    return part, np.abs(part.sum(axis=1) - (answers[1] - answers[0])), len(places)
