"""How strongly two columns go together, by the measure that fits the pair, computed from codes.

number and number: Pearson's r and Spearman's rho. category and category: Cramér's V with Bergsma's correction of its
bias (2013). category and number: the correlation ratio eta. Rows where either is missing are left out of the pair.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from assay.methods.profile.codes import Encoded, Floats, Ints

PIECE = 1 << 17  # rows taken at once: what is worked on stays in the processor's cache
CELLS = 1 << 21  # a table of counts may have this many
Measure = Literal["pearson", "spearman", "cramers_v", "correlation_ratio"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One measure of two columns. value is None where it does not exist, with the reason. rows: rows it is of."""

    a: str
    b: str
    measure: Measure
    value: float | None
    rows: int
    reason: str = ""


@np.errstate(over="ignore", invalid="ignore")  # what is beyond a double is told to be unknown
def associations(
    numbers: Sequence[tuple[str, Encoded]], categories: Sequence[tuple[str, Encoded]]
) -> list[Pair]:
    """Return every measure of every pair of columns of the same rows, each named."""
    out = _numeric(numbers) if len(numbers) > 1 else []
    both = [(a, b) for i, a in enumerate(categories) for b in categories[i + 1 :]]
    small = [p for p in both if _cells(p) <= CELLS]
    out += [
        Pair(a, b, "cramers_v", None, 0, "too many different values")
        for (a, ca), (b, cb) in both
        if _cells(((a, ca), (b, cb))) > CELLS
    ]
    mixed = [(c, n) for c in categories for n in numbers]
    dense = [p for p in mixed if _cells(p) <= max(1 << 16, min(CELLS, 2 * p[0][1].rows))]
    for (a, _), (b, _), table in _tables(small):
        out.append(cramers_v(a, b, table))
    for (a, _), (b, cb), table in _tables(dense):
        out.append(_eta_of_table(a, b, table, cb.floats))
    tabled = {(a, b) for (a, _), (b, _) in dense}
    out += [_eta_of_rows(a, ca, b, cb) for (a, ca), (b, cb) in mixed if (a, b) not in tabled]
    return out


_Named = tuple[str, Encoded]


def _cells(pair: tuple[_Named, _Named]) -> int:
    return (pair[0][1].distinct + 1) * (pair[1][1].distinct + 1)


def _answer(a: str, b: str, measure: Measure, value: float, rows: int) -> Pair:
    if rows < 2:
        return Pair(a, b, measure, None, rows, "fewer than two rows hold both")
    if not math.isfinite(value):
        return Pair(a, b, measure, None, rows, "one of them is constant")
    return Pair(a, b, measure, min(1.0, max(-1.0, float(value))), rows)


def _tables(pairs: Sequence[tuple[_Named, _Named]]) -> Iterator[tuple[_Named, _Named, Ints]]:
    """Count each pair's combinations, the missing ones left out; one table at a time for large ones."""
    for some in _together(pairs):
        counted = [np.zeros(_cells(p), np.int64) for p in some]
        rows = some[0][0][1].rows
        for at in range(0, rows, PIECE):
            piece: dict[int, npt.NDArray[np.int64]] = {}
            for (a, b), out in zip(some, counted, strict=True):
                x, y = _wide(piece, a[1], at), _wide(piece, b[1], at)
                out += np.bincount(x * (b[1].distinct + 1) + y, minlength=len(out))
        for (a, b), flat in zip(some, counted, strict=True):
            table = flat.reshape(a[1].distinct + 1, b[1].distinct + 1)
            yield a, b, table[: a[1].distinct, : b[1].distinct]


def _together(pairs: Sequence[tuple[_Named, _Named]]) -> Iterator[list[tuple[_Named, _Named]]]:
    """Group pairs so that their tables are in memory together; a table as large as a piece goes alone."""
    some: list[tuple[_Named, _Named]] = []
    cells = 0
    for pair in pairs:
        size = _cells(pair)
        if some and cells + size > CELLS:
            yield some
            some, cells = [], 0
        some.append(pair)
        cells += size
    if some:
        yield some


def _wide(piece: dict[int, npt.NDArray[np.int64]], column: Encoded, at: int) -> npt.NDArray[np.int64]:
    key = id(column)
    if key not in piece:
        piece[key] = column.places[at : at + PIECE].astype(np.int64)
    return piece[key]


