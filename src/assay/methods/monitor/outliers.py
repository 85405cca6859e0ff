"""Requests unlike any that the reference holds, one by one.

Three questions, each with a threshold of its own from rows of the reference that were held out:
- any: the rarest value of the row, as −ln of how often the reference goes as far out on that side (the tails of ECOD, Li et
  al. 2022); beyond its range the tail goes on with the distance. What counts is how rare that is in this column among rows held
  out, for a country that is new comes every day where countries are many, and a third kind of hotel never.
- sum: the same summed over all columns, which finds rows that are a little odd everywhere.
- joint: Mahalanobis' distance of normal scores (ranks of the reference as deviates), which finds values that never come
  together though each is common. Ranks bound what any row can do to the covariance, so it is robust without a search
  (the Gaussian rank correlation, Boudt et al. 2012).
All are sorted searches and one matrix product, without a random part; a forest of isolating trees takes fifty times as long on a million rows and
names no column.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assay.methods.drift.counted import Floats, Ints

KINDS = ("any", "sum", "joint")
_GRID = 20_000  # values of the reference kept of one column
_RIDGE = 0.01  # of the correlation: columns that say the same make it singular
_MODE = 0.5  # a number of which one value is more than half has no ranks to speak of
_BLOCK = 65_536


@dataclass(frozen=True)
class _Number:
    """A column of numbers as the reference knows it: its k different values, ascending, and what is said at each and between.

    term, odd, deviate: 2k + 1, of what lies before the first, at it, between it and the second, …; of missing the last one more.
    below, above: one step of distance beyond either end.
    """

    values: Floats
    most: float  # the share of the commonest
    among: _Among
    term: Floats
    odd: Floats
    deviate: Floats
    below: float
    above: float

    def place(self, x: Floats) -> Ints:
        """Return where each number lies: 2i + 1 at value i, 2i before it; missing at the end."""
        k = len(self.values)
        if not k:
            return np.isnan(x).astype(np.int64)
        at = np.searchsorted(self.values, x, side="left")
        out: Ints = 2 * at + (self.values[np.minimum(at, k - 1)] == x)
        out[np.isnan(x)] = 2 * k + 1
        return out

    def terms(self, x: Floats, at: Ints) -> tuple[Floats, Floats]:
        """Return −ln of the share of the reference that goes as far out, of the nearer side; and how odd that is here."""
        out, odd = self.term[at], self.odd[at]
        for beyond, end, step, sign in (
            (at == 0, 0, self.below, -1),
            (at == 2 * len(self.values), -1, self.above, 1),
        ):
            if len(self.values) and beyond.any():
                far = np.minimum(sign * (x[beyond] - self.values[end]) / step, 1e30)
                out[beyond] += 2 * np.log1p(far)
                odd[beyond] = self.among(out[beyond])
        return out, odd


@dataclass(frozen=True)
class _Category:
    """A column of categories: −ln of each one's share, of one never seen, and of missing; and how odd each is here."""

    term: Floats
    odd: Floats

    def terms(self, codes: Floats) -> tuple[Floats, Floats]:
        """Return −ln of the share of each row's category, and how odd that is here; codes it has not are the rarest."""
        unseen = len(self.term) - 2
        at = np.where(codes >= 0, np.minimum(np.nan_to_num(codes), unseen), unseen + 1).astype(np.int64)
        return self.term[at], self.odd[at]


@dataclass(frozen=True)
class _Among:
    """How odd a term is among those of rows held out: −ln of the share that is as large, and what it lies beyond all."""

    held: Floats

    def __call__(self, terms: Floats) -> Floats:
        """Return it of each term."""
        n = len(self.held)
        over = n - np.searchsorted(self.held, terms, side="left")
        beyond = np.maximum(terms - (self.held[-1] if n else 0.0), 0.0)
        out: Floats = -np.log((over + 0.5) / (n + 1.0)) + beyond
        return out


_NONE = _Among(np.empty(0))


def _number(values: Floats) -> _Number:
    from scipy.special import ndtri

    held: Any = np.sort(values[np.isfinite(values)])
    gone = len(values) - len(held)
    missing = -math.log((gone + 0.5) / (len(values) + 1.0))
    n = len(held)
    if not n:
        term = np.array([math.log(2.0), missing])
        return _Number(held, 1.0, _NONE, term, term, np.zeros(2), 1.0, 1.0)
    middle = (
        float(np.quantile(held, 0.75) - np.quantile(held, 0.25)) or float(held.std()) or abs(held[0]) or 1.0
    )
    low = max(float(np.quantile(held, 0.001) - held[0]), 0.1 * middle)
    high = max(float(held[-1] - np.quantile(held, 0.999)), 0.1 * middle)
    if n > _GRID:
        held = held[np.linspace(0, n - 1, _GRID).astype(np.int64)]
        n = len(held)
    different, counts = np.unique(held, return_counts=True)
    up_to = np.cumsum(counts)
    before = up_to - counts
    k = len(different)
    left, right = (
        np.empty(2 * k + 1),
        np.empty(2 * k + 1),
    )  # of the reference: values at most, and at least, as large
    left[1::2], left[0::2] = up_to, np.r_[0, up_to]
    right[1::2], right[0::2] = n - before, np.r_[n, n - up_to]
    term = -np.log((np.minimum(left, right) + 1.0) / (n + 1.0))
    rank = np.empty(2 * k + 1)  # the middle one
    rank[1::2], rank[0::2] = (before + up_to) / 2, np.r_[0, up_to]
    deviate = ndtri((rank + 0.5) / (n + 1.0))
    term = np.r_[term, missing]
    return _Number(different, float(counts.max() / n), _NONE, term, term, np.r_[deviate, 0.0], low, high)


