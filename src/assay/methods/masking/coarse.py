"""Values made coarse: numbers to ranges, dates to months or years, codes to their beginnings, categories up a hierarchy."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.kernel.errors import UsageError
from assay.methods.masking.way import Hidden, by_text

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

UNITS = ("hour", "day", "week", "month", "quarter", "year", "decade")
MOST_BYTES, MOST_LEVELS = 16 << 20, 20
_WHEN = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):\d{2}.*)?$", re.ASCII | re.DOTALL)


@dataclass(frozen=True)
class Bands:
    """Numbers as ranges, ``[30, 40)``, of one width or between edges; from ``top`` on, and below ``bottom``, all alike."""

    width: float = 0.0
    edges: Sequence[float] = ()
    top: float | None = None
    bottom: float | None = None

    def hide(self, batch: pa.RecordBatch, name: str, first: int) -> Hidden:
        """Return each number's range as text; what is no number is unfit."""
        import pyarrow as pa

        array = batch.column(name)
        if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
            return by_text(array, lambda texts: self.of(np.array([_number(t) for t in texts], float)))
        there = array.is_valid().to_numpy(zero_copy_only=False)
        values = array.fill_null(0).to_numpy(zero_copy_only=False)
        distinct, places = np.unique(values, return_inverse=True)
        labels = np.array(self.of(distinct), object)[places.reshape(-1)]
        lost = there & np.array([label is None for label in labels], bool)
        labels[~there] = None
        return Hidden(pa.array(labels.tolist(), pa.string()), lost)

    def of(self, values: NDArray[Any]) -> list[str | None]:
        """Return the range of each number; None for NaN, and for an infinity that no edge holds."""
        return [self._one(v) for v in values.tolist()]

    def _one(self, value: float) -> str | None:
        if value != value:
            return None
        if self.top is not None and value >= self.top:
            return f">= {_shown(self.top)}"
        if self.bottom is not None and value < self.bottom:
            return f"< {_shown(self.bottom)}"
        if self.edges:
            place = int(np.searchsorted(np.array(self.edges), value, side="right"))
            if place == 0:
                return f"< {_shown(self.edges[0])}"
            if place == len(self.edges):
                return f">= {_shown(self.edges[-1])}"
            return f"[{_shown(self.edges[place - 1])}, {_shown(self.edges[place])})"
        if abs(value) == float("inf") or not self.width:
            return None
        if isinstance(value, int) and float(self.width).is_integer():
            low = value // int(self.width) * int(self.width)
            return f"[{low}, {low + int(self.width)})"
        # As decimals, for 0.3 // 0.1 is 2 and 0.3 lies in [0.3, 0.4).
        width = Decimal(repr(self.width))
        with localcontext(prec=60, rounding=ROUND_FLOOR):
            floor = (Decimal(repr(value)) / width).to_integral_value() * width
            return f"[{_plain(floor)}, {_plain(floor + width)})"


def _number(text: str) -> float:
    try:
        # what Python reads beside digits (inf, nan, 12_34) is a number to nobody else
        plain = "_" not in text and (text.strip()[-1:].isdigit() or text.strip().endswith("."))
        return float(text) if plain else float("nan")
    except ValueError:
        return float("nan")


def _shown(value: float) -> str:
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.12g}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"


@dataclass(frozen=True)
class Calendar:
    """Dates as text, to a unit of UNITS: ``1980``, ``1980-Q2``, ``1980-05``, ``1980-W20``, ``1980s``."""

    to: str

    def __call__(self, texts: list[str]) -> list[str | None]:
        """Return each ISO date coarser, None for what is none."""
        return [self._one(t) for t in texts]

    def _one(self, text: str) -> str | None:
        match = _WHEN.match(text)
        if match is None:
            return None
        year, month, day, hour = match.groups()
        try:
            date = dt.date(int(year), int(month), int(day))
        except ValueError:
            return None
        if self.to == "week":
            week = date.isocalendar()
            return f"{week.year:04d}-W{week.week:02d}"
        return {
            "hour": f"{year}-{month}-{day} {hour or '00'}:00",
            "day": f"{year}-{month}-{day}",
            "month": f"{year}-{month}",
            "quarter": f"{year}-Q{(date.month + 2) // 3}",
            "year": year,
            "decade": f"{year[:3]}0s",
        }[self.to]


@dataclass(frozen=True)
class Beginning:
    """The first characters of a code, stars for the rest: ``801*``. A code no longer than that is unfit."""

    keep: int
    sign: str = "*"

    def __call__(self, texts: list[str]) -> list[str | None]:
        """Return each code's beginning."""
        return [
            None if len(t) <= self.keep and t else t[: self.keep] + self.sign * (len(t) - self.keep)
            for t in texts
        ]


@dataclass(frozen=True)
class Hierarchy:
    """Categories replaced by what stands above them. steps: value → its names at level 1, 2, …"""

    steps: Mapping[str, Sequence[str]]
    level: int = 1

    def __call__(self, texts: list[str]) -> list[str | None]:
        """Return each category at the level, None for one that the hierarchy lacks."""
        return [self.steps[t][self.level - 1] if t in self.steps else None for t in texts]


def read_hierarchy(path: Path, where: str) -> dict[str, tuple[str, ...]]:
    """Read a hierarchy as ARX writes it: CSV without a header, a value a line, then its names level by level.

    The separator is a semicolon or a comma, whichever the first line has. UsageError names the line.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise UsageError(f"the hierarchy {path} is larger than {MOST_BYTES >> 20} MiB", where=where)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"the hierarchy {path} cannot be read: {said}", where=where) from None
    mark = ";" if ";" in text.partition("\n")[0] else ","
    out: dict[str, tuple[str, ...]] = {}
    levels = 0
    try:
        for number, row in enumerate(csv.reader(text.splitlines(), delimiter=mark), 1):
            if not row:
                continue
            value, *names = row
            levels = levels or len(names)
            if not 1 <= len(names) <= MOST_LEVELS or len(names) != levels:
                raise UsageError(
                    f"line {number} has {len(names)} levels and the first has {levels}",
                    where=str(path),
                    remedy="write a value and its names, as many in each line",
                )
            if out.get(value, tuple(names)) != tuple(names):
                raise UsageError(f"line {number} says {value!r} another way", where=str(path))
            out[value] = tuple(names)
    except csv.Error as error:
        raise UsageError(f"the hierarchy is not CSV: {error}", where=str(path)) from None
    if not out:
        raise UsageError("the hierarchy is empty", where=str(path))
    return out
