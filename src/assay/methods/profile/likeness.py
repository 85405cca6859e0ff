"""Columns that say the same: equal values, equal up to new names for them, and cells missing together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.profile.codes import Encoded

PROBED = 1000  # rows whose values are kept of every column, so that any two can be held against one another
NEARLY = 0.98  # share of equal values from which two columns are told as duplicates
_ONES = np.array([bin(i).count("1") for i in range(256)], np.uint8)
_MOST_RECODED = 10_000

Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Alike:
    """Two columns that say the same. how: equal, or recoded (each value of one stands for one value of the other).

    share: of the rows, or of the probed rows where ``exact`` is false.
    """

    a: str
    b: str
    how: str
    share: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """The values of a few rows, as text, and which of them are missing."""

    values: npt.NDArray[np.object_]
    distinct: int


def probe(column: Encoded) -> Probe:
    """Return what is kept of a column: at most PROBED values, evenly spread over its rows."""
    rows = np.unique(np.linspace(0, column.rows - 1, min(PROBED, column.rows)).astype(np.int64))
    codes = column.places[rows]
    held, back = np.unique(codes, return_inverse=True)
    shown = np.array([None if c == column.distinct else _plain(column.value(int(c))) for c in held], object)
    return Probe(shown[back], column.distinct)


def _plain(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().lower()


def alike(probes: Mapping[str, Probe], held: Mapping[str, Encoded]) -> list[Alike]:
    """Return the pairs of columns that say the same; constant columns take no part.

    held: the columns whose every row is known; others are compared on their probes alone.
    """
    names = [n for n, p in probes.items() if p.distinct > 1]
    out = []
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            found = _compared(a, b, probes[a], probes[b], held)
            if found is not None:
                out.append(found)
    return out


def _compared(a: str, b: str, pa_: Probe, pb: Probe, held: Mapping[str, Encoded]) -> Alike | None:
    same = float(np.mean(pa_.values == pb.values))
    if same >= NEARLY:
        if a in held and b in held and held[a].nature == held[b].nature:
            share = _equal_rows(held[a], held[b])
            return Alike(a, b, "equal", share, True) if share >= NEARLY else None
        return Alike(a, b, "equal", same, False)
    if a not in held or b not in held:
        return None
    small, large = sorted((pa_.distinct, pb.distinct))
    if not 2 < small <= large <= min(_MOST_RECODED, held[a].rows // 3) or large > small + max(1, small // 20):
        return None
    if not _one_to_one(pa_.values, pb.values):
        return None
    return Alike(a, b, "recoded", 1.0, True) if _recoded(held[a], held[b]) else None


def _one_to_one(a: npt.NDArray[np.object_], b: npt.NDArray[np.object_]) -> bool:
    pairs = set(zip(a.tolist(), b.tolist(), strict=True))
    return len(pairs) == len({x for x, _ in pairs}) == len({y for _, y in pairs})


def _recoded(a: Encoded, b: Encoded) -> bool:
    """Whether each value of one comes with one value of the other in every row; missing counts as a value."""
    width = b.distinct + 1
    both = a.places.astype(np.int64) * width + b.places
    pairs = (
        int(np.count_nonzero(np.bincount(both)))
        if (a.distinct + 1) * width < 1 << 24
        else len(np.unique(both))
    )
    return pairs == a.distinct + bool(a.missing) == b.distinct + bool(b.missing)


def _equal_rows(a: Encoded, b: Encoded) -> float:
    """Return the share of rows in which two columns of one nature hold the same value, or both none."""
    place = np.full(
        b.distinct + 1, a.distinct + 1, np.int64
    )  # b's codes as a's; what a has not equals nothing
    place[b.distinct] = a.distinct
    if a.nature == "text":
        found = pc.index_in(b.values.cast(pa.large_string()), a.values.cast(pa.large_string()))
        known = np.asarray(found.is_valid())
        place[:-1][known] = np.asarray(found.drop_null())
    else:
        at = np.searchsorted(a.values, b.values)
        at[at == a.distinct] = 0
        known = a.values[at] == b.values
        place[:-1][known] = at[known]
    return float(np.mean(place[b.places] == a.places))


def missing_bits(column: Encoded) -> Bits:
    """Return which rows have no value, eight to a byte."""
    return np.packbits(column.places == column.distinct)


def missing_together(missing: Sequence[tuple[str, Bits]], rows: int) -> list[tuple[str, str, float]]:
    """Return Pearson's correlation (phi) of being missing, for every two columns that are so in some rows.

    0 says that they are missing independently, 1 always together, -1 one where the other is not.
    """
    counts = [int(_ONES[bits].sum()) for _, bits in missing]
    out = []
    for i, (a, x) in enumerate(missing):
        for j in range(i + 1, len(missing)):
            b, y = missing[j]
            both = int(_ONES[x & y].sum())
            spread = float(counts[i]) * (rows - counts[i]) * counts[j] * (rows - counts[j])
            if spread > 0:
                out.append((a, b, (both * rows - counts[i] * counts[j]) / math.sqrt(spread)))
    return out
