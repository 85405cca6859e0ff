"""A column with too many different values to hold: what can be told of it in one pass and bounded memory.

Counts, extremes and moments are exact. Distinct values: HyperLogLog (Flajolet and others 2007; small ranges by linear
counting) with 2^14 registers, whose standard error is 1.04 / 2^7 = 0.8 %. Quantiles and histograms: from a uniform sample
of the values, whose ranks are within ERROR of the truth with 99 % confidence (Dvoretzky, Kiefer, Wolfowitz; Massart
1990). Frequent values: Misra and Gries (1982), whose counts fall short by at most rows / KEPT.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.profile.codes import Encoded, Nature, encode

REGISTERS = 14
SAMPLE = 1 << 19
KEPT = 20_000
ERROR = math.sqrt(math.log(2 / 0.01) / (2 * SAMPLE))
DISTINCT_ERROR = 1.04 / math.sqrt(1 << REGISTERS)


@dataclass
class Distinct:
    """How many different hashes were seen."""

    registers: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(1 << REGISTERS, np.uint8))

    def add(self, hashes: npt.NDArray[np.uint64]) -> None:
        """Take 64-bit hashes, evenly spread."""
        place = (hashes >> np.uint64(64 - REGISTERS)).astype(np.int64)
        rest = (hashes << np.uint64(REGISTERS)) | np.uint64(1 << (REGISTERS - 1))
        # The number of leading zeros is read off the exponent of the rest as a float; 53 bits are enough for it.
        _, exponent = np.frexp((rest >> np.uint64(11)).astype(np.float64))
        np.maximum.at(self.registers, place, (54 - exponent).astype(np.uint8))

    def estimate(self) -> int:
        """Return the estimate."""
        m = float(len(self.registers))
        raw = 0.7213 / (1 + 1.079 / m) * m * m / float(np.sum(np.exp2(-self.registers.astype(np.float64))))
        empty = int(np.count_nonzero(self.registers == 0))
        return round(m * math.log(m / empty)) if raw <= 2.5 * m and empty else round(raw)


@dataclass
class Sketch:
    """One column, batch after batch. rng: decides which values are sampled; the same stream gives the same sample."""

    rng: np.random.Generator
    rows: int = 0
    missing: int = 0
    nature: Nature = "text"
    show: Callable[[Any], Any] = str
    distinct: Distinct = field(default_factory=Distinct)
    _share: float = 1.0
    _sample: list[Any] = field(default_factory=list)
    _waiting: int = 0
    _top: dict[Any, int] = field(default_factory=dict)
    _dropped: int = 0
    _low: Any = None
    _high: Any = None
    _sums: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(5))  # n, and powers around _shift
    _shift: float | None = None
    _counts: dict[str, int] = field(default_factory=dict)
    _longest: int = 0
    _shortest: int = 1 << 60
    _characters: int = 0

    def add(self, array: pa.Array, hashes: npt.NDArray[np.uint64]) -> None:
        """Take the values of some rows, and a 64-bit hash of each."""
        column = encode(pa.chunked_array([array]))
        self.nature, self.show = column.nature, column.show
        self.rows += column.rows
        self.missing += column.missing
        if not column.distinct:
            return
        self.distinct.add(hashes[column.places < column.distinct])
        self._frequent(column)
        self._thin(column)
        if column.nature == "text":
            self._lengths(column)
        else:
            self._moments(column)

    def _frequent(self, column: Encoded) -> None:
        order = np.argsort(-column.counts, kind="stable")[:KEPT]
        for code in order[column.counts[order] > 1].tolist():
            value = column.value(code)
            self._top[value] = self._top.get(value, 0) + int(column.counts[code])
        if len(self._top) > 2 * KEPT:
            kept = sorted(self._top.items(), key=lambda t: -t[1])
            least = kept[KEPT][1]
            self._dropped += least
            self._top = {v: c - least for v, c in kept[:KEPT] if c > least}

    def _thin(self, column: Encoded) -> None:
        codes = column.places[column.places < column.distinct].astype(np.int64)
        if self._share < 1:
            codes = codes[self.rng.random(len(codes)) < self._share]
        taken = column.values.take(pa.array(codes)) if column.nature == "text" else column.values[codes]
        self._sample.append(taken)
        self._waiting += len(codes)
        while self._waiting > 2 * SAMPLE:
            self._share /= 2
            self._sample = [self._half(part) for part in self._sample]
            self._waiting = sum(len(part) for part in self._sample)

    def _half(self, part: Any) -> Any:
        kept = self.rng.random(len(part)) < 0.5
        return part.filter(pa.array(kept)) if isinstance(part, pa.Array) else part[kept]

    def _lengths(self, column: Encoded) -> None:
        lengths = np.asarray(pc.utf8_length(column.values), dtype=np.int64)
        self._longest = max(self._longest, int(lengths.max()))
        self._shortest = min(self._shortest, int(lengths.min()))
        self._characters += int(np.dot(lengths, column.counts))

    def _moments(self, column: Encoded) -> None:
        floats, counts = column.floats, column.counts
        finite = np.isfinite(floats)
        for name, held in (
            ("infinite", ~finite),
            ("zeros", floats == 0),
            ("negatives", (floats < 0) & finite),
        ):
            self._counts[name] = self._counts.get(name, 0) + int(counts[held].sum())
        if not finite.any():
            return
        low, high = column.values[finite][0], column.values[finite][-1]
        self._low = low if self._low is None else min(self._low, low)
        self._high = high if self._high is None else max(self._high, high)
        values, counts = floats[finite], counts[finite]
        if self._shift is None:
            self._shift = float(np.dot(values, counts) / counts.sum())
        around = values - self._shift
        powers = [counts.astype(np.float64)]
        for _ in range(4):
            powers.append(powers[-1] * around)
        with np.errstate(all="ignore"):
            self._sums += [p.sum() for p in powers]

    def sample(self) -> Encoded:
        """Return the sampled values as a column, each standing for the same number of rows."""
        if self.nature == "text":
            parts = [p.cast(pa.large_string()) for p in self._sample]
            return encode(pa.chunked_array(parts or [pa.array([], pa.large_string())]))
        values, counts = (
            np.unique(np.concatenate(self._sample), return_counts=True) if self._sample else ((), ())
        )
        return Encoded(self.nature, np.asarray(values), np.asarray(counts, np.int64), None, 0, self.show)

    def top(self, most: int) -> list[tuple[Any, int]]:
        """Return the frequent values with counts that fall short by at most the error; none that the error could hide."""
        found = sorted(self._top.items(), key=lambda t: (-t[1], str(t[0])))[:most]
        return [(v, c) for v, c in found if c > self._dropped]

    def figures(self) -> dict[str, Any]:
        """Return what is exact of a column of numbers or times: extremes as stored, counts, and the moments."""
        out: dict[str, Any] = dict(self._counts)
        n, s1, s2, s3, s4 = self._sums.tolist()
        if not n or self._shift is None:
            return out
        out |= {"min": self._low.item(), "max": self._high.item()}
        mean = s1 / n
        m2 = s2 - n * mean**2
        m3 = s3 - 3 * mean * s2 + 2 * n * mean**3
        m4 = s4 - 4 * mean * s3 + 6 * mean**2 * s2 - 3 * n * mean**4
        out |= {"mean": self._shift + mean, "sum": n * (self._shift + mean)}
        if n > 3 and m2 > 0 and math.isfinite(m4):
            out["variance"] = m2 / (n - 1)
            out["std"] = math.sqrt(out["variance"])
            if out["mean"]:
                out["cv"] = out["std"] / out["mean"]
            out["skewness"] = n * math.sqrt(n - 1) / (n - 2) * m3 / m2**1.5
            peak = n * (n + 1) * (n - 1) * m4 / ((n - 2) * (n - 3) * m2 * m2)
            out["kurtosis"] = peak - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))
        return {k: v for k, v in out.items() if not (isinstance(v, float) and not math.isfinite(v))}

    def lengths(self) -> dict[str, Any]:
        """Return the exact least, greatest and mean length of texts, in characters."""
        present = self.rows - self.missing
        if not present:
            return {}
        return {"min": self._shortest, "max": self._longest, "mean": self._characters / present}
