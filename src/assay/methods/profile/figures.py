"""The figures of a column of numbers or times, computed from its distinct values and their counts."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.methods.profile.codes import Encoded, Floats, Ints

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 20
EXTREMES = 5
_SHIFTED = 200_000  # distinct exact numbers whose figures are computed to the last digit
_SENTINELS = frozenset(s * int("9" * k) for s in (1, -1) for k in range(3, 8)) | {-1, -2, -99}


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
    origin, floats = _near_zero(column, values, floats)
    out |= moments(floats, counts)
    steps = np.cumsum(counts)
    for q in QUANTILES:
        out[f"q{round(q * 100):02d}"] = quantile(floats, steps, q)
    out["iqr"] = out["q75"] - out["q25"]
    with np.errstate(over="ignore"):
        distance = np.abs(floats - out["q50"])
    order = np.argsort(distance, kind="stable")
    out["mad"] = quantile(distance[order], np.cumsum(counts[order]), 0.5)
    out["histogram"] = histogram(floats, counts, whole=column.values.dtype.kind == "i")
    first = int(np.argmax(finite)) if infinite else 0
    codes = np.arange(first, first + len(values))
    out["smallest"] = _extremes(column, codes[:EXTREMES])
    out["largest"] = _extremes(column, codes[: -EXTREMES - 1 : -1])
    out |= outliers(floats, counts, out)
    if origin:
        _moved(out, origin)
    if column.exact is not None:
        out |= {"min": column.value(0), "max": column.value(column.distinct - 1)}
    sentinel = _sentinel(values, counts)
    if sentinel is not None:
        out["placeholder"] = sentinel
    return {k: v for k, v in out.items() if not (isinstance(v, float) and not math.isfinite(v))}


def _near_zero(column: Encoded, values: npt.NDArray[Any], floats: Floats) -> tuple[Fraction, Floats]:
    """Return the least value and the floats of all values less it, where the values' own floats would run together;
    else 0 and the floats as they are.
    """
    if column.exact is not None and column.distinct <= _SHIFTED:
        given = [Fraction(v.as_py()) for v in column.exact]
        return given[0], np.array([float(v - given[0]) for v in given])
    if values.dtype.kind == "i" and max(abs(int(values[0])), abs(int(values[-1]))) > 1 << 53:
        least = np.uint64(int(values[0]) % (1 << 64))
        return Fraction(int(values[0])), (values.view(np.uint64) - least).astype(np.float64)
    return Fraction(0), floats


def _moved(out: dict[str, Any], origin: Fraction) -> None:
    """Bring the figures of values less ``origin`` back to where they were."""
    out.pop("cv", None)
    for name in ("mean", *(f"q{round(q * 100):02d}" for q in QUANTILES)):
        if name in out:
            out[name] = float(origin + Fraction(out[name]))
    if out.get("mean") and "std" in out:
        out["cv"] = out["std"] / out["mean"]
    for name in ("low_fence", "high_fence"):
        if name in out:
            out[name] = float(origin + Fraction(out[name]))
    for part in out["histogram"]:
        part |= {side: float(origin + Fraction(part[side])) for side in ("low", "high")}


def _sum(values: npt.NDArray[Any], counts: Ints) -> int | float:
    if values.dtype.kind == "i":
        largest = max(abs(int(values[0])), abs(int(values[-1])))
        if largest * int(counts.sum()) < 1 << 62:
            return int(np.dot(values, counts))
        return sum(int(v) * int(c) for v, c in zip(values, counts, strict=True))
    # a sum beyond what a double holds is infinite, and told to be; beyond it on both sides it is no number
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.dot(values, counts))


@np.errstate(over="ignore", invalid="ignore")  # what is beyond a double is left out at the end
def moments(values: Floats, counts: Ints) -> dict[str, Any]:
    """Return mean, variance, std, cv, skewness and kurtosis of weighted values; those that do not exist are absent."""
    n = float(counts.sum())
    most = float(np.abs(values).max(initial=0.0))
    scale = most if most and not 1e-60 < most < 1e60 else 1.0  # whose fourth power would be lost
    values = values / scale
    with np.errstate(all="ignore"):
        mean = float(np.dot(values, counts) / n)
        centred = values - mean
        mean += float(np.dot(centred, counts) / n)  # a second pass takes away what rounding left
        centred = values - mean
        squares = centred * centred
        m2 = float(np.dot(squares, counts))
        out: dict[str, Any] = {"mean": mean * scale}
        if n > 1:
            out["variance"] = m2 / (n - 1) * scale * scale
            out["std"] = math.sqrt(m2 / (n - 1)) * scale
            if mean:
                out["cv"] = math.sqrt(m2 / (n - 1)) / mean
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


def _extremes(column: Encoded, codes: npt.NDArray[Any]) -> list[dict[str, Any]]:
    """Return distinct values with their counts and, where it is known, the first row (from 1) that holds each."""
    out = []
    for code in codes.tolist():
        held: dict[str, Any] = {"value": column.value(code), "count": int(column.counts[code])}
        row = column.first(code)
        out.append(held if row is None else held | {"row": row + 1})
    return out


def outliers(values: Floats, counts: Ints, about: dict[str, Any]) -> dict[str, Any]:
    """Return how many values lie outside Tukey's fences (1977), and how many have a robust z above 3.5.

    Fences: a quarter below the first and above the third quartile by 1.5 interquartile ranges. Robust z: 0.6745
    times the distance from the median over the median absolute deviation (Iglewicz, Hoaglin 1993); it does not
    exist where most values are equal.
    """
    low, high = about["q25"] - 1.5 * about["iqr"], about["q75"] + 1.5 * about["iqr"]
    out: dict[str, Any] = {
        "low_fence": low,
        "high_fence": high,
        "outliers": int(counts[(values < low) | (values > high)].sum()),
    }
    if about["mad"] > 0:
        far = np.abs(values - about["q50"]) * 0.6745 > 3.5 * about["mad"]
        out["robust_outliers"] = int(counts[far].sum())
    return out


def monotonic(column: Encoded) -> str:
    """Return increasing or decreasing where no row goes the other way and not all are equal, else nothing."""
    if column.codes is None or column.nature not in ("number", "time") or column.distinct < 3:
        return ""
    codes = column.codes if not column.missing else column.codes[column.codes < column.distinct]
    for word, step in (("increasing", np.less), ("decreasing", np.greater)):
        head = codes[:2000]
        if not step(head[1:], head[:-1]).any() and not step(codes[1:], codes[:-1]).any():
            return word
    return ""


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
