"""People whose scores favour one group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def people():
    """4,000 people of two groups, some of none; their outcomes and scores of it."""
    rng = np.random.default_rng(4)
    n = 4000
    sex = rng.choice(["f", "m", None], n, p=[0.45, 0.45, 0.1])
    skill = rng.normal(size=n)
    hired = (skill + 0.9 * (sex == "m") + rng.normal(size=n)) > 0.6
    score = 1 / (1 + np.exp(-(1.6 * skill + 1.4 * (sex == "m") - 1.0)))
    return pd.DataFrame({"sex": sex, "skill": skill, "hired": np.where(hired, "yes", "no"), "score": score})
