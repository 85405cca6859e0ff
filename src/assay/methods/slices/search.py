"""Which pieces, and crossings of two, have more loss than the rest: found in one half of the rows, confirmed in the other.

What is looked for among thousands of subgroups is found somewhere by chance. So the rows are halved at random: the
search ranks subgroups by Welch's t on the first half, and each of the few it names is tested anew on the second, which
it has not seen, with Bonferroni's correction for how many are named. Effect and p-value are the second half's.

Source: Chung, Kraska, Polyzotis, Tae and Whang (2019), "Slice Finder: Automated Data Slicing for Model Validation", for
the search by levels; the halving is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from assay.methods.slices.cut import Cut

_SINGLES = 40  # columns that are crossed with one another
_WORTH = 1.25  # a crossing has so many times the loss of the worse of its two pieces, or it adds nothing
_MOST = 0.75  # of the rows: what is more than that is no subgroup, but what the rest is better than
_ALIKE = 0.5  # rows that two share, of those that either has, from which on they are one finding


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows that meet all conditions. rows: how many in all; loss, rest: the mean in it and out of it; p: adjusted.

    tested: those of its rows that were put to the test, of which loss and p are. member: which rows, a mask over all of them.
    """

    conditions: tuple[str, ...]
    rows: int
    tested: int
    loss: float
    rest: float
    p: float
    member: Any

    @property
    def name(self) -> str:
        """Return its conditions in words."""
        return " and ".join(self.conditions)


@dataclass(frozen=True, slots=True)
class _Found:
    cuts: tuple[Cut, ...]
    codes: tuple[int, ...]
    loss: float
    t: float

    def member(self) -> Any:
        out = self.cuts[0].codes == self.codes[0]
        for cut, code in zip(self.cuts[1:], self.codes[1:], strict=True):
            out = out & (cut.codes == code)
        return out


def weakest(
    cuts: Sequence[Cut],
    loss: Any,
    rng: np.random.Generator,
    *,
    least: int = 30,
    named: int = 20,
    alpha: float = 0.05,
) -> list[Slice]:
    """Return the subgroups whose loss is greater than the rest's and is confirmed to be, the greatest t first.

    loss: one number a row, finite. least: rows that a subgroup has in each half. named: how many are put to the test.
    Of two that share most of their rows the first is kept.
    """
    from scipy.stats import t as student

    loss = np.asarray(loss, dtype=np.float64)
    first = np.zeros(len(loss), dtype=bool)
    first[rng.permutation(len(loss))[: len(loss) // 2]] = True
    candidates = _distinct(_candidates(cuts, loss, first, least), named)
    out = []
    for found, member in candidates:
        inside, outside = loss[~first & member], loss[~first & ~member]
        if len(inside) < least or len(outside) < 2:
            continue
        statistic, freedom = _welch(inside, outside)
        p = min(1.0, float(student.sf(statistic, freedom)) * len(candidates))
        if p < alpha:
            conditions = tuple(c.pieces[k] for c, k in zip(found.cuts, found.codes, strict=True))
            out.append(
                Slice(
                    conditions,
                    int(member.sum()),
                    len(inside),
                    float(inside.mean()),
                    float(outside.mean()),
                    p,
                    member,
                )
            )
    return out


def _candidates(cuts: Sequence[Cut], loss: Any, first: Any, least: int) -> list[_Found]:
    rows = np.flatnonzero(first)
    half = _Half.of(loss[rows])
    codes = [cut.codes[rows] + 1 for cut in cuts]  # 0 for none that is looked at
    found: list[_Found] = []
    means: dict[int, Any] = {}
    for at, cut in enumerate(cuts):
        sums = half.sums(codes[at], (len(cut.pieces),))
        means[at] = sums.mean
        found += [_Found((cut,), (int(k),), float(sums.mean[k]), float(sums.t[k])) for k in sums.worse(least)]
    crossed = np.empty(len(rows), dtype=np.int64)
    for i, j in combinations(range(min(len(cuts), _SINGLES)), 2):
        a, b = cuts[i], cuts[j]
        wide = len(b.pieces)
        np.multiply(codes[i], wide + 1, out=crossed)
        crossed += codes[j]
        sums = half.sums(crossed, (len(a.pieces), wide))
        for k in sums.worse(least):
            parents = max(means[i][k // wide], means[j][k % wide])
            if sums.mean[k] > _WORTH * parents:
                found.append(
                    _Found((a, b), (int(k // wide), int(k % wide)), float(sums.mean[k]), float(sums.t[k]))
                )
    return sorted(found, key=lambda f: -f.t)


@dataclass(frozen=True, slots=True)
class _Sums:
    count: Any
    mean: Any
    t: Any
    whole: float
    rows: int

    def worse(self, least: int) -> Any:
        sized = (self.count >= least) & (self.count <= _MOST * self.rows)
        return np.flatnonzero(sized & (self.mean > self.whole) & (self.t > 1))


@dataclass(frozen=True, slots=True)
class _Half:
    """The losses that are looked at, their squares (the same ones, where a loss is 0 or 1) and the sums of both."""

    loss: Any
    squares: Any
    whole: float
    whole_squares: float

    @classmethod
    def of(cls, loss: Any) -> _Half:
        squares = loss * loss
        if (squares == loss).all():
            squares = loss
        return cls(loss, squares, loss.sum(), squares.sum())

    def sums(self, at: Any, pieces: tuple[int, ...]) -> _Sums:
        """Count, mean and Welch's t of each piece or crossing against all other rows, by a counting sort's passes.

        at: of each row its piece, from 1 on, or that of the first column times the second's pieces and one, and the second's;
        0 in either is in none.
        """
        shape = tuple(p + 1 for p in pieces)

        def binned(weights: Any) -> Any:
            found = np.bincount(at, weights, int(np.prod(shape))).reshape(shape)
            return found[(slice(1, None),) * len(shape)].ravel()

        count, total = binned(None), binned(self.loss)
        squares = total if self.squares is self.loss else binned(self.squares)
        n, whole, whole_squares = len(self.loss), self.whole, self.whole_squares
        with np.errstate(divide="ignore", invalid="ignore"):
            mean, rest = total / count, (whole - total) / (n - count)
            spread = np.maximum(squares / count - mean**2, 0) / np.maximum(count - 1, 1)
            spread += np.maximum((whole_squares - squares) / (n - count) - rest**2, 0) / np.maximum(
                n - count - 1, 1
            )
            t = np.nan_to_num((mean - rest) / np.sqrt(spread), nan=0.0, posinf=np.inf)
        return _Sums(count, mean, t, float(whole / n), n)


def _distinct(found: Sequence[_Found], most: int) -> list[tuple[_Found, Any]]:
    """Return the first ones that are not mostly the rows of one before them."""
    kept: list[tuple[_Found, Any]] = []
    for candidate in found:
        member = candidate.member()
        if all((member & m).sum() < _ALIKE * (member | m).sum() for _, m in kept):
            kept.append((candidate, member))
        if len(kept) == most:
            break
    return kept


def _welch(a: Any, b: Any) -> tuple[float, float]:
    """Return Welch's t of a over b, and its degrees of freedom (Welch 1947)."""
    x, y = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    gap = float(a.mean() - b.mean())
    if x + y <= 0:
        return (np.inf if gap > 0 else 0.0), 1.0
    return gap / float(np.sqrt(x + y)), float((x + y) ** 2 / (x**2 / (len(a) - 1) + y**2 / (len(b) - 1)))
