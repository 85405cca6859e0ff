"""data.kanonymity: what comes out is measured by data.anonymity and by pandas."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assay.checks.data.anonymity import check
from assay.kernel.errors import Missing, UsageError
from assay.treatments.data.kanonymity import treat

ADULT = Path(__file__).parents[3] / "src/assay/examples/income/adult.csv.gz"
QUASI = ("age", "education", "sex", "occupation")


@pytest.fixture(scope="module")
def adult():
    return pd.read_csv(ADULT).iloc[:3000]


def hidden(frame, table, work, **options):
    made = treat(table(frame), work=work, **options)
    return pd.read_parquet(work.store.path(made.outputs["out"].digest)), made.report


@pytest.mark.parametrize(("mode", "numbers"), [("strict", "range"), ("relaxed", "range"), ("strict", "mean")])
def test_adult_hides_among_k(adult, table, work, mode, numbers):
    out, report = hidden(
        adult, table, work, quasi=QUASI, k=8, sensitive=("income",), l=2, mode=mode, numbers=numbers
    )
    assert len(out) == len(adult) and list(out) == list(adult)
    sizes = out.groupby(list(QUASI), dropna=False).size()
    assert sizes.min() >= 8 and len(sizes) == report.metric("classes").value
    seen = check(table(out), quasi=QUASI, sensitive=("income",), k=8, work=work)
    assert not seen.findings and seen.metric("k").value == report.metric("k").value
    rest = [c for c in adult if c not in QUASI]
    pd.testing.assert_frame_equal(out[rest], adult[rest], check_dtype=False)
    assert report.metric("discernibility").value == pytest.approx((sizes.astype(float) ** 2).sum())
    assert report.metric("average_class_size").value == pytest.approx(sizes.mean() / 8)
    assert 0 < report.metric("certainty_penalty").value < 0.5
    if numbers == "mean":
        assert out.age.dtype == float and out.age.mean() == pytest.approx(adult.age.mean())
    else:
        low = out.age.str.extract(r"(\d+)")[0].astype(int)
        high = out.age.str.extract(r"(\d+)\]?$")[0].astype(int)
        assert (low <= adult.age).all() and (adult.age <= high).all()


def test_relaxed_loses_less_than_strict(adult, table, work):
    loss = {
        mode: hidden(adult, table, work, quasi=("age", "hours_per_week"), k=10, mode=mode)[1]
        for mode in ("strict", "relaxed")
    }
    assert (
        loss["relaxed"].metric("average_class_size").value < loss["strict"].metric("average_class_size").value
    )


def test_t_is_held(adult, table, work):
    _, report = hidden(
        adult, table, work, quasi=("age", "sex"), k=5, sensitive=("income", "hours_per_week"), t=0.2
    )
    for name in ("income", "hours_per_week"):
        assert report.metric("t_closeness", sensitive=name).value <= 0.2


def test_a_hierarchy_names_the_groups(table, work, tmp_path):
    (tmp_path / "city.csv").write_text(
        "Paris;France;Europe\nLyon;France;Europe\nOslo;Norway;Europe\nBergen;Norway;Europe\n"
    )
    frame = pd.DataFrame({"city": ["Paris", "Lyon", "Oslo", "Bergen"] * 2, "x": range(8)})
    out, report = hidden(frame, table, work, quasi=("city",), k=4, hierarchies=tmp_path)
    assert out.city.tolist() == ["France", "France", "Norway", "Norway"] * 2
    assert report.metric("certainty_penalty").value == pytest.approx(1 / 3)
    with pytest.raises(UsageError, match="'Rome'"):
        hidden(frame.replace("Lyon", "Rome"), table, work, quasi=("city",), k=4, hierarchies=tmp_path)


def test_rows_without_a_value_are_kept_or_suppressed(table, work):
    frame = pd.DataFrame({"age": [30, None, 31, 50, 52, None] * 2, "n": range(12)})
    out, _ = hidden(frame, table, work, quasi=("age",), k=4)
    assert len(out) == 12 and out.groupby("age", dropna=False).size().min() >= 4
    out, report = hidden(frame, table, work, quasi=("age",), k=4, missing="suppress")
    assert len(out) == 8 and report.metric("rows_suppressed").value == 4 and set(out.n) & {1, 5} == set()


def test_what_cannot_be_is_refused(table, work):
    frame = pd.DataFrame({"a": [1, 2, 3], "s": ["x"] * 3, "b": [[1]] * 3})
    for options, error in (
        ({"quasi": ("a",), "k": 4}, UsageError),
        ({"quasi": ("a",), "k": 2, "sensitive": ("s",), "l": 2}, UsageError),
        ({"quasi": ("a",), "k": 2, "l": 2}, UsageError),
        ({"quasi": ("a",), "k": 2, "sensitive": ("a",)}, UsageError),
        ({"quasi": ("b",), "k": 2}, UsageError),
        ({"quasi": ("z",), "k": 2}, Missing),
        ({"quasi": (), "k": 2}, UsageError),
    ):
        with pytest.raises(error):
            hidden(frame, table, work, **options)


def test_the_same_rows_give_the_same_classes(adult, table, work):
    first, second = (treat(table(adult), quasi=QUASI, k=5, work=work).outputs["out"].digest for _ in range(2))
    assert first == second
    dates = pd.DataFrame({"d": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(20), "D")})
    out, _ = hidden(dates, table, work, quasi=("d",), k=10)
    assert out.d.nunique() == 2


def test_texts_that_no_class_could_name_are_refused(table, work, monkeypatch):
    from assay.treatments.data import kanonymity

    monkeypatch.setattr(kanonymity, "DISTINCT", 5)
    many = pa.table({"x": [f"t{i}" for i in range(12)], "few": ["a", "b"] * 6})
    with pytest.raises(UsageError, match="x holds more than 5 different texts"):
        kanonymity.treat(table(many), quasi=("few", "x"), k=2, work=work)
    assert kanonymity.treat(table(many), quasi=("few",), k=2, work=work).outputs
    long = pa.table({"x": ["a" * (kanonymity.LONGEST + 1), "b"]})
    with pytest.raises(UsageError, match="holds a text of 100,001 bytes"):
        kanonymity.treat(table(long), quasi=("x",), k=2, work=work)


def test_a_mean_of_moments_does_not_depend_on_the_zone_of_the_machine(table, work, monkeypatch):
    """Times without a zone were counted in this machine's own, and the year 1 has none there."""
    moments = [dt.datetime(1, 1, 1, 2), *(dt.datetime(2024, 7, 1, h) for h in range(9))]
    data = pa.table({"at": pa.array(moments, pa.timestamp("us"))})
    known = [m.replace(tzinfo=dt.UTC).timestamp() for m in moments]
    found = []
    for zone in ("UTC", "America/New_York"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        try:
            found.append(hidden(data, table, work, quasi=("at",), k=10, numbers="mean")[0]["at"].tolist())
        finally:
            monkeypatch.undo()
            time.tzset()
    assert found[0] == found[1] == [pytest.approx(np.mean(known))] * 10


def test_times_that_no_calendar_holds_are_hidden_as_texts(table, work):
    far = pa.array([-(2**62) + k for k in range(12)], pa.int64()).cast(pa.timestamp("us"))
    out, report = hidden(pa.table({"at": far}), table, work, quasi=("at",), k=6)
    assert out.groupby("at").size().min() >= 6 and report.metric("k").value >= 6


def test_means_of_the_greatest_numbers(table, work):
    frame = pd.DataFrame({"a": [1.5e308, 1.7e308] * 3, "b": [np.inf, -np.inf] * 3})
    out, _ = hidden(frame, table, work, quasi=("a", "b"), k=6, numbers="mean")
    assert out["a"].tolist() == pytest.approx([1.6e308] * 6) and out["b"].isna().all()
