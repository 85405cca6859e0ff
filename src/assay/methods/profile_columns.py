"""What one column is like, computed from its distinct values and their counts."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.profile_codes import Encoded, Floats, Ints

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS = 20
TOP = 10
EXTREMES = 5
NEAR_MISSING = frozenset(
    [
        "?",
        "??",
        "-",
        "--",
        ".",
        "n/a",
        "na",
        "#n/a",
        "#na",
        "n.a.",
        "nan",
        "null",
        "nil",
        "none",
        "(null)",
        "<na>",
        "missing",
        "(missing)",
        "undefined",
        "#ref!",
        "#value!",
        "#div/0!",
    ]
)
_SENTINELS = frozenset(s * int("9" * k) for s in (1, -1) for k in range(3, 8)) | {-1, -2, -99}
_YES = (frozenset({"yes", "no"}), frozenset({"y", "n"}), frozenset({"true", "false"}), frozenset({"t", "f"}),
        frozenset({"0", "1"}))  # fmt: skip
_DATES = (
    ("yyyy-mm-dd", re.compile(r"\d{4}-\d{1,2}-\d{1,2}")),
    ("yyyy/mm/dd", re.compile(r"\d{4}/\d{1,2}/\d{1,2}")),
    ("yyyymmdd", re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])")),
    ("yyyy-mm-ddThh:mm", re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}(:\d{2})?(\.\d+)?\s?(Z|[+-]\d{2}:?\d{2})?")),
    ("dd-dd-yyyy", re.compile(r"\d{1,2}-\d{1,2}-\d{4}")),
    ("dd/dd/yyyy", re.compile(r"\d{1,2}/\d{1,2}/\d{4}")),
    ("dd.dd.yyyy", re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}")),
    ("dd-dd-dd", re.compile(r"\d{2}-\d{2}-\d{2}")),
    ("dd/dd/dd", re.compile(r"\d{1,2}/\d{1,2}/\d{2}")),
    ("dd.dd.dd", re.compile(r"\d{1,2}\.\d{1,2}\.\d{2}")),
    ("d Mon yyyy", re.compile(r"\d{1,2}[ -][A-Za-z]{3,9}\.?,?[ -]\d{2,4}")),
    ("Mon d, yyyy", re.compile(r"[A-Za-z]{3,9}\.? \d{1,2},? \d{4}")),
)  # fmt: skip
_LOOKED_AT = 2000  # distinct texts whose shape is looked at
_ID = re.compile(r"(?i)(^|[_\s-])(id|key|uuid|guid|index|rowid)$|Id$|ID$")


def describe(name: str, column: Encoded, stored: str) -> dict[str, Any]:
    """Return all that is said of a column, as JSON; numbers that do not exist are left out.

    stored: the type it is stored as. ``type`` is integer, fractional, boolean, text, date, time or timestamp;
    ``kind`` says what it is used as: numeric, categorical, boolean, text, date, id, constant or missing.
    """
    out: dict[str, Any] = {
        "name": name,
        "type": {"number": "fractional"}.get(stored, stored),
        "kind": "",
        "count": column.present,
        "missing": column.missing,
        "missing_fraction": column.missing / column.rows if column.rows else 0.0,
        "distinct": column.distinct,
        "unique": bool(column.present) and column.distinct == column.present,
    }
    if column.distinct:
        out["top"] = top(column)
        if column.nature == "number":
            out |= numbers(column)
        elif column.nature == "time":
            out |= times(column)
        elif column.nature == "text":
            out |= texts(column)
    out["kind"] = kind(name, column, out)
    return out


def top(column: Encoded, most: int = TOP) -> list[dict[str, Any]]:
    """Return the most frequent values with count and fraction of the rows, ties in the column's own order."""
    counts = column.counts
    if len(counts) > most:
        least = np.partition(counts, -most)[-most]
        candidates = np.flatnonzero(counts > least)
        ties = np.flatnonzero(counts == least)[: most - len(candidates)]
        candidates = np.concatenate([candidates, ties])
    else:
        candidates = np.arange(len(counts))
    order = sorted(candidates.tolist(), key=lambda c: (-int(counts[c]), c))
    return [
        {"value": _short(column.value(c)), "count": int(counts[c]), "fraction": int(counts[c]) / column.rows}
        for c in order
    ]