def _category(codes: Floats, size: int) -> _Category:
    known = codes[codes >= 0].astype(np.int64)
    counts = np.bincount(known, minlength=size)[:size]
    unseen = -math.log(0.5 / (len(codes) + 1.0)) + 2 * math.log(2.0)
    missing = -math.log((len(codes) - len(known) + 0.5) / (len(codes) + 1.0))
    term = np.r_[-np.log((counts + 0.5) / (len(codes) + 1.0)), unseen, missing]
    return _Category(term, term)


@dataclass(frozen=True)
class Scored:
    """Rows' scores: n × 3 by kind, and n × k how odd each value is, where that was asked for."""

    scores: Floats
    terms: Floats | None


class Reference:
    """What of a reference is needed to judge rows: n × k, numbers or codes of categories, NaN missing."""

    def __init__(self, rows: Floats, categorical: Sequence[bool], held: Floats) -> None:
        """Learn the tails of each column and how the numbers go together; from other rows, ``held``, how odd a tail is."""
        self._columns: list[_Number | _Category] = []
        joint = []
        for place, is_category in enumerate(categorical):
            values = rows[:, place]
            if is_category:
                size = int(max(np.nanmax(side, initial=-1) for side in (values, held[:, place]))) + 1
                self._columns.append(_category(values, size))
                continue
            column = _number(values)
            self._columns.append(column)
            if len(column.values) > 10 and column.most < _MODE:
                joint.append(place)
        self._joint = joint if len(joint) > 1 else []
        self._inverse: Any = np.empty((0, 0))
        if self._joint:
            scores = self._deviates(rows)
            matrix = scores.T @ scores / len(scores)
            self._inverse = np.linalg.inv((1 - _RIDGE) * matrix + _RIDGE * np.eye(len(joint)))
        for place, one in enumerate(self._columns):
            x = held[:, place]
            if isinstance(one, _Number):
                among = _Among(np.sort(one.terms(x, one.place(x))[0]))
                self._columns[place] = replace(one, odd=among(one.term), among=among)
            else:
                among = _Among(np.sort(one.terms(x)[0]))
                self._columns[place] = replace(one, odd=among(one.term))

    def _deviates(self, rows: Floats) -> Floats:
        parts = []
        for i in self._joint:
            column = self._columns[i]
            assert isinstance(column, _Number)
            parts.append(column.deviate[column.place(rows[:, i])])
        return np.stack(parts).T

    def score(self, rows: Floats, *, terms: bool = False) -> Scored:
        """Return the scores of rows, a block at a time."""
        scores, kept = [], []
        for first in range(0, len(rows), _BLOCK):
            part = rows[first : first + _BLOCK]
            each, odd, z = np.empty(part.shape[::-1]), np.empty(part.shape[::-1]), {}
            for i, column in enumerate(self._columns):
                x = part[:, i]
                if isinstance(column, _Category):
                    each[i], odd[i] = column.terms(x)
                    continue
                at = column.place(x)
                each[i], odd[i] = column.terms(x, at)
                if i in self._joint:
                    z[i] = column.deviate[at]
            joint = np.zeros(len(part))
            if self._joint:
                table = np.stack([z[i] for i in self._joint]).T
                joint = np.sqrt(np.maximum(0.0, np.einsum("ij,ij->i", table @ self._inverse, table)))
            scores.append(np.stack([odd.max(axis=0), each.sum(axis=0), joint]).T)
            if terms:
                kept.append(odd.T)
        if not scores:
            return Scored(np.empty((0, 3)), None)
        return Scored(np.concatenate(scores), np.concatenate(kept) if terms else None)

    def joint_terms(self, rows: Floats) -> Floats:
        """Return what each column adds to the squared distance of rows: z (Σ⁻¹ z), 0 of those that are not in it."""
        out = np.zeros(rows.shape)
        if self._joint:
            z = self._deviates(rows)
            out[:, self._joint] = z * (z @ self._inverse)
        return out


def thresholds(scores: Floats, share: float) -> Floats:
    """Return of each kind the score that rows held out of the reference pass in a third of ``share`` of cases."""
    out: Floats = np.quantile(scores, 1 - share / len(KINDS), axis=0, method="higher")
    return out
