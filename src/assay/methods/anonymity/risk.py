"""How likely somebody is found among the rows, and how many of those alone here are alone in the population too.

Prosecutor: the intruder knows that the person is in the data. Journalist: any person of the population will do, and the
data is a sample of it. Marketer: as many as possible are to be found. (El Emam and Dankar 2008; El Emam, Guide to the
De-Identification of Personal Health Information, 2013.) f: a class's rows here; F: its people in the population.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
SMALL = 0.1  # the sampling fraction up to which Pitman's model estimates best (Dankar et al. 2012)


@dataclass(frozen=True)
class Risks:
    """highest: the worst row's; average: over rows, which is also the share a marketer finds; above: the share of rows
    whose risk exceeds the threshold.
    """

    highest: float
    average: float
    above: float


def prosecutor(sizes: Ints, threshold: float) -> Risks:
    """Return the risks 1 / f: average classes / rows."""
    return _risks(sizes, 1 / sizes, threshold)


def journalist(sizes: Ints, population: Ints, threshold: float) -> Risks:
    """Return the risks 1 / F of classes of which ``population`` people are known (never fewer than are here)."""
    return _risks(sizes, 1 / np.maximum(population, sizes), threshold)


def _risks(sizes: Ints, risk: npt.NDArray[np.float64], threshold: float) -> Risks:
    rows = sizes.sum()
    if not rows:
        return Risks(math.nan, math.nan, math.nan)
    above = sizes[risk > threshold * (1 + 1e-12)].sum()
    return Risks(float(risk.max()), float(np.dot(sizes, risk) / rows), float(above / rows))


@dataclass(frozen=True)
class Uniqueness:
    """Estimated share of the rows that are alone in the population, and by which model."""

    share: float
    model: str


def uniqueness(sizes: Ints, population: int) -> Uniqueness:
    """Return how many rows are expected to be alone in a population of that many, the rows being a random sample of it.

    Pitman's model up to a tenth of the population, Zayatz' above it, which is close to the rule of Dankar et al. (2012).
    """
    rows = int(sizes.sum())
    if rows >= population:
        return Uniqueness(float((sizes == 1).sum()) / rows, "the rows are the whole population")
    if rows <= SMALL * population:
        found = pitman(sizes, population)
        if found is not None:
            return Uniqueness(found, "Pitman")
    return Uniqueness(zayatz(sizes, population), "Zayatz")


def zayatz(sizes: Ints, population: int) -> float:
    """Return the share of rows alone in the population, by Zayatz (1991).

    Population classes are taken to be as large as often as the sample's are; a row alone here comes from one of i people
    with a hypergeometric chance. P(F=1 | f=1) times the share of rows that are alone here.
    """
    n = int(sizes.sum())
    alone = int((sizes == 1).sum())
    if not alone:
        return 0.0
    counts = np.bincount(sizes)
    size = np.flatnonzero(counts)
    weight = counts[size] / counts.sum()
    one = np.array([_one_drawn(int(i), n, population) for i in size])
    top = weight[size == 1][0] * one[size == 1][0]
    return float(top / np.dot(weight, one)) * alone / n


def _one_drawn(size: int, n: int, population: int) -> float:
    """The chance that exactly one of ``size`` people is among ``n`` drawn from the population."""
    if population - size < n - 1:
        return 0.0
    logs = math.log(size) + _log_choose(population - size, n - 1) - _log_choose(population, n)
    return math.exp(logs)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def pitman(sizes: Ints, population: int) -> float | None:
    """Return the share of rows alone in the population by Pitman's sampling formula (Hoshino 2001); None where it does
    not fit.

    theta and alpha maximise the likelihood of the classes seen; of a population of N people Γ(θ+1) / Γ(θ+α) N^α are
    expected to be alone. A sample is as likely to hold each of them: that over N is the share.
    """
    n, u = int(sizes.sum()), len(sizes)
    counts = np.bincount(sizes)
    alone, twice = int(counts[1]) if len(counts) > 1 else 0, int(counts[2]) if len(counts) > 2 else 0
    if not alone or u < 2 or alone == n or not twice:
        return None
    start = _moments(n, u, alone, twice)
    found = _likeliest(counts, u, n, *start)
    if found is None:
        return None
    theta, alpha = found
    share = math.exp(math.lgamma(theta + 1) - math.lgamma(theta + alpha) + (alpha - 1) * math.log(population))
    return min(share, alone / n)


def _moments(n: int, u: int, alone: int, twice: int) -> tuple[float, float]:
    """Hoshino's first guess."""
    c = alone * (alone - 1) / twice
    low = n * u * c - alone * (n - 1) * (2 * u + c)
    high = 2 * alone * u + alone * c - n * c
    theta = low / high if high else 1.0
    alpha = (theta * (alone - n) + (n - 1) * alone) / (n * u) if theta > 0 else 0.5
    good = math.isfinite(theta) and theta > 0 and 0 < alpha < 1
    return (theta, alpha) if good else (float(u), 0.5)


def _likeliest(counts: Ints, u: int, n: int, theta: float, alpha: float) -> tuple[float, float] | None:
    """Climb the log likelihood in (ln theta, logit alpha) by Newton's steps, halved while they do not climb."""
    sizes = np.flatnonzero(counts)
    sizes = sizes[sizes > 0]
    # above[i]: classes of more than i rows, for the sum over j < size of ln(j - alpha)
    longest = int(sizes[-1])
    above = np.cumsum(counts[::-1])[::-1][1:]
    j = np.arange(1, longest)
    more = above[1:longest]
    i = np.arange(1, u)
    rows = np.arange(1, n)

    def value(theta: float, alpha: float) -> float:
        out = np.log(theta + i * alpha).sum() - np.log(theta + rows).sum()
        return float(out + np.dot(more, np.log(j - alpha)))

    best = value(theta, alpha)
    for _ in range(100):
        x = theta + i * alpha
        d_theta = (1 / x).sum() - (1 / (theta + rows)).sum()
        d_alpha = (i / x).sum() - np.dot(more, 1 / (j - alpha))
        h_tt = -(1 / x**2).sum() + (1 / (theta + rows) ** 2).sum()
        h_ta = -(i / x**2).sum()
        h_aa = -((i / x) ** 2).sum() - np.dot(more, 1 / (j - alpha) ** 2)
        step = _step(np.array([d_theta, d_alpha]), np.array([[h_tt, h_ta], [h_ta, h_aa]]))
        scale = 1.0
        while scale > 1e-8:
            t, a = theta + scale * step[0], alpha + scale * step[1]
            if t > 0 and 0 < a < 1 and value(t, a) > best:
                break
            scale /= 2
        else:
            return (theta, alpha) if abs(d_alpha) * 1e-6 < n and abs(d_theta) < 1e-2 * max(1.0, u) else None
        gained = value(t, a) - best
        theta, alpha, best = t, a, best + gained
        if gained < 1e-9 * max(1.0, abs(best)):
            return theta, alpha
    return None


def _step(slope: npt.NDArray[np.float64], curve: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Newton's step where the curve bends down, else one along the slope."""
    det = curve[0, 0] * curve[1, 1] - curve[0, 1] ** 2
    if curve[0, 0] < 0 and det > 0:
        newton: npt.NDArray[np.float64] = -np.asarray(np.linalg.solve(curve, slope), np.float64)
        return newton
    along: npt.NDArray[np.float64] = slope / max(1.0, float(np.abs(slope).max()))
    return along
