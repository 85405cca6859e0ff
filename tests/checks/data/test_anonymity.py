"""data.anonymity on Adult beside pandas, on populations, and on odd tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from assay.checks.data.anonymity import check
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.kernel.severity import Severity

ADULT = Path(__file__).parents[3] / "src/assay/examples/income/adult.csv.gz"
QUASI = ("age", "education", "occupation", "sex")


@pytest.fixture
def anonymity(table, work):
    def anonymity_(frame, **options):
        if "population" in options:
            options["population"] = table(options["population"])
        report = check(table(frame), work=work, **options)
        json.dumps(report.to_dict(), allow_nan=False)
        return report

    return anonymity_


@pytest.fixture(scope="module")
def adult():
    return pd.read_csv(ADULT).iloc[:8000]


def rules(report, least=Severity.LOW):
    return {f.rule.removeprefix("data.anonymity.") for f in report.findings if f.severity >= least}


def test_adult_agrees_with_pandas(anonymity, adult, work):
    report = anonymity(adult, quasi=QUASI, sensitive=("income", "hours_per_week"))
    groups = adult.groupby(list(QUASI), dropna=False)
    sizes = groups.size()
    assert report.metric("k").value == 1 == sizes.min()
    assert report.metric("classes").value == len(sizes)
    assert report.metric("rows_alone").value == (sizes == 1).sum()
    assert report.metric("rows_below_k").value == sizes[sizes < 5].sum()
    assert report.metric("risk_average", intruder="prosecutor").value == pytest.approx(
        len(sizes) / len(adult)
    )
    assert report.metric("l_distinct", sensitive="income").value == groups.income.nunique().min()
    shares = adult.income.value_counts(normalize=True)
    apart = groups.income.value_counts(normalize=True).unstack(fill_value=0) - shares
    assert report.metric("t_closeness", sensitive="income").value == pytest.approx(
        apart.abs().sum(axis=1).max() / 2
    )
    hours = adult.hours_per_week.value_counts(normalize=True).sort_index()
    steps = groups.hours_per_week.value_counts(normalize=True).unstack(fill_value=0)[hours.index] - hours
    expected = steps.cumsum(axis=1).abs().sum(axis=1).max() / (len(hours) - 1)
    assert report.metric("t_closeness", sensitive="hours_per_week").value == pytest.approx(expected)
    assert rules(report) == {"k", "l"} and report.worst() == Severity.HIGH
    listed = pq.read_table(work.store.path(report.outputs[0].digest)).to_pandas()
    assert (
        len(listed) == len(sizes) and listed.rows.sum() == len(adult) and listed.rows.is_monotonic_increasing
    )
    row = listed.iloc[-1]
    part = adult[(adult[list(QUASI)] == row[list(QUASI)]).all(axis=1)]
    assert len(part) == row["rows"] and part.income.nunique() == row.income_values
    assert part.income.value_counts(normalize=True).max() == pytest.approx(row.income_commonest)


def test_rows_that_hide_well_are_let_pass(anonymity):
    frame = pd.DataFrame({"age": [30] * 10 + [40] * 10, "ill": ["yes", "no"] * 10})
    report = anonymity(frame, quasi=("age",), sensitive=("ill",))
    assert not report.findings and report.metric("k").value == 10
    assert report.metric("l_distinct", sensitive="ill").value == 2
    assert report.metric("t_closeness", sensitive="ill").value == 0
    assert report.metric("rows_at_risk", intruder="prosecutor").value == 0
    strict = anonymity(frame, quasi=("age",), sensitive=("ill",), k=11, l=3)
    assert rules(strict) == {"k", "l"}


def test_a_class_in_which_all_are_alike_gives_them_away(anonymity):
    frame = pd.DataFrame({"age": [30] * 10 + [40] * 10, "ill": ["yes"] * 10 + ["yes", "no"] * 5})
    report = anonymity(frame, quasi=("age",), sensitive=("ill",), t=0.2)
    assert rules(report) == {"l", "t"}
    found = next(f for f in report.findings if f.rule == "data.anonymity.l")
    assert found.severity == Severity.HIGH and found.count == 10 and "all rows hold the same" in found.message
    assert report.metric("c_recursive", sensitive="ill").reason == "infinite"


def test_quasi_identifiers_are_guessed_and_identifiers_told(anonymity, adult):
    frame = adult.assign(id=range(len(adult))).drop(columns="fnlwgt")
    report = anonymity(frame, sensitive=("income",))
    assert report.data["identifiers"] == ["id"] and "identifier" in rules(report)
    assert {"age", "sex", "race", "native_country"} <= set(report.data["quasi"])
    assert not {"income", "id", "capital_gain"} & set(report.data["quasi"])
    best = report.data["sets"][0]
    alone = (frame.groupby(best["columns"], dropna=False).age.transform("size") == 1).mean()
    assert best["unique"] == pytest.approx(alone) and alone > 0.05
    rng = np.random.default_rng(0)
    nameless = pd.DataFrame({f"v{i}": rng.integers(0, 30, 500) for i in range(4)})
    report = anonymity(nameless)
    assert len(report.data["quasi"]) == 2 and "guessed" in rules(report, Severity.INFO)


def test_a_population_says_who_is_found(anonymity):
    people = pd.DataFrame({"age": [30] * 6 + [40] + [50] * 3, "zip": ["a"] * 10})
    sample = pd.DataFrame({"age": [30, 30, 40, 50, 99], "zip": ["a"] * 5})
    report = anonymity(sample, quasi=("age", "zip"), population=people, k=1)
    assert report.metric("risk_highest", intruder="journalist").value == 1
    # 30: two rows at 1/6; 40: 1; 50: 1/3; 99 is not in it, and counts as alone
    assert report.metric("risk_average", intruder="journalist").value == pytest.approx(
        (2 / 6 + 1 + 1 / 3 + 1) / 5
    )
    assert report.metric("population_uniqueness").value == pytest.approx(2 / 5)
    assert rules(report) == {"risk", "not_in_population"}
    with pytest.raises(Missing, match="zip"):
        anonymity(sample, quasi=("age", "zip"), population=people[["age"]])


def test_a_population_of_known_size_is_estimated(anonymity, adult):
    sample = adult.iloc[:800]
    report = anonymity(sample, quasi=QUASI, population_size=len(adult))
    size = adult.groupby(list(QUASI), dropna=False).age.transform("size").iloc[:800]
    found = report.metric("population_uniqueness")
    truth, alone = (size == 1).mean(), report.metric("sample_uniqueness").value
    assert found.of["model"] == "Pitman" and abs(found.value - truth) < abs(alone - truth) / 2
    with pytest.raises(UsageError, match="smaller"):
        anonymity(sample, quasi=QUASI, population_size=5)


def test_a_hierarchy_brings_near_what_is_alike(anonymity, tmp_path):
    (tmp_path / "ill.csv").write_text("flu;lung\npneumonia;lung\nulcer;gut\ncolitis;gut\n")
    frame = pd.DataFrame(
        {
            "age": [30] * 4 + [40] * 4,
            "ill": ["flu", "flu", "ulcer", "ulcer", "pneumonia", "pneumonia", "colitis", "colitis"],
        }
    )
    equal = anonymity(frame, quasi=("age",), sensitive=("ill",), k=2)
    tree = anonymity(frame, quasi=("age",), sensitive=("ill",), k=2, hierarchies=tmp_path)
    assert equal.metric("t_closeness").value == pytest.approx(0.5)
    assert tree.metric("t_closeness").value == pytest.approx(0.25)
    assert tree.metric("t_closeness").of["distance"] == "hierarchical"
    with pytest.raises(UsageError, match="does not know 'cold'"):
        anonymity(frame.replace("flu", "cold"), quasi=("age",), sensitive=("ill",), hierarchies=tmp_path)


def test_more_combinations_than_are_held_are_counted_where_they_lie(anonymity, adult, monkeypatch):
    from assay.checks.data import anonymity as module

    whole = anonymity(adult, quasi=QUASI, sensitive=("income",))
    monkeypatch.setattr(module, "MOST", 100)
    counted = anonymity(adult, quasi=QUASI, sensitive=("income",))
    for name in ("k", "classes", "rows_alone", "rows_below_k"):
        assert counted.metric(name).value == whole.metric(name).value
    assert not counted.coverage.complete and not counted.outputs


def test_mistakes(anonymity):
    frame = pd.DataFrame({"a": [1, 2], "b": [[1], [2]]})
    with pytest.raises(Missing):
        anonymity(frame, quasi=("z",))
    with pytest.raises(UsageError, match="both"):
        anonymity(frame, quasi=("a",), sensitive=("a",))
    with pytest.raises(UsageError, match="not compared"):
        anonymity(frame, quasi=("b",))
    with pytest.raises(BadInput, match="no row"):
        anonymity(frame.iloc[:0], quasi=("a",))
    assert anonymity(pd.DataFrame({"a": [1, 1]})).data["quasi"] == []
    assert anonymity(pd.DataFrame({"a": [1.5]}), quasi=("a",)).metric("k").value == 1
