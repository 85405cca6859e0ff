"""traffic.drift: what was planted is found in its column, since when, and in whose requests; healthy traffic is quiet."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from assay.checks.traffic.drift import check
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.severity import Severity

from .conftest import DAY, HOUR, MONDAY, requests


@pytest.fixture
def drift(table, work):
    def drift_(new, old, **options):
        options = {"time": "at", "caller": "caller"} | options
        report = check(table(new), against=table(old, "old"), work=work, **options)
        json.dumps(report.to_dict(), allow_nan=False)
        return report

    return drift_


@pytest.fixture(scope="module")
def reference(answered):
    return requests(answered.drop(columns="truth"), 12_000, MONDAY, 14 * DAY, np.random.default_rng(1))


@pytest.fixture
def window(answered):
    return requests(answered.drop(columns="truth"), 2000, MONDAY + 14 * DAY, DAY, np.random.default_rng(2))


def alarms(report):
    return {
        (f.rule.removeprefix("traffic.drift."), f.where.get("column"))
        for f in report.findings
        if f.severity >= Severity.MEDIUM
    }


def test_a_healthy_day_is_quiet(drift, reference, window):
    report = drift(window, reference)
    assert not alarms(report) and report.data["alarm"] is False and report.data["season"] == "week"
    assert report.coverage.complete


LATE = 1200  # of 2,000 rows: from here on it is planted


def _negative(w):
    w.loc[LATE:, "lead_time"] *= -1


def _unit(w):
    w["adr"] = w["adr"].where(w.index < LATE, w["adr"] * 100)


def _renamed(w):
    w.loc[(w.index >= LATE) & (w["market_segment"] == "Direct"), "market_segment"] = "Web"


def _missing(w):
    w["adr"] = w["adr"].where((w.index < LATE) | (w.index % 4 > 0))


def _mean(w):
    w["adr"] = w["adr"] + np.where(w.index >= LATE, w["adr"].std(), 0)


def _noise(w):
    noise = np.random.default_rng(5).normal(0, 2 * w["adr"].std(), len(w))
    w["adr"] = w["adr"] + np.where(w.index >= LATE, noise, 0)


def _new(w):
    w.loc[(w.index >= LATE) & (w.index % 5 == 0), "meal"] = "Vegan"


def _answers(w):
    w["score"] = w["score"] + np.where(w.index >= LATE, (1 - w["score"]) * 0.5, 0)


@pytest.mark.parametrize(
    ("plant", "expected"),
    [
        (_negative, ("column", "lead_time")), (_unit, ("column", "adr")), (_renamed, ("new_category", "market_segment")),
        (_missing, ("missing", "adr")), (_mean, ("column", "adr")), (_noise, ("column", "adr")),
        (_new, ("new_category", "meal")), (_answers, ("prediction", "score")),
    ],
)  # fmt: skip
def test_what_is_planted_is_found_in_its_column_and_since_when(drift, reference, window, plant, expected):
    plant(window)
    report = drift(window, reference)
    found = alarms(report)
    assert expected in found and {c for _, c in found} == {expected[1]}
    finding = next(f for f in report.findings if f.rule == f"traffic.drift.{expected[0]}")
    assert finding.remedy
    assert abs(finding.where["row"] - LATE) <= 40
    late = pd.Timestamp(finding.where["since"]) - window["at"][LATE]
    assert abs(late) < pd.Timedelta(hours=1)


def test_a_change_that_ended_is_told_with_its_end(drift, reference, window):
    window.loc[500:900, "lead_time"] += 2000
    finding = next(f for f in drift(window, reference).findings if f.rule == "traffic.drift.column")
    assert abs(finding.where["row"] - 500) <= 5
    until = pd.Timestamp(finding.where["until"]) - window["at"][900]
    assert abs(until) < pd.Timedelta(minutes=5)


def test_the_caller_who_changed_is_named_and_nobody_where_all_did(drift, reference, window):
    one = window.copy()
    one.loc[one["caller"] == "partner", "lead_time"] *= -1
    finding = next(f for f in drift(one, reference).findings if f.rule == "traffic.drift.column")
    assert finding.where["callers"] == ["partner"] and "in requests of partner" in finding.message
    window["lead_time"] *= -1
    finding = next(f for f in drift(window, reference).findings if f.rule == "traffic.drift.column")
    assert "callers" not in finding.where and "whoever asks" in finding.message


def test_a_sunday_is_held_against_sundays(drift, bookings):
    frame = bookings.drop(columns="truth").sort_values("lead_time", ignore_index=True)
    rng = np.random.default_rng(3)
    old = requests(frame, 12_000, MONDAY, 14 * DAY, rng, season=0.9)
    new = requests(frame, 1500, MONDAY + 19 * DAY, 2 * DAY, rng, season=0.9)
    assert ("column", "lead_time") in alarms(drift(new, old, seasons=False))
    report = drift(new, old)
    assert not alarms(report) and report.data["season"] == "week"


def test_a_short_reference_says_that_it_knows_no_season(drift, reference, window):
    short = reference[reference["at"] < reference["at"][0] + pd.Timedelta(hours=30)]
    report = drift(window, short)
    said = next(f for f in report.findings if f.rule == "traffic.drift.season")
    assert "less than two days" in said.message and said.severity == Severity.INFO
    report = drift(window, reference, time=None)
    assert "no column says when" in next(f for f in report.findings if f.rule.endswith("season")).message


def test_bursts_of_like_requests_are_usual_where_the_reference_has_them(drift, bookings):
    """Each hour one caller sends two hundred requests alike; counted as news by themselves they would alarm."""
    rng = np.random.default_rng(4)
    frame = bookings.drop(columns="truth")

    def hour(k):
        out = requests(frame, 300, MONDAY + k * HOUR, HOUR, rng)
        same = rng.choice(300, 200, replace=False)
        out.loc[same, "adr"] = out["adr"].iloc[rng.integers(300)]
        return out

    old = pd.concat([hour(k) for k in range(40)], ignore_index=True)
    new = hour(41)
    report = drift(new, old, columns=("adr",))
    assert not alarms(report)
    assert report.data["usual"]["adr, distribution"]["windows"] >= 38
    new["adr"] = -new["adr"] - 1
    assert ("column", "adr") in alarms(drift(new, old, columns=("adr",)))


def test_texts_where_numbers_were_are_told(drift, reference, window):
    window["adr"] = window["adr"].astype(str)
    window.loc[::3, "adr"] = "n/a"
    found = alarms(drift(window, reference))
    assert ("type", "adr") in found and ("missing", "adr") in found


def test_a_renamed_column_is_told_with_its_new_name(drift, reference, window):
    report = drift(window.rename(columns={"lead_time": "leadtime"}), reference)
    finding = next(f for f in report.findings if f.rule == "traffic.drift.missing_column")
    assert finding.where["column"] == "lead_time" and "'leadtime'" in finding.remedy


def test_running_numbers_are_keys_and_times_move_on(drift, reference, window):
    report = drift(
        window.assign(no=np.arange(2000) + 90_000, day=window["at"]),
        reference.assign(no=np.arange(12_000), day=reference["at"]),
    )
    assert report.data["keys"] == ["no"] and not alarms(report)


def test_few_rows_are_incomplete_and_none_an_error(drift, reference, window):
    assert not drift(window[:20], reference).coverage.complete
    with pytest.raises(BadInput, match="no row"):
        drift(window[:0], reference)
    with pytest.raises(UsageError, match="holds no times|no times"):
        drift(window, reference, time="meal")


def test_rows_beyond_the_limit_are_drawn_and_said(drift, reference, window):
    report = drift(window, reference, rows=1000)
    assert sum(f.rule == "traffic.drift.sampled" for f in report.findings) == 2
    assert report.metric("rows", table="window").value == 2000
