"""data.profile beside pandas and SciPy on tables that nobody chose."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from assay.checks.data.profile import check

NUMBERS = st.one_of(
    st.none(), st.integers(-5, 5), st.integers(-(10**9), 10**9), st.floats(-1e6, 1e6, allow_subnormal=False)
)
WORDS = st.one_of(
    st.none(), st.sampled_from(["a", "b", "B", "é", "日本"]), st.text("xyz", min_size=1, max_size=4)
)
KINDS = {
    "float": lambda v: pd.Series([math.nan if x is None else float(x) for x in v], dtype="float64"),
    "int": lambda v: pd.Series([None if x is None else int(x) for x in v], dtype="Int64"),
    "flag": lambda v: pd.Series([None if x is None else x > 0 for x in v], dtype="boolean"),
}


@st.composite
def tables(draw):
    """Two to five columns of two to sixty rows; some rows come again."""
    n = draw(st.integers(2, 60))
    out = {}
    for place in range(draw(st.integers(2, 5))):
        kind = draw(st.sampled_from([*KINDS, "text"]))
        values = draw(st.lists(WORDS if kind == "text" else NUMBERS, min_size=n, max_size=n))
        out[f"{kind}{place}"] = pd.Series(values, dtype="str") if kind == "text" else KINDS[kind](values)
    frame = pd.DataFrame(out)
    again = draw(st.lists(st.integers(0, n - 1), max_size=5))
    return pd.concat([frame, frame.iloc[again]], ignore_index=True)


def _close(mine, theirs, scale=1.0):
    if theirs is None or not math.isfinite(theirs):
        return mine is None
    return mine == pytest.approx(theirs, rel=1e-9, abs=1e-9 * max(1.0, scale))


def _column(mine, column):
    there = column.dropna()
    assert (mine["count"], mine["missing"]) == (len(there), int(column.isna().sum()))
    assert mine["distinct"] == there.nunique()
    counts = there.value_counts()
    assert [t["count"] for t in mine.get("top", [])] == sorted(counts, reverse=True)[
        : len(mine.get("top", []))
    ]
    for top in mine.get("top", []):
        assert counts[top["value"]] == top["count"]


def _numbers(mine, column):
    x = column.dropna().astype("float64")
    if not len(x):
        return
    scale = float(x.abs().max())
    for name, theirs in (
        ("min", x.min()), ("max", x.max()), ("mean", x.mean()), ("std", x.std()), ("sum", x.sum()),
        ("zeros", (x == 0).sum()), ("negatives", (x < 0).sum()),
        *((f"q{int(q * 100):02}", x.quantile(q)) for q in (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)),
    ):  # fmt: skip
        assert _close(mine[name], float(theirs), scale), (name, mine[name], theirs)
    assert sum(b["count"] for b in mine["histogram"]) == len(x)
    if x.std() > 1e-3 * scale and len(x) > 3:  # else the two differ by how they round
        assert _close(mine["skewness"], x.skew()) and _close(mine["kurtosis"], x.kurt())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables())
@pytest.mark.slow
def test_every_figure_is_that_of_pandas(table, work, frame):
    report = check(table(frame), work=work)
    assert report.metric("rows").value == len(frame)
    assert report.metric("duplicate_rows").value == int(frame.duplicated().sum())
    assert report.metric("missing_cells").value == int(frame.isna().sum().sum())
    for name, column in frame.items():
        mine = report.data["columns"][name]
        _column(mine, column)
        if name.startswith(("float", "int")) and mine["kind"] == "numeric":
            _numbers(mine, column)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables())
def test_every_correlation_is_that_of_scipy(table, work, frame):
    report = check(table(frame), work=work)
    for pair in report.data["correlations"]:
        if pair["measure"] not in ("pearson", "spearman") or pair["value"] is None:
            continue
        both = frame[[pair["a"], pair["b"]]].astype("float64").dropna()
        assert pair["rows"] == len(both)
        if (both.std() > 1e-3 * both.abs().max()).all():
            theirs = getattr(stats, f"{pair['measure']}r")(*both.to_numpy().T)[0]
            assert pair["value"] == pytest.approx(theirs, abs=1e-9)
            assert not np.isnan(theirs)
