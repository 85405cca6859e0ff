"""Whether two samples can be of one distribution: p-values, and what remains of them when many are asked at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from assay.methods.drift.counted import Floats, Ints, Pair

Correction = Literal["benjamini-hochberg", "bonferroni", "none"]
EXACT = 4_000_000  # n times m up to which Kolmogorov and Smirnov's p-value is counted exactly
LEAST_EXPECTED = 5


def ks_p(pair: Pair) -> float:
    """Return the two-sided p-value of Kolmogorov and Smirnov's D.

    Exact for continuous values up to n m = 4,000,000 (paths of a lattice inside the band, Hodges 1958), beyond it the
    limit with Stephens' correction for the sample size (1970). With ties it is too large, never too small.
    """
    n, m = pair.n, pair.m
    if not n or not m:
        return math.nan
    return ks_tail(int(np.max(np.abs(np.cumsum(pair.a) * m - np.cumsum(pair.b) * n), initial=0)), n, m)


def ks_tail(h: int, n: int, m: int) -> float:
    """Return the p-value of Kolmogorov and Smirnov's D = h / (n m) of samples of n and m values (see ``ks_p``)."""
    if not h:
        return 1.0
    if n * m <= EXACT:
        exact = _outside(n, m, h)
        if exact > 1e-9:
            return exact
    root = math.sqrt(n * m / (n + m))
    return kolmogorov(h / (n * m) * (root + 0.12 + 0.11 / root))


def kolmogorov(x: float) -> float:
    """Return the chance that Kolmogorov's limit distribution exceeds x: 2 Σ (-1)^(k-1) exp(-2 k² x²)."""
    if x <= 0:
        return 1.0
    if x < 1:  # the other form of the series, which meets sooner there
        total = sum(math.exp(-((2 * k - 1) ** 2) * math.pi**2 / (8 * x * x)) for k in range(1, 6))
        return min(1.0, max(0.0, 1 - math.sqrt(2 * math.pi) / x * total))
    return min(1.0, 2 * sum((1 if k % 2 else -1) * math.exp(-2 * k * k * x * x) for k in range(1, 6)))


