"""Constraints and violations as SageMaker Model Monitor's documentation, and files of its container, have them."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from assay.methods.monitor import constraints, statistics, violations
from assay.methods.monitor.constraints import Config
from assay.methods.monitor.kll import Kll
from assay.methods.monitor.statistics import Column
from assay.methods.monitor.violations import compared


def table(**columns):
    rows = max(map(len, columns.values()))
    return statistics.Statistics(rows, {n: statistics.counted(n, [pa.array(v)]) for n, v in columns.items()})


def broken(window, document, baseline=None):
    found = violations.evaluate(window, constraints.read(document), baseline)
    return [(v.feature, v.check) for v in found.violations]


DOCUMENTED = {
    "version": 0,
    "features": [
        {
            "name": "age",
            "inferred_type": "Integral",
            "completeness": 1.0,
            "num_constraints": {"is_non_negative": True},
        },
        {
            "name": "state",
            "inferred_type": "String",
            "completeness": 0.5,
            "string_constraints": {"domains": ["CA", "NY"]},
        },
    ],
    "monitoring_config": {
        "evaluate_constraints": "Enabled",
        "emit_metrics": "Enabled",
        "datatype_check_threshold": 1.0,
        "domain_content_threshold": 1.0,
        "distribution_constraints": {
            "perform_comparison": "Enabled",
            "comparison_threshold": 0.1,
            "comparison_method": "Robust",
        },
    },
}
GOOD = {"age": [30, 40, 50, 60], "state": ["CA", "NY", "CA", None]}


def test_a_window_that_keeps_them_has_no_violation():
    assert broken(table(**GOOD), DOCUMENTED) == []


@pytest.mark.parametrize(
    ("column", "values", "check"),
    [
        ("age", ["30", "forty", "50", "60"], "data_type_check"),
        ("age", [30, None, 50, 60], "completeness_check"),
        ("age", [30, -1, 50, 60], "non_negative_check"),
        ("state", ["CA", "NY", "TX", None], "categorical_values_check"),
        ("state", ["CA", None, None, None], "completeness_check"),
    ],
)
def test_each_documented_check_finds_its_own_violation(column, values, check):
    assert broken(table(**(GOOD | {column: values})), DOCUMENTED) == [(column, check)]


def test_missing_and_extra_columns():
    assert broken(table(age=GOOD["age"], more=[1, 2, 3, 4]), DOCUMENTED) == [
        ("state", "missing_column_check"), ("more", "extra_column_check"),
    ]  # fmt: skip


def test_the_text_of_a_type_is_the_containers():
    # As in the published walk-throughs of the container: "chas" was learnt as whole numbers and came as 0.0.
    document = {"features": [{"name": "chas", "inferred_type": "Integral", "completeness": 1.0}], "monitoring_config": {"datatype_check_threshold": 1.0}}  # fmt: skip
    found = violations.evaluate(table(chas=[0.0, 1.0]), constraints.read(document))
    assert [v.to_dict() for v in found.violations] == [
        {
            "feature_name": "chas",
            "constraint_check_type": "data_type_check",
            "description": "Data type match requirement is not met. Expected data type: Integral, Expected match: 100.0%. "
            "Observed: Only 0.0% of data is Integral.",
        }
    ]
    half = violations.evaluate(table(chas=["0", "0.5"]), constraints.read(document)).violations[0]
    assert half.description.endswith("Observed: Only 50.0% of data is Integral.")


def test_a_type_threshold_is_the_share_that_must_match():
    document = json.loads(json.dumps(DOCUMENTED))
    document["monitoring_config"]["datatype_check_threshold"] = 0.75
    assert broken(table(**(GOOD | {"age": ["30", "forty", "50", "60"]})), document) == []
    document["monitoring_config"]["datatype_check_threshold"] = 0.76
    assert broken(table(**(GOOD | {"age": ["30", "forty", "50", "60"]})), document) == [
        ("age", "data_type_check")
    ]


def _drift(method, threshold=0.1, categorical=None, drift=None):
    config = {"comparison_threshold": threshold, "comparison_method": method}
    config |= {"categorical_comparison_threshold": categorical} if categorical is not None else {}
    config |= {"categorical_drift_method": drift} if drift else {}
    features = [{"name": "n", "inferred_type": "Integral"}, {"name": "s", "inferred_type": "String"}]
    return {"features": features, "monitoring_config": {"distribution_constraints": config}}


def test_drift_is_told_with_the_distance_and_its_threshold():
    old = table(n=list(range(100)), s=["a"] * 50 + ["b"] * 50)
    new = table(n=list(range(50, 150)), s=["a"] * 80 + ["b"] * 20)
    found = violations.evaluate(new, constraints.read(_drift("Simple")), old)
    assert [v.description for v in found.violations] == [
        "Numerical distance: 0.5 exceeds numerical threshold: 0.1",
        "Categorical distance: 0.30000000000000004 exceeds categorical threshold: 0.1",
    ]
    assert broken(new, _drift("linf_robust"), old) == [
        ("n", "baseline_drift_check")
    ]  # 0.5 - 1.8 √(200 / 10000) = 0.245; 0.3 → 0.045
    assert broken(new, _drift("Simple", 0.5, 0.3), old) == [
        ("s", "baseline_drift_check")
    ]  # 0.3 is a little more as a float
    assert broken(new, _drift("Robust", 0.9, 0.05, "ChiSquared"), old) == [("s", "baseline_drift_check")]
    assert broken(old, _drift("Robust", 0.9, 0.05, "ChiSquared"), old) == []


def test_a_robust_distance_never_alarms_on_a_small_window():
    old, new = table(n=list(range(5))), table(n=list(range(100, 105)))
    assert broken(new, {"features": [{"name": "n", "inferred_type": "Integral"}]}, old) == []


def test_every_spelling_is_read_and_one_is_written():
    sdk = {
        "features": [
            {
                "name": "s",
                "inferred_type": "String",
                "completeness": 1,
                "string_constraints": {
                    "domains": ["a"],
                    "monitoring_config_overrides": {"evaluate_constraints": "Disabled"},
                },
            },
            {"name": "n", "inferred_type": "Fractional", "monitoringConfigOverrides": {"distribution_constraints": {"comparion_method": "linf_simple", "comparison_threshold": 0.3}}},
        ],
        "monitoring_config": {},
    }  # fmt: skip
    read = constraints.read(sdk)
    assert read.config == Config(
        True, True, 0.1, 0.1, True, 0.1, "Robust", 0.1, "LInfinity"
    )  # what the documentation gives
    assert not read.of(read.features[0]).evaluate
    own = read.of(read.features[1])
    assert (own.method, own.distance, own.categories) == (
        "Simple",
        0.3,
        0.3,
    )  # of texts as of numbers, unless said
    written = read.to_dict()
    assert written["features"][0]["monitoringConfigOverrides"] == {"evaluate_constraints": "Disabled"}
    assert constraints.read(written) == read


def test_suggested_constraints_are_kept_by_the_baseline_itself():
    base = table(
        age=[30, 40, 50] * 20,
        change=[-1, 0, 1] * 20,
        state=["CA", "NY", None] * 20,
        id=[f"k{i}" for i in range(60)],
    )
    made = constraints.suggested(base)
    assert [(f.name, f.inferred, f.non_negative, f.domain) for f in made.features] == [
        ("age", "Integral", True, None), ("change", "Integral", False, None), ("state", "String", None, ("CA", "NY")),
        ("id", "String", None, None),
    ]  # fmt: skip
    assert made.features[2].completeness == pytest.approx(2 / 3)
    assert violations.evaluate(base, made, base).violations == ()
    document = made.to_dict()
    assert document["monitoring_config"]["datatype_check_threshold"] == 1.0
    assert constraints.read(document) == made


def test_what_is_none_is_refused():
    for bad in ([], {"features": {}}, {"features": [{}]}, {"features": [3]}):
        with pytest.raises(ValueError, match="no constraints.json"):
            constraints.read(bad)


def test_a_domain_that_could_not_be_counted_was_told_as_kept_or_as_broken_by_all():
    document = {
        "features": [DOCUMENTED["features"][1]],
        "monitoring_config": {"domain_content_threshold": 1.0},
    }
    many = table(state=["CA"] * 10_001 + [f"k{i}" for i in range(statistics.MOST_VALUES)])
    (found,) = violations.evaluate(many, constraints.read(document)).violations
    assert found.observed == pytest.approx(1 - 9_999 / 20_001)  # one of the 10,001 different may be NY
    assert "At most 50.0" in found.description
    document["monitoring_config"]["domain_content_threshold"] = 0.1
    loose = violations.evaluate(many, constraints.read(document))
    assert loose.violations == () and loose.untold == ("state",)
    assert violations.evaluate(table(state=[1, 2]), constraints.read(document)).untold == ("state",)
    assert violations.evaluate(table(**GOOD), constraints.read(DOCUMENTED)).untold == ()


FEATURE = {"name": "x", "inferred_type": "Integral", "completeness": 1.0}


@pytest.mark.parametrize(
    ("features", "config", "said"),
    [
        ([], {}, "constrains no column"),
        ([FEATURE, FEATURE], {}, "names the feature 'x' twice"),
        ([FEATURE | {"name": 5}], {}, "called '5', which is no name"),
        ([FEATURE | {"completeness": "NaN"}], {}, "completeness of x is 'NaN'"),
        ([FEATURE | {"completeness": 2}], {}, "completeness of x is '2'"),
        ([FEATURE | {"completeness": True}], {}, "completeness of x is 'True'"),
        ([FEATURE | {"inferred_type": "Strng"}], {}, "inferred_type of x is 'Strng'"),
        ([FEATURE | {"string_constraints": {"domains": "abc"}}], {}, "domains of x is no list"),
        (
            [FEATURE | {"num_constraints": {"is_non_negative": "perhaps"}}],
            {},
            "is_non_negative of x is 'perhaps'",
        ),
        (
            [FEATURE | {"monitoringConfigOverrides": {"evaluate_constraints": "Enabeld"}}],
            {},
            "evaluate_constraints",
        ),
        ([FEATURE], {"evaluate_constraints": "Enabeld"}, "evaluate_constraints is 'Enabeld'"),
        ([FEATURE], {"datatype_check_threshold": -1}, "datatype_check_threshold is '-1'"),
        (
            [FEATURE],
            {"distribution_constraints": {"comparison_threshold": "inf"}},
            "comparison_threshold is 'inf'",
        ),
        (
            [FEATURE],
            {"distribution_constraints": {"comparison_method": "Robst"}},
            "comparison_method is 'Robst'",
        ),
    ],
)
def test_constraints_that_were_misspelt_held_nothing_and_passed(features, config, said):
    with pytest.raises(ValueError, match=said):
        constraints.read({"features": features, "monitoring_config": config})


def test_a_sketch_that_lost_its_numbers_was_compared_as_if_it_had_few():
    import numpy as np

    def column(n):
        made = Column("x", "Integral", 5_000, 0)
        made.sketch = Kll()
        made.sketch.update(np.arange(n, dtype=float))
        return made

    found = compared(column(3), column(5_000), Config())
    assert found.value is None and "holds 3 of 5,000 numbers" in found.reason
    assert compared(column(4_000), column(5_000), Config()).value is not None
    with pytest.raises(ValueError, match="nothing comes less than never"):
        statistics.read(
            {
                "features": [
                    {"name": "x", "numerical_statistics": {"common": {"num_present": -1, "num_missing": 0}}}
                ]
            }
        )