def _short(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if not isinstance(value, str) or len(value) <= 100 else value[:99] + "…"


def numbers(column: Encoded) -> dict[str, Any]:
    """Return the figures of a number column.

    Moments are of the finite values: variance with n-1, skewness G1 and excess kurtosis G2 (Joanes, Gill 1998; what
    pandas, SAS and Excel give). Quantiles interpolate linearly (Hyndman, Fan 1996, type 7). mad: median absolute
    deviation from the median, unscaled.
    """
    values, counts = column.values, column.counts
    floats = column.floats
    finite = np.isfinite(floats)
    infinite = int(counts[~finite].sum())
    if infinite:
        values, counts, floats = values[finite], counts[finite], floats[finite]
    out: dict[str, Any] = {"infinite": infinite}
    n = int(counts.sum())
    if not n:
        return out
    out |= {
        "min": values[0].item(),
        "max": values[-1].item(),
        "range": values[-1].item() - values[0].item(),
        "zeros": int(counts[floats == 0].sum()),
        "negatives": int(counts[floats < 0].sum()),
        "sum": _sum(values, counts),
    }
    out |= moments(floats, counts)
    steps = np.cumsum(counts)
    for q in QUANTILES:
        out[f"q{round(q * 100):02d}"] = quantile(floats, steps, q)
    out["iqr"] = out["q75"] - out["q25"]
    distance = np.abs(floats - out["q50"])
    order = np.argsort(distance, kind="stable")
    out["mad"] = quantile(distance[order], np.cumsum(counts[order]), 0.5)
    out["histogram"] = histogram(floats, counts, whole=column.values.dtype.kind == "i")
    out["smallest"] = _extremes(values, counts)
    out["largest"] = _extremes(values[::-1], counts[::-1])
    sentinel = _sentinel(values, counts)
    if sentinel is not None:
        out["placeholder"] = sentinel
    return {k: v for k, v in out.items() if not (isinstance(v, float) and not math.isfinite(v))}


def _sum(values: npt.NDArray[Any], counts: Ints) -> int | float:
    if values.dtype.kind == "i":
        largest = max(abs(int(values[0])), abs(int(values[-1])))
        if largest * int(counts.sum()) < 1 << 62:
            return int(np.dot(values, counts))
        return sum(int(v) * int(c) for v, c in zip(values, counts, strict=True))
    return float(np.dot(values, counts))


def moments(values: Floats, counts: Ints) -> dict[str, Any]:
    """Return mean, variance, std, cv, skewness and kurtosis of weighted values; those that do not exist are absent."""
    n = float(counts.sum())
    with np.errstate(all="ignore"):
        mean = float(np.dot(values, counts) / n)
        centred = values - mean
        mean += float(np.dot(centred, counts) / n)  # a second pass takes away what rounding left
        centred = values - mean
        squares = centred * centred
        m2 = float(np.dot(squares, counts))
        out: dict[str, Any] = {"mean": mean}
        if n > 1:
            out["variance"] = m2 / (n - 1)
            out["std"] = math.sqrt(m2 / (n - 1))
            if mean:
                out["cv"] = out["std"] / mean
        if len(values) > 1 and m2 > 0 and math.isfinite(m2):
            m3 = float(np.dot(squares * centred, counts))
            m4 = float(np.dot(squares * squares, counts))
            if n > 2:
                out["skewness"] = _over(n * math.sqrt(n - 1) / (n - 2) * m3, m2**1.5)
            if n > 3:
                peak = _over(n * (n + 1) * (n - 1) * m4, (n - 2) * (n - 3) * m2 * m2)
                out["kurtosis"] = peak - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))
    return {k: v for k, v in out.items() if math.isfinite(v)}


def _over(a: float, b: float) -> float:
    return a / b if b else math.nan


def quantile(values: npt.NDArray[Any], steps: Ints, q: float) -> float:
    """Return the linearly interpolated quantile of ascending values with cumulated counts ``steps``."""
    position = (int(steps[-1]) - 1) * q
    below = math.floor(position)
    low = float(values[np.searchsorted(steps, below, side="right")])
    high = float(values[np.searchsorted(steps, math.ceil(position), side="right")])
    part = position - below
    return low if low == high else low * (1 - part) + high * part if part else low


def histogram(values: Floats, counts: Ints, *, whole: bool) -> list[dict[str, Any]]:
    """Return up to 20 bins of equal width as low, high, count; whole numbers get bins of whole width."""
    low, high = float(values[0]), float(values[-1])
    if not math.isfinite(high - low):
        return []
    if low == high:
        return [{"low": low, "high": high, "count": int(counts.sum())}]
    if whole and high - low < 2**52:
        width = max(1, math.ceil((high - low + 1) / BINS))
        edges = low + width * np.arange(math.ceil((high - low + 1) / width) + 1)
    else:
        edges = np.linspace(low, high, BINS + 1)
        if (np.diff(edges) <= 0).any():
            return [{"low": low, "high": high, "count": int(counts.sum())}]
    at = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    sums = np.zeros(len(edges) - 1, np.int64)
    np.add.at(sums, at, counts)
    return [
        {"low": float(a), "high": float(b), "count": int(c)}
        for a, b, c in zip(edges[:-1], edges[1:], sums, strict=True)
    ]


def _extremes(values: npt.NDArray[Any], counts: Ints) -> list[dict[str, Any]]:
    return [
        {"value": v.item(), "count": int(c)}
        for v, c in zip(values[:EXTREMES], counts[:EXTREMES], strict=True)
    ]


