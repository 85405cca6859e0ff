from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import assay
from assay.checks.data.leakage import check
from assay.kernel.errors import UsageError
from assay.kernel.severity import Severity
from assay.treatments.data.drop import treat

EXAMPLES = Path(assay.__file__).parent / "examples"


def rules(report, least=Severity.MEDIUM):
    return {
        (f.rule.removeprefix("data.leakage."), f.where["column"])
        for f in report.findings
        if f.severity >= least
    }


def test_bookings(table, work):
    bookings = table(EXAMPLES / "bookings" / "bookings.csv.gz")
    report = check(bookings, label="is_canceled", work=work)
    assert report.data["drop"] == ["reservation_status"]
    assert rules(report, Severity.HIGH) == {("gives_away", "reservation_status")}
    assert rules(report) == {
        ("gives_away", "reservation_status"),
        ("known_afterwards", "reservation_status_date"),
    }
    for column in ("name", "email", "phone_number", "credit_card"):
        assert report.metric("strength", column=column).value < 0.05
    made = treat(bookings, using=report, work=work)
    left = pd.read_parquet(work.store.path(made.outputs["out"].digest))
    assert len(left.columns) == 36
    assert "reservation_status" not in left


def test_adult_gives_nothing_away(table, work):
    report = check(table(EXAMPLES / "income" / "adult.csv.gz"), label="income", work=work)
    assert report.data["drop"] == []
    assert rules(report) == set()


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes"])
def test_honest_features_are_not_high(table, work, name):
    import sklearn.datasets

    frame = getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame
    assert check(table(frame), label="target", work=work).data["drop"] == []


def planted(n=2000):
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, n)
    arrival = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 700, n), "D")
    return pd.DataFrame(
        {
            "label": label,
            "honest": label + rng.normal(0, 1.5, n),
            "noise": rng.normal(size=n),
            "copy": np.where(label == 1, "bad", "good"),
            "score": label + rng.normal(0, 0.05, n),
            "reason": [f"because {i}" if y else None for i, y in enumerate(label)],
            "slips": np.where(rng.random(n) < 0.01, 1 - label, label),
            "arrival": arrival,
            "closed": arrival + pd.to_timedelta(np.where(label == 1, -5, 5) + rng.integers(-2, 3, n), "D"),
            "settles": np.where((label == 0) & (rng.random(n) < 0.2), "x", "y"),
            "key": [f"k{i}" for i in rng.permutation(n)],
        }
    )


def test_planted_leaks_of_every_kind(table, work):
    report = check(table(planted()), label="label", work=work)
    assert report.data["drop"] == ["copy", "reason", "score", "slips"]
    assert ("known_afterwards", "closed") in rules(report)
    assert rules(report, Severity.LOW) >= {("one_sided", "settles"), ("identifier", "key")}
    assert not {c for _, c in rules(report, Severity.LOW)} & {"honest", "noise"}
    again = check(table(planted()), label="label", work=work)
    assert again.to_dict() == report.to_dict()


def test_a_quantity(table, work):
    rng = np.random.default_rng(1)
    price = rng.exponential(100, 1500)
    data = pd.DataFrame(
        {
            "price": price,
            "cents": price * 100,
            "size": price + rng.normal(0, 80, 1500),
            "id": rng.permutation(1500),
        }
    )
    report = check(table(data), label="price", work=work)
    assert report.data["drop"] == ["cents"]
    assert report.data["measure"] == "R² of ranks"


def test_rows_without_a_label_are_said_and_left_out(table, work):
    data = pd.DataFrame({"y": ["a", "b", None, "a"] * 50, "x": [1, 2, 3, 1] * 50})
    report = check(table(data), label="y", work=work)
    assert [f.count for f in report.findings if f.rule == "data.leakage.no_label"] == [50]
    assert report.data["drop"] == ["x"]


def test_a_nested_label_is_refused(table, work):
    """It failed where the label's values were told apart."""
    data = pa.table({"y": [[1, 2], [3], None] * 40, "x": list(range(120))})
    with pytest.raises(UsageError, match="which are no classes"):
        check(table(data), label="y", work=work)


@pytest.mark.parametrize("values", [["a"] * 100, [None] * 100, ["a", "b"] * 5, [f"t{i}" for i in range(100)]])
def test_a_label_that_cannot_be_one(table, work, values):
    with pytest.raises(UsageError):
        check(
            table(pd.DataFrame({"y": pd.Series(values, dtype="str"), "x": range(len(values))})),
            label="y",
            work=work,
        )


def test_a_sample_is_enough(table, work):
    report = check(table(planted(4000)), label="label", rows=1000, work=work)
    assert report.metric("rows_compared").value == 1000
    assert report.data["drop"] == ["copy", "reason", "score", "slips"]


def test_odd_columns(table, work):
    n = 200
    data = pd.DataFrame(
        {
            "y": [0, 1] * 100,
            "nothing": [None] * n,
            "inf": [float("inf"), float("-inf")] * 100,
            "const": ["x"] * n,
            "when": [pd.Timestamp("2020-01-01", tz="UTC"), None] * 100,
            "list": [[1], [2]] * 100,
        }
    )
    report = check(table(data), label="y", work=work)
    assert [s.what for s in report.coverage.skipped] == ["column list"]


def test_people_who_come_back_are_named_and_not_dropped(table, work):
    rng = np.random.default_rng(4)
    label = rng.integers(0, 2, 300)
    person = rng.integers(0, 300, 6000)
    data = pd.DataFrame(
        {"who": [f"person {p}" for p in person], "y": label[person], "x": rng.normal(size=6000)}
    )
    report = check(table(data), label="y", work=work)
    assert report.data["drop"] == []
    assert rules(report) == {("by_identity", "who")}
