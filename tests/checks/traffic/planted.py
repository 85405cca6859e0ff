"""Drifts planted in eleven ways into windows of six sets: Adult, bookings, and four that scikit-learn brings.

Each way says which monitor is to find it. From request LATE of ROWS on, the window is other than its reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn import datasets

from .conftest import DAY, MONDAY, answers, requests

ROWS, LATE, PAST = 2000, 1200, 12_000


@dataclass(frozen=True)
class Set:
    """Answered rows. column: of numbers that is planted into; word: a category and one of its values; tied: goes with others."""

    frame: pd.DataFrame
    column: str
    tied: str
    word: tuple[str, str] | None = None

    @property
    def classes(self) -> bool:
        """Whether the answers are yes and no, with a score."""
        return "score" in self.frame

    def reference(self) -> pd.DataFrame:
        """Three weeks of it."""
        return requests(self.frame, PAST, MONDAY, 21 * DAY, np.random.default_rng(1))

    def window(self, seed: int, rows: int = ROWS) -> pd.DataFrame:
        """A healthy day of it."""
        return requests(self.frame, rows, MONDAY + 21 * DAY, DAY, np.random.default_rng(seed))


def bundled(name: str) -> pd.DataFrame:
    """A set of scikit-learn's as rows with truth, prediction, and a score where the truth is yes or no."""
    more = {"scaled": False} if name == "diabetes" else {}
    frame = getattr(datasets, f"load_{name}")(as_frame=True, **more).frame.rename(columns={"target": "truth"})
    frame.columns = [str(c).replace(" ", "_").replace("/", "_") for c in frame.columns]
    if name == "diabetes":
        slope, noise = (
            np.polyfit(frame["bmi"], frame["truth"], 1),
            np.random.default_rng(1).normal(0, 5, len(frame)),
        )
        return frame.assign(prediction=np.polyval(slope, frame["bmi"]) + noise)
    if name in ("digits", "wine"):
        frame["truth"] = (frame["truth"] >= (5 if name == "digits" else 1)).astype(int)
    return answers(frame)


def sets(adult: pd.DataFrame, bookings: pd.DataFrame) -> dict[str, Set]:
    """Return all six."""
    few = adult.sample(20_000, random_state=1, ignore_index=True)
    return {
        "adult": Set(answers(few), "age", "education_num", ("workclass", "Private")),
        "bookings": Set(answers(bookings), "lead_time", "adr", ("market_segment", "Direct")),
        "breast_cancer": Set(bundled("breast_cancer"), "mean_texture", "mean_radius"),
        "diabetes": Set(bundled("diabetes"), "bp", "s1"),
        "digits": Set(bundled("digits"), "pixel_3_3", "pixel_4_4"),
        "wine": Set(bundled("wine"), "alcohol", "flavanoids"),
    }


def _late(w: pd.DataFrame) -> np.ndarray:
    return np.asarray(w.index >= LATE)


def _into(w: pd.DataFrame, column: str, made: np.ndarray, rows: np.ndarray) -> None:
    w[column] = np.where(rows, made, w[column].astype(float))


def negative(one: Set, w: pd.DataFrame, rng: np.random.Generator) -> str:
    """Lose its sign's meaning: −x."""
    _into(w, one.column, -w[one.column].to_numpy(float) - 1, _late(w))
    return one.column


def unit(one: Set, w: pd.DataFrame, rng: np.random.Generator) -> str:
    """Come in another unit: 100 x."""
    _into(w, one.column, w[one.column].to_numpy(float) * 100, _late(w))
    return one.column


def mean(one: Set, w: pd.DataFrame, rng: np.random.Generator) -> str:
    """Lie a standard deviation higher."""
    _into(w, one.column, w[one.column].to_numpy(float) + float(w[one.column].std()), _late(w))
    return one.column


def noise(one: Set, w: pd.DataFrame, rng: np.random.Generator) -> str:
    """Be drowned in noise of two standard deviations."""
    _into(w, one.column, w[one.column] + rng.normal(0, 2 * float(w[one.column].std()), len(w)), _late(w))
    return one.column


def missing(one: Set, w: pd.DataFrame, rng: np.random.Generator) -> str:
    """Be missing in a quarter."""
    _into(w, one.column, np.full(len(w), np.nan), _late(w) & (rng.random(len(w)) < 0.25))
    return one.column


def renamed(one: Set, w: pd.DataFrame, rng: np.random.Generator) -> str:
    """Be called otherwise; a number stands still where a set has no categories."""
    if one.word is None:
        _into(w, one.column, np.full(len(w), float(w[one.column].median())), _late(w))
        return one.column
    column, value = one.word
    w.loc[_late(w) & (w[column] == value), column] = "as it is called now"
    return column


def answered(one: Set, w: pd.DataFrame, rng: np.random.Generator) -> str:
    """Answers lean to yes, or are a standard deviation higher."""
    name = "score" if one.classes else "prediction"
    more = (1 - w[name]) * 0.6 if one.classes else float(w[name].std())
    _into(w, name, (w[name] + more).to_numpy(float), _late(w))
    return name


def apart(one: Set, w: pd.DataFrame, rng: np.random.Generator) -> str:
    """A column is another row's from the first request on: by itself it is as it was."""
    w[one.tied] = rng.permutation(w[one.tied].to_numpy())
    return one.tied


def harder(one: Set, w: pd.DataFrame, rng: np.random.Generator) -> str:
    """Most who ask are those whose answer is in doubt."""
    doubt = (one.frame["score"] - 0.5).abs() if one.classes else -one.frame["bmi"]
    most = one.frame[doubt <= doubt.quantile(0.25)]
    drawn = most.iloc[rng.integers(0, len(most), len(w) - LATE)].reset_index(drop=True)
    for name in one.frame.columns:
        w[name] = pd.concat([w[name].iloc[:LATE], drawn[name]], ignore_index=True)
    return ""


def truth(one: Set, w: pd.DataFrame, rng: np.random.Generator) -> str:
    """What is true of three in ten is another thing now."""
    hit = _late(w) & (rng.random(len(w)) < 0.3)
    other = 1 - w["truth"] if one.classes else w["truth"] + 3 * w["truth"].std()
    w["truth"] = np.where(hit, other, w["truth"])
    return ""


def odd(one: Set, w: pd.DataFrame, rng: np.random.Generator) -> str:
    """A quarter of one caller's requests are far from any."""
    hit = _late(w) & (w["caller"] == "desk") & (rng.random(len(w)) < 0.25)
    far = float(w[one.column].max()) + 20 * float(w[one.column].std())
    _into(w, one.column, far + rng.random(len(w)), hit)
    return one.column


Way = Callable[[Set, pd.DataFrame, np.random.Generator], str]
WAYS: dict[Way, str] = {
    negative: "drift", unit: "drift", mean: "drift", noise: "drift", missing: "drift", renamed: "drift", answered: "drift",
    apart: "multivariate", harder: "estimate", truth: "concept", odd: "outliers",
}  # fmt: skip
