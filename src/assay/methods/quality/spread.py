"""How the values of a column are spread: counted beside a baseline, and the distance or the test of the two."""

# ruff: noqa: S608 - SQL is made here of our own words and numbers only
from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay.methods.quality.question import Spread

MOST = 10_000  # different values that are counted one by one
P_VALUES = ("chi_square", "ks")  # these are p-values, and have to be large; the others are distances
DEFAULTS = {"psi": 0.2, "kl": 0.1, "total_variation": 0.1, "ks_distance": 0.1, "chi_square": 0.05, "ks": 0.05}

Ask = Callable[[str], list[tuple[Any, ...]]]


class TooMany(Exception):
    """There are more different values than are counted one by one."""


def distance(spread: Spread, ask: Ask) -> float | None:
    """Return the distance or p-value that a Spread asks for; None where either side has no value.

    Numbers are counted in the baseline's tenths (between its deciles), texts value by value.
    """
    if spread.test.startswith("ks"):
        return _kolmogorov(spread, ask)
    here, there = _counts(spread, ask)
    if not sum(here) or not sum(there):
        return None
    import numpy as np

    from assay.methods.drift import distances, significance

    kind: Any = np.float64 if spread.shares else np.int64  # stated shares are no counts
    a, b = np.asarray(there, dtype=kind), np.asarray(here, dtype=kind)
    if spread.test == "chi_square":
        return fit(here, there) if spread.shares else significance.homogeneity(a, b)[2]
    if spread.test == "kl":
        return kl([x / sum(here) for x in here], [x / sum(there) for x in there])
    return {"psi": distances.psi, "total_variation": distances.total_variation}[spread.test](a, b)


def _counts(spread: Spread, ask: Ask) -> tuple[list[float], list[float]]:
    """Return how many values fall into each class here, and how many there (or the shares that were stated)."""
    x = "x"
    if spread.numeric:
        edges = list(spread.edges) or _deciles(spread, ask)
        x = " + ".join(f"CAST(x > CAST('{e!r}' AS DOUBLE) AS INTEGER)" for e in edges) or "0"
    mine = f"SELECT x, count(*) AS a, 0 AS b FROM (SELECT {x} AS x FROM ({spread.values})) GROUP BY x"
    if not spread.baseline:
        rows = ask(f"{mine} LIMIT {MOST + 1}")
        return _stated({str(r[0]): float(r[1]) for r in _bounded(rows)}, spread.shares)
    theirs = f"SELECT x, 0 AS a, count(*) AS b FROM (SELECT {x} AS x FROM ({spread.baseline})) GROUP BY x"
    both = f"SELECT x, sum(a), sum(b) FROM ({mine} UNION ALL {theirs}) GROUP BY x ORDER BY x LIMIT {MOST + 1}"
    rows = _bounded(ask(both))
    return [float(r[1]) for r in rows], [float(r[2]) for r in rows]


def _bounded(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    if len(rows) > MOST:
        raise TooMany
    return rows


def _stated(counts: Mapping[str, float], shares: Mapping[str, float]) -> tuple[list[float], list[float]]:
    keys = list(dict.fromkeys([*shares, *counts]))
    return [counts.get(k, 0.0) for k in keys], [shares.get(k, 0.0) for k in keys]


def _deciles(spread: Spread, ask: Ask) -> list[float]:
    ((found,),) = ask(
        f"SELECT quantile_cont(x, [{', '.join(f'0.{n}' for n in range(1, 10))}]) FROM ({spread.baseline})"
    )
    return sorted({float(e) for e in found or () if math.isfinite(e)})


def _kolmogorov(spread: Spread, ask: Ask) -> float | None:
    """Return the Kolmogorov-Smirnov distance of two samples, or the p-value of its asymptotic distribution."""
    united = (
        f"SELECT x, 1 AS a, 0 AS b FROM ({spread.values}) UNION ALL SELECT x, 0, 1 FROM ({spread.baseline})"
    )
    steps = (
        "SELECT sum(sum(a)) OVER (ORDER BY x) AS a, sum(sum(b)) OVER (ORDER BY x) AS b, "
        f"sum(sum(a)) OVER () AS n, sum(sum(b)) OVER () AS m FROM ({united}) GROUP BY x"
    )
    ((h, n, m),) = ask(f"SELECT max(abs(a * m - b * n)), max(n), max(m) FROM ({steps})")
    if not n or not m:
        return None
    if spread.test == "ks_distance":
        return int(h) / (int(n) * int(m))
    from assay.methods.drift.significance import ks_tail

    return ks_tail(int(h), int(n), int(m))


def kl(p: Sequence[float], q: Sequence[float]) -> float:
    """Return the Kullback-Leibler divergence Σ p·ln(p/q) in nats, infinite where q lacks what p has."""
    if any(a and not b for a, b in zip(p, q, strict=True)):
        return math.inf
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a)


def fit(counts: Sequence[float], shares: Sequence[float]) -> float:
    """Return the p-value of Pearson's chi-square test that counts come from shares; 0 where one of share 0 occurs."""
    if any(c and not s for c, s in zip(counts, shares, strict=True)):
        return 0.0
    import numpy as np

    from assay.methods.drift.significance import goodness

    held = [(c, s) for c, s in zip(counts, shares, strict=True) if s]
    if len(held) < 2:
        return 1.0
    observed, parts = (np.asarray(v, dtype=np.float64) for v in zip(*held, strict=True))
    return goodness(observed, parts / parts.sum() * observed.sum())[1]