def _sentinel(values: npt.NDArray[Any], counts: Ints) -> Any:
    """Return a number such as 99999 or -999 that stands at an end, far from all others, more than twice."""
    if len(values) < 5:
        return None
    low, second, before, high = (float(values[i]) for i in (0, 1, -2, -1))
    spread = before - second
    if (
        high in _SENTINELS
        and high > 0
        and counts[-1] > 2
        and high - before > spread
        and high > 2 * abs(before)
    ):
        return values[-1].item()
    if low in _SENTINELS and low < -50 and counts[0] > 2 and second >= 0 and second - low > spread / 100:
        return values[0].item()
    return None


def times(column: Encoded) -> dict[str, Any]:
    """Return first, last and quartiles of dates and times, as text, and their histogram."""
    steps = np.cumsum(column.counts)
    n = int(steps[-1])
    out: dict[str, Any] = {"min": column.value(0), "max": column.value(column.distinct - 1)}
    for q in (0.25, 0.5, 0.75):
        code = int(np.searchsorted(steps, math.floor((n - 1) * q), side="right"))
        out[f"q{round(q * 100):02d}"] = column.value(code)
    bins = histogram(column.floats, column.counts, whole=True)
    out["histogram"] = [
        {"low": column.show(int(b["low"])), "high": column.show(int(b["high"])), "count": b["count"]}
        for b in bins
    ]
    return out


def texts(column: Encoded) -> dict[str, Any]:
    """Return lengths in characters, near-missing values, case and space variants, and the shapes of dates."""
    lengths = np.asarray(pc.utf8_length(column.values), dtype=np.int64)
    weights = column.counts
    order = np.argsort(lengths, kind="stable")
    out: dict[str, Any] = {
        "length": {
            "min": int(lengths.min()),
            "max": int(lengths.max()),
            "mean": float(np.dot(lengths, weights) / weights.sum()),
            "median": quantile(lengths[order], np.cumsum(weights[order]), 0.5),
        }
    }
    short = np.flatnonzero(lengths <= 12)
    candidates = column.values.take(short) if len(short) < len(lengths) else column.values
    trimmed = pc.utf8_lower(pc.utf8_trim_whitespace(candidates))
    near = np.asarray(pc.is_in(trimmed, value_set=_near(trimmed.type))).astype(bool)
    blank = np.asarray(pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(column.values)), 0)).astype(bool)
    hits = sorted({*short[near].tolist(), *np.flatnonzero(blank).tolist()})
    if hits:
        out["near_missing"] = int(weights[hits].sum())
        out["near_missing_values"] = [_short(column.value(c)) for c in hits[:TOP]]
    control = np.asarray(pc.match_substring(column.values, "\0")).astype(bool)
    if control.any():
        out["nul_characters"] = int(weights[control].sum())
    if column.distinct <= 10_000:
        merged = pc.utf8_lower(pc.utf8_trim_whitespace(column.values)).to_pylist()
        variants = column.distinct - len(set(merged))
        if variants:
            out["variants"] = variants
    shapes = date_shapes(column.values.slice(0, _LOOKED_AT).to_pylist())
    if shapes:
        out["date_shapes"] = shapes
    return out


def _near(kind: pa.DataType) -> pa.Array:
    return pa.array(sorted(NEAR_MISSING), kind)


def date_shapes(values: list[str]) -> dict[str, int]:
    """Return how many of the distinct texts have each shape of a date; empty unless nearly all have one."""
    found: Counter[str] = Counter()
    given = [v.strip() for v in values if v.strip() and v.strip().lower() not in NEAR_MISSING]
    for place, text in enumerate(given):
        shape = next((n for n, pattern in _DATES if pattern.fullmatch(text)), None)
        if shape:
            found[shape] += 1
        if place >= 20 and found.total() * 2 < place:
            return {}
    return dict(found.most_common()) if len(given) > 1 and found.total() >= 0.95 * len(given) else {}


def kind(name: str, column: Encoded, about: dict[str, Any]) -> str:
    """Return what a column is used as."""
    distinct, present = column.distinct, column.present
    if not distinct:
        return "missing"
    if distinct == 1:
        return "constant"
    if column.nature == "boolean":
        return "boolean"
    if column.nature == "time":
        return "date"
    unique = distinct == present and present > 1
    if column.nature == "number":
        whole = column.values.dtype.kind == "i"
        if whole and unique and present >= 20:
            dense = int(column.values[-1]) - int(column.values[0]) + 1 == distinct
            if dense or _ID.search(name):
                return "id"
        if distinct == 2 and whole and about["min"] == 0 and about["max"] == 1:
            return "boolean"
        return "numeric"
    if distinct == 2 and frozenset(v.strip().lower() for v in column.values.to_pylist()) in _YES:
        return "boolean"
    if about.get("date_shapes"):
        return "date"
    if unique and present >= 20 and about["length"]["max"] <= 64 and not _spaced(column):
        return "id"
    return "categorical" if distinct <= max(20, min(1000, present // 20)) else "text"


def _spaced(column: Encoded) -> bool:
    return any(" " in v.strip() for v in column.values.slice(0, 100).to_pylist())
