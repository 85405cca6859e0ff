"""Forecasts beside what is naive: the value one season before.

The mean absolute scaled error is that of the forecast over that of the naive one on the same rows; Hyndman and Koehler (2006,
"Another look at measures of forecast accuracy") scale by the naive one's error in the training period, which rows that are held
out do not show. WAPE is the sum of absolute errors over the sum of absolute values. Below 1 a forecast beats the naive one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def ordered(time: Any, series: Any) -> Any:
    """Return the row numbers by series and, within each, by time. time: comparable; series: integers."""
    return np.lexsort((time, series))


def naive(truth: Any, series: Any, season: int) -> Any:
    """Return the value ``season`` rows before in the same series, NaN where there is none. Rows are in order."""
    truth, series = np.asarray(truth, np.float64), np.asarray(series)
    out = np.full(len(truth), np.nan)
    if season < len(truth):
        same = series[season:] == series[:-season]
        out[season:][same] = truth[:-season][same]
    return out


def scores(truth: Any, said: Any, before: Any) -> dict[str, float]:
    """Return MASE, WAPE, MAE, RMSE and the mean error (said - truth). before: the naive forecast, NaN where there is none."""
    truth, said = np.asarray(truth, np.float64), np.asarray(said, np.float64)
    error = said - truth
    known = ~np.isnan(before)
    scale = float(np.abs(truth[known] - before[known]).mean()) if known.any() else math.nan
    level = float(np.abs(truth).sum())
    mae = float(np.abs(error[known]).mean()) if known.any() else math.nan
    return {
        "mase": mae / scale if scale > 0 else math.nan,
        "wape": float(np.abs(error).sum()) / level if level else math.nan,
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "mean_error": float(error.mean()),
    }


def following(error: Any, series: Any) -> tuple[float, float]:
    """Return the correlation of each error with the one before it in its series, and the p-value of there being none.

    The statistic is normal with variance 1/n (Bartlett 1946). NaN of fewer than three pairs, or of errors all alike.
    """
    error, series = np.asarray(error, np.float64), np.asarray(series)
    centred = error - error.mean()
    pair = series[1:] == series[:-1]
    n, spread = int(pair.sum()), float((centred**2).mean())
    if n < 3 or spread <= 0:
        return math.nan, math.nan
    r = float((centred[1:] * centred[:-1])[pair].mean()) / spread
    return r, math.erfc(abs(r) * math.sqrt(n) / math.sqrt(2))


def blocks(rows: int, rng: np.random.Generator) -> Any:
    """Draw row numbers in blocks of the cube root of ``rows``, so that neighbours stay together (Künsch 1989)."""
    length = max(1, math.ceil(rows ** (1 / 3)))
    starts = rng.integers(0, rows - length + 1, math.ceil(rows / length))
    return (starts[:, None] + np.arange(length)).ravel()[:rows]