def cramers_v(a: str, b: str, table: Ints) -> Pair:
    """Return Cramér's V with Bergsma's correction (2013) of a table of counts; empty lines do not count."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n = int(table.sum())
    r, c = table.shape
    if n < 2 or min(r, c) < 2:
        return _answer(a, b, "cramers_v", math.nan, n)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    chi2 = float(((table - expected) ** 2 / expected).sum())
    phi2 = max(0.0, chi2 / n - (r - 1) * (c - 1) / (n - 1))
    least = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return _answer(a, b, "cramers_v", math.sqrt(phi2 / least) if least > 0 else math.nan, n)


def _eta_of_table(a: str, b: str, table: Ints, values: Floats) -> Pair:
    """Return the correlation ratio of a table of categories by values; infinite values do not count."""
    finite = np.isfinite(values)
    table, values = table[:, finite], values[finite]
    held = table.sum(axis=0)
    n = int(held.sum())
    if n < 2:
        return _answer(a, b, "correlation_ratio", math.nan, n)
    centred = values - np.dot(values, held) / n
    centred = centred - np.dot(centred, held) / n
    return _eta(a, b, table.sum(axis=1), table @ centred, float(np.dot(held, centred * centred)), n)


def _eta(a: str, b: str, counts: Ints, sums: Floats, total: float, n: int) -> Pair:
    kept = counts > 0
    if kept.sum() < 2 or not total > 0:
        return _answer(a, b, "correlation_ratio", math.nan, n)
    between = float((sums[kept] ** 2 / counts[kept]).sum())
    return _answer(a, b, "correlation_ratio", math.sqrt(max(0.0, between / total)), n)


def _eta_of_rows(a: str, ca: Encoded, b: str, cb: Encoded) -> Pair:
    """Return the correlation ratio from the rows, where a table of all combinations would be too large."""
    lookup, valid = _centred(cb.floats, cb.counts)
    size = ca.distinct + 1
    counts, sums, squares = np.zeros(size), np.zeros(size), np.zeros(size)
    for at in range(0, ca.rows, PIECE):
        codes = ca.places[at : at + PIECE].astype(np.int64)
        rows = cb.places[at : at + PIECE]
        x = lookup[rows]
        counts += np.bincount(codes, weights=valid[rows], minlength=size)
        sums += np.bincount(codes, weights=x, minlength=size)
        squares += np.bincount(codes, weights=x * x, minlength=size)
    kept, sums = counts[:-1].astype(np.int64), sums[:-1]
    n = int(kept.sum())
    if n < 2:
        return _answer(a, b, "correlation_ratio", math.nan, n)
    shift = sums.sum() / n  # the mean of the rows that hold both is not that of all rows
    total = float(squares[:-1].sum()) - n * shift * shift
    return _eta(a, b, kept, sums - kept * shift, total, n)


def _centred(values: Floats, counts: Ints) -> tuple[Floats, Floats]:
    """Return, by code, the value in standard deviations from the mean, and 1; 0 and 0 where missing or infinite."""
    finite = np.isfinite(values)
    lookup, valid = np.zeros(len(values) + 1), np.zeros(len(values) + 1)
    valid[:-1] = finite
    n = counts[finite].sum()
    if n:
        with np.errstate(all="ignore"):
            centred = values[finite] - np.dot(values[finite], counts[finite]) / n
            centred = centred - np.dot(centred, counts[finite]) / n
            spread = math.sqrt(float(np.dot(centred * centred, counts[finite])) / n)
        if spread > 0 and math.isfinite(spread):
            lookup[:-1][finite] = centred / spread
    return lookup, valid


def _numeric(columns: Sequence[_Named]) -> list[Pair]:
    """Return Pearson's r and Spearman's rho of every two number columns."""
    plain = [_centred(c.floats, c.counts) for _, c in columns]
    ranked = [_centred(ranks(c.counts), c.counts) for _, c in columns]
    linear = _pearson([c for _, c in columns], plain)
    whole = [i for i, (_, c) in enumerate(columns) if not c.missing]
    monotone = _pearson([columns[i][1] for i in whole], [ranked[i] for i in whole]) if len(whole) > 1 else {}
    place = {i: p for p, i in enumerate(whole)}
    out = []
    for i, (a, ca) in enumerate(columns):
        for j in range(i + 1, len(columns)):
            b, cb = columns[j]
            value, n = linear[i, j]
            out.append(_answer(a, b, "pearson", value, n))
            if i in place and j in place:
                value, n = monotone[place[i], place[j]]
            else:
                value, n = _spearman(ca, cb)
            out.append(_answer(a, b, "spearman", value, n))
    return out


def ranks(counts: Ints) -> Floats:
    """Return the average rank, from 1, of each of the ascending distinct values."""
    last = np.cumsum(counts)
    return (2 * last - counts + 1) / 2.0


def _pearson(
    columns: Sequence[Encoded], lookups: Sequence[tuple[Floats, Floats]]
) -> dict[tuple[int, int], tuple[float, int]]:
    """Return r and the number of rows of each pair, each over the rows that hold both."""
    k, rows = len(columns), columns[0].rows
    partial = any(not valid[:-1].all() or c.missing for c, (_, valid) in zip(columns, lookups, strict=True))
    products, sums, squares, held = (np.zeros((k, k)) for _ in range(4))
    for at in range(0, rows, PIECE):
        codes = [c.places[at : at + PIECE] for c in columns]
        x = np.stack([lookup[c] for c, (lookup, _) in zip(codes, lookups, strict=True)])
        products += x @ x.T
        if partial:
            valid = np.stack([v[c] for c, (_, v) in zip(codes, lookups, strict=True)])
            held += valid @ valid.T
            sums += x @ valid.T
            squares += (x * x) @ valid.T
    if not partial:
        held[:] = rows
        squares[:] = np.diag(products)[:, None]
    out = {}
    for i in range(k):
        for j in range(i + 1, k):
            n = held[i, j]
            if n < 2:
                out[i, j] = (math.nan, int(n))
                continue
            covariance = products[i, j] - sums[i, j] * sums[j, i] / n
            spread = (squares[i, j] - sums[i, j] ** 2 / n, squares[j, i] - sums[j, i] ** 2 / n)
            if min(spread) <= 1e-5 * n:  # of the columns' own spread: the sums have cancelled too many digits
                out[i, j] = (_again((columns[i], lookups[i][1]), (columns[j], lookups[j][1])), int(n))
            else:
                out[i, j] = (covariance / math.sqrt(spread[0] * spread[1]), int(n))
    return out


def _again(*pair: tuple[Encoded, Floats]) -> float:
    """Return r of two columns over the rows that hold both, centred there; NaN where one of them is constant."""
    both = np.logical_and(*(valid[c.places] > 0 for c, valid in pair))
    x, y = (_centre(np.append(c.floats, np.nan)[c.places[both]]) for c, _ in pair)
    spread = float(np.dot(x, x)) * float(np.dot(y, y))
    return float(np.dot(x, y)) / math.sqrt(spread) if spread > 0 else math.nan


def _centre(values: Floats) -> Floats:
    """Return the deviations from the mean, scaled by a power of two to at most 1."""
    moved = np.ldexp(
        values, -np.frexp(np.abs(values).max())[1]
    )  # exact, so that what is close stays told apart
    if np.ptp(moved) == 0:
        return np.zeros(len(values))
    moved = moved - moved.mean()
    return np.asarray(np.ldexp(moved, -np.frexp(np.abs(moved).max())[1]))


def _spearman(a: Encoded, b: Encoded) -> tuple[float, int]:
    """Return rho over the rows that hold both, ranked among themselves."""
    both = (a.places < a.distinct) & (b.places < b.distinct)
    n = int(both.sum())
    if n < 2:
        return math.nan, n
    x, y = (_ranked(c.places[both], c.distinct) for c in (a, b))
    spread = float(np.dot(x, x)) * float(np.dot(y, y))
    return (float(np.dot(x, y)) / math.sqrt(spread) if spread > 0 else math.nan), n


def _ranked(codes: npt.NDArray[Any], distinct: int) -> Floats:
    counts = np.bincount(codes, minlength=distinct)
    ranked: Floats = (ranks(counts) - (len(codes) + 1) / 2)[codes]
    return ranked