def _outside(n: int, m: int, h: int) -> float:
    """Return the share of lattice paths from (0, 0) to (n, m) that somewhere have |i m - j n| >= h."""
    if n > m:
        n, m = m, n
    ways, log = np.zeros(m + 1), 0.0
    places = np.arange(m + 1)
    inside = np.abs(places * n) < h
    ways[: int(np.argmin(inside)) if not inside.all() else m + 1] = 1.0
    for i in range(1, n + 1):
        low = max(0, (i * m - h) // n + 1)
        high = min(m, (i * m + h - 1) // n)
        if low > high:
            return 1.0
        row = np.cumsum(ways[low : high + 1])
        top = row[-1]
        if not top:
            return 1.0
        ways[:] = 0.0
        ways[low : high + 1] = row / top
        log += math.log(top)
    if not ways[m]:
        return 1.0
    log += math.log(ways[m]) + math.lgamma(n + 1) + math.lgamma(m + 1) - math.lgamma(n + m + 1)
    return min(1.0, max(0.0, 1 - math.exp(log)))


def chi_square_p(statistic: float, freedom: int) -> float:
    """Return the chance of a chi-square statistic as large or larger."""
    if freedom < 1 or not math.isfinite(statistic):
        return math.nan
    return upper_gamma(freedom / 2, statistic / 2)


def upper_gamma(a: float, x: float) -> float:
    """Return the regularised upper incomplete gamma function Q(a, x), a > 0, x >= 0, to twelve digits.

    By its series below a + 1 and Lentz's continued fraction above (Press et al., Numerical Recipes, 6.2). scipy has it;
    loading scipy takes longer than all that a small comparison does.
    """
    if x <= 0:
        return 1.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        n = a
        for _ in range(100_000):
            n += 1
            term *= x / n
            total += term
            if term < total * 1e-16:
                break
        return max(0.0, 1 - total * front)
    b = x + 1 - a
    c, d = 1e300, 1 / b
    h = d
    for i in range(1, 100_000):
        step = -i * (i - a)
        b += 2
        d = step * d + b
        d = 1 / (d if abs(d) > 1e-300 else 1e-300)
        c = b + step / c
        c = c if abs(c) > 1e-300 else 1e-300
        h *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return min(1.0, front * h)


def goodness(observed: Floats, expected: Floats) -> tuple[float, float]:
    """Return (statistic, p) of Pearson's test of observed against expected counts of one total."""
    if len(observed) < 2 or not expected.sum():
        return math.nan, math.nan
    statistic = float(np.sum((observed - expected) ** 2 / expected))
    return statistic, chi_square_p(statistic, len(observed) - 1)


def homogeneity(a: Ints, b: Ints) -> tuple[float, int, float, float]:
    """Return (statistic, degrees of freedom, p, Cramér's V) of Pearson's test that two samples share their categories.

    Unlike a test against the baseline's shares it knows that the baseline is a sample too. Categories expected fewer than
    five times in either sample are one; two categories that remain too rare are left to Fisher's exact test.
    """
    n, m = int(a.sum()), int(b.sum())
    nothing = math.nan, 0, math.nan, math.nan
    held = (a + b) > 0
    a, b = a[held], b[held]
    if not n or not m or len(a) < 2:
        return nothing if not n or not m else (0.0, 0, 1.0, 0.0)
    statistic, _ = _pearson(a, b)
    v = math.sqrt(statistic / (n + m))
    a, b = _pooled(a, b)
    if len(a) < 2:
        return statistic, 0, 1.0, v
    if len(a) == 2 and _rare(a, b).any():
        return statistic, 1, fisher(int(a[0]), n, int(b[0]), m), v
    statistic, freedom = _pearson(a, b)
    return statistic, freedom, chi_square_p(statistic, freedom), v


def _pearson(a: Ints, b: Ints) -> tuple[float, int]:
    n, m = a.sum(), b.sum()
    both = (a + b) / (n + m)
    return float(np.sum((a - both * n) ** 2 / (both * n) + (b - both * m) ** 2 / (both * m))), len(a) - 1


def _rare(a: Ints, b: Ints) -> Any:
    n, m = a.sum(), b.sum()
    return (a + b) * (min(n, m) / (n + m)) < LEAST_EXPECTED


def _pooled(a: Ints, b: Ints) -> tuple[Ints, Ints]:
    rare = _rare(a, b)
    if rare.sum() > 1 or (rare.any() and len(a) > 2):
        a, b = np.append(a[~rare], a[rare].sum()), np.append(b[~rare], b[rare].sum())
    while len(a) > 2 and _rare(a, b)[-1]:  # the pool is still rare: it joins the smallest of the others
        at = int(np.argmin((a + b)[:-1]))
        a[at], b[at] = a[at] + a[-1], b[at] + b[-1]
        a, b = a[:-1], b[:-1]
    return a, b


def fisher(x: int, n: int, y: int, m: int) -> float:
    """Return Fisher's exact two-sided p-value that x of n and y of m are of one share."""
    k = x + y
    possible = np.arange(max(0, k - m), min(k, n) + 1)
    logs = _log_choose(n, possible) + _log_choose(m, k - possible) - _log_choose(n + m, np.array([k]))
    here = logs[x - possible[0]]
    return min(1.0, float(np.exp(logs[logs <= here + 1e-9]).sum()))


def two_shares(x: int, n: int, y: int, m: int) -> float:
    """Return the two-sided p-value that x of n and y of m are of one share: exact while rare, else by chi-square."""
    if not n or not m:
        return math.nan
    return homogeneity(np.array([x, n - x]), np.array([y, m - y]))[2]


def all_on_one_side(count: int, here: int, there: int) -> float:
    """Return the chance that all ``count`` rows of a value fall by lot among ``here`` rows and none among ``there``."""
    if count > here:
        return 0.0
    one = _log_choose(here, np.array([count])) - _log_choose(here + there, np.array([count]))
    return float(np.exp(one[0]))


def _log_choose(n: int, k: Any) -> Any:
    whole = math.lgamma(n + 1)
    return np.array([whole - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in k.tolist()])


def adjusted(values: Sequence[float], correction: Correction) -> list[float]:
    """Return p-values adjusted for being asked together; NaN stays NaN and is not counted.

    benjamini-hochberg holds the share of false alarms among alarms (1995), and with nothing changed the chance of any;
    bonferroni holds the chance of any, whatever changed.
    """
    given = np.asarray(values, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(given))
    out = given.copy()
    k = len(known)
    if correction == "bonferroni":
        out[known] = np.minimum(1.0, given[known] * k)
    elif correction == "benjamini-hochberg" and k:
        order = known[np.argsort(given[known], kind="stable")]
        raised = given[order] * k / np.arange(1, k + 1)
        out[order] = np.minimum(1.0, np.minimum.accumulate(raised[::-1])[::-1])
    return [float(v) for v in out]
