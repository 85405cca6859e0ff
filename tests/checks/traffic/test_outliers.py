"""traffic.outliers: the requests that were planted are in the output, with their columns; the usual ones do not alarm."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from assay.checks.traffic.outliers import check
from assay.kernel.severity import Severity

from .conftest import DAY, MONDAY, requests


@pytest.fixture
def outliers(table, work):
    def outliers_(new, old, **options):
        options = {"time": "at", "caller": "caller"} | options
        report = check(table(new), against=table(old, "old"), work=work, **options)
        json.dumps(report.to_dict(), allow_nan=False)
        return report

    return outliers_


@pytest.fixture
def reference(adult):
    return requests(adult.drop(columns="truth"), 8000, MONDAY, 14 * DAY, np.random.default_rng(1))


@pytest.fixture
def window(adult):
    return requests(adult.drop(columns="truth"), 2000, MONDAY + 14 * DAY, DAY, np.random.default_rng(2))


def alarms(report):
    return [f for f in report.findings if f.severity >= Severity.MEDIUM]


def _output(report, work):
    (asset,) = report.outputs
    return pq.read_table(
        work.store.path(asset.digest) if hasattr(work.store, "path") else _path(work, asset)
    ).to_pandas()


def _path(work, asset):
    import io

    with work.store.open(asset.digest) as file:
        return io.BytesIO(file.read())


def test_the_usual_few_do_not_alarm_and_are_an_output(outliers, reference, window, work):
    report = outliers(window, reference)
    assert not alarms(report) and report.data["alarm"] is False
    share = report.metric("outlier_share", table="window").value
    assert share < 0.01 and len(_output(report, work)) == round(share * 2000)


def test_planted_requests_are_found_with_column_caller_and_time(outliers, reference, window, work):
    planted = (window.index >= 1200) & (window["caller"] == "desk") & (window.index % 4 == 0)
    window.loc[planted, "age"] = -window["age"]
    report = outliers(window, reference)
    (finding,) = alarms(report)
    assert finding.where["column"] == "age" and finding.where["callers"] == ["desk"]
    assert abs(finding.where["row"] - 1200) < 60
    rows = _output(report, work)
    found = rows[rows["outlier_columns"].str.startswith("age")]
    assert set(np.flatnonzero(planted)) <= set(found["outlier_row"])
    assert (found["age"] < 0).mean() > 0.9 and rows["outlier_times"].is_monotonic_decreasing


def test_values_that_never_go_together_are_found_though_each_is_common(outliers, reference, window, work):
    for frame, seed in ((reference, 1), (window, 2)):
        noise = np.random.default_rng(seed).integers(0, 6, len(frame))
        frame["years_at_work"] = frame["age"] - frame["education_num"] - 4 - noise
    window.loc[100:140, ["age", "years_at_work"]] = [24, 38]
    report = outliers(window, reference)
    rows = _output(report, work)
    found = rows[rows["outlier_row"].between(100, 140)]
    assert len(found) > 35 and found["outlier_columns"].str.contains("years_at_work").mean() > 0.9
    assert alarms(report)


def test_a_category_never_seen_is_an_outlier(outliers, reference, window, work):
    window.loc[5, "workclass"] = "Robot"
    rows = _output(outliers(window, reference), work)
    assert "workclass" in rows.set_index("outlier_row").loc[5, "outlier_columns"]


def test_a_reference_of_a_few_rows_is_incomplete(outliers, reference, window):
    assert not outliers(window, reference[:50]).coverage.complete
