"""Traffic to look at: bookings and Adult drawn as requests with hours, callers and answers, and a model's honest answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SOURCE = Path(__file__).parents[3] / "src/assay/examples"
PERSONAL = [
    "row_id",
    "name",
    "email",
    "phone_number",
    "credit_card",
    "reservation_status",
    "reservation_status_date",
]
CALENDAR = [f"arrival_date_{n}" for n in ("year", "month", "week_number", "day_of_month")]
HOUR, DAY = 3600, 86_400
MONDAY = 4 * DAY + 7 * DAY * 2000  # a Monday, midnight, in seconds since 1970


@pytest.fixture(scope="session")
def bookings() -> pd.DataFrame:
    """What is asked about bookings, and the truth."""
    frame = pd.read_csv(SOURCE / "bookings/bookings.csv.gz").drop(columns=PERSONAL + CALENDAR)
    return frame.rename(columns={"is_canceled": "truth"})


@pytest.fixture(scope="session")
def adult() -> pd.DataFrame:
    """What is asked about people, and the truth."""
    frame = pd.read_csv(SOURCE / "income/adult.csv.gz").rename(columns={"income": "truth"})
    return frame.assign(truth=(frame["truth"] == ">50K").astype(int))


@pytest.fixture(scope="session")
def answered(bookings) -> pd.DataFrame:
    """Bookings that a model answered: each by one that had not seen it."""
    return answers(bookings)


def answers(frame: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """Return rows with prediction and score, each by one of two models that had not seen it."""
    import xgboost

    features = frame.drop(columns=["truth"])
    codes = features.apply(
        lambda c: c if pd.api.types.is_numeric_dtype(c) else c.astype("category").cat.codes
    )
    half = np.random.default_rng(seed).random(len(frame)) < 0.5
    score = np.empty(len(frame))
    for side in (half, ~half):
        model = xgboost.XGBClassifier(
            n_estimators=60, max_depth=4, learning_rate=0.15, n_jobs=1, random_state=3
        )
        model.fit(codes[side].astype(float), frame["truth"][side])
        score[~side] = model.predict_proba(codes[~side].astype(float))[:, 1]
    return frame.assign(prediction=(score >= 0.5).astype(int), score=score)


def requests(
    frame: pd.DataFrame,
    rows: int,
    start: float,
    seconds: float,
    rng: np.random.Generator,
    season: float = 0.0,
) -> pd.DataFrame:
    """Return rows drawn with their times and callers. season: how much more likely rows of the first half of the table
    are by day and on weekdays than by night and at weekends, 0 to 1.
    """
    times = np.sort(start + rng.random(rows) * seconds)
    if season:
        hour, day = (times // HOUR) % 24, ((times // DAY) + 3) % 7
        busy = ((hour >= 8) & (hour < 20) & (day < 5)).astype(float)
        first = rng.random(rows) < 0.5 + season * (busy - 0.5)
        middle = len(frame) // 2
        place = np.where(first, rng.integers(0, middle, rows), rng.integers(middle, len(frame), rows))
    else:
        place = rng.integers(0, len(frame), rows)
    out = frame.iloc[place].reset_index(drop=True)
    out["at"] = pd.to_datetime((times * 1e6).astype("int64"), unit="us", utc=True)
    out["caller"] = rng.choice(["web", "mobile", "partner", "desk"], rows)
    return out
