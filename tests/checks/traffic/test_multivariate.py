"""traffic.multivariate: columns that no longer go together are told, though each by itself is as it was."""

from __future__ import annotations

import json

import numpy as np
import pytest

from assay.checks.traffic.drift import check as drift
from assay.checks.traffic.multivariate import check
from assay.kernel.severity import Severity

from .conftest import DAY, MONDAY, requests


@pytest.fixture
def multivariate(table, work):
    def multivariate_(new, old, **options):
        options = {"time": "at", "caller": "caller"} | options
        report = check(table(new), against=table(old, "old"), work=work, **options)
        json.dumps(report.to_dict(), allow_nan=False)
        return report

    return multivariate_


@pytest.fixture(scope="module")
def people(adult):
    """Adult with a column that age and education nearly say."""
    noise = np.random.default_rng(9).integers(0, 6, len(adult))
    return adult.drop(columns="truth").assign(years_at_work=adult["age"] - adult["education_num"] - 4 - noise)


@pytest.fixture(scope="module")
def reference(people):
    return requests(people, 20_000, MONDAY, 14 * DAY, np.random.default_rng(1))


@pytest.fixture
def window(people):
    return requests(people, 3000, MONDAY + 14 * DAY, DAY, np.random.default_rng(2))


def alarms(report):
    return {f.rule.split(".")[-1]: f for f in report.findings if f.severity >= Severity.MEDIUM}


def test_healthy_traffic_is_quiet(multivariate, reference, window):
    report = multivariate(window, reference)
    assert not alarms(report) and report.data == report.data | {"alarm": False, "season": "week"}
    assert 0.47 < report.metric("classifier_auc").value < 0.53


def test_a_shuffled_column_is_found_where_no_column_drifts(multivariate, reference, window, table, work):
    late = window.index >= 1000
    shuffled = window.loc[late, "years_at_work"].sample(frac=1, random_state=1)
    window.loc[late, "years_at_work"] = shuffled.to_numpy()
    alone = drift(table(window), against=table(reference), time="at", work=work)
    assert alone.data["alarm"] is False
    found = alarms(multivariate(window, reference))
    assert "years_at_work" in found["classifier"].where["columns"]
    told = found["reconstruction"]
    assert "years_at_work" in told.where["columns"] and abs(told.where["row"] - 1000) < 200
    assert told.remedy and "years_at_work" in told.message


def test_only_the_components_where_no_classifier_is_wanted(multivariate, reference, window):
    report = multivariate(window, reference, classifier=False)
    assert not any(m.name == "classifier_auc" for m in report.metrics)
    assert report.metric("components").value > 2 and report.metric("variance_held").value >= 0.65


def test_too_few_rows_or_columns_are_incomplete(multivariate, reference, window):
    assert not multivariate(window[:50], reference).coverage.complete
    two = ["age", "at", "caller"]
    assert not multivariate(window[two], reference[two]).coverage.complete
