from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from assay.kernel.errors import UsageError
from assay.methods.holding import held
from assay.methods.limits import AFTER, BEFORE, read_limits

POLICY = """\
metrics:
  DPPL: 0.1
  DI: {limit: 0.8, severity: critical}
  consistency: {limit: 0.9, severity: low}
facets:
  age:
    DPPL: {limit: 0.2, severity: medium}
    DI: none
"""


@dataclass
class M:
    name: str
    value: float | None
    of: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None


@pytest.fixture
def policy(tmp_path):
    (tmp_path / "fairness.yaml").write_text(POLICY)
    return read_limits(tmp_path / "fairness.yaml")


def _held(policy, *metrics, small=()):
    return [(b.metric, b.limit.severity if b.limit else None) for b in held(policy, metrics, (), small)]


def test_what_is_beyond_its_limit_either_way(policy):
    sex = {"facet": "sex", "group": "F"}
    assert (
        _held(policy, M("DPPL", 0.11, sex), M("DPPL", 0.1, sex), M("DPPL", -0.3, sex))
        == [("DPPL", "high")] * 2
    )
    ratios = [M("DI", v, sex) for v in (0.79, 0.8, 1.2, 1.26, 0.0)]
    assert _held(policy, *ratios) == [("DI", "critical")] * 3
    assert _held(policy, M("consistency", 0.89), M("consistency", 0.95)) == [("consistency", "low")]
    assert _held(policy, M("RD", 0.9, sex)) == []  # nobody limits it


def test_a_facet_has_limits_of_its_own(policy):
    age = {"facet": "age", "group": "> 40"}
    assert _held(policy, M("DPPL", 0.15, age), M("DPPL", 0.25, age), M("DI", 0.1, age)) == [
        ("DPPL", "medium")
    ]


def test_what_could_not_be_told_is_said_and_does_not_pass(policy):
    sex = {"facet": "sex", "group": "F"}
    found = held(policy, [M("DI", None, sex, "infinite"), M("DPPL", None, sex, "undefined")], ("DI",), ())
    assert [(b.metric, b.limit is not None, b.words) for b in found][1] == ("DPPL", False, "undefined")
    assert found[0].limit is not None and "infinite" in found[0].words
    assert [b.what for b in held(policy, [], AFTER, ())] == ["DPPL", "DI", "consistency"]
    assert held(policy, [], BEFORE, ()) == []  # they are told after training


def test_a_small_group_is_not_judged(policy):
    sex = {"facet": "sex", "group": "F"}
    assert _held(policy, M("DPPL", 0.9, sex), small=[("sex", "F")]) == []


def test_the_group_of_those_without_a_facet_is_held_to_the_policy_as_any_other(policy):
    missing = {"facet": "sex", "group": "(missing)"}
    assert _held(policy, M("DPPL", 0.9, missing)) == [("DPPL", "high")]
    assert _held(policy, M("DPPL", None, missing, "undefined")) == []


def test_a_facet_that_the_table_lacks_is_a_slip(policy):
    assert policy.check(["sex", "age"], ["sex"]) == ["age"]
    with pytest.raises(
        UsageError, match=r"fairness.yaml:6: the table has no column 'age'; did you mean 'Age'"
    ):
        policy.check(["sex", "Age"], ["sex"])


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("metrics:\n  DPLP: 0.1\n", 2, "there is no metric 'DPLP'; did you mean 'DPL'"),
        ("metrics:\n  DI: 1.25\n", 2, "write the least that is allowed"),
        ("metrics:\n  DI: 0\n", 2, "a ratio"),
        ("metrics:\n  DPPL: -1\n", 2, "a number of at least 0"),
        ("metrics:\n  DPPL: yes\n", 2, "a number of at least 0"),
        ("metrics:\n  DPPL: .nan\n", 2, "a number of at least 0"),
        ("metrics:\n  DPPL: none\n", 2, "has no limit"),
        ("metrics:\n  DPPL:\n    limit: 0.1\n    severity: hihg\n", 4, "did you mean 'high'"),
        ("metrics:\n  DPPL: {limt: 0.1}\n", 2, "did you mean 'limit'"),
        ("metrics:\n  DPPL: {severity: high}\n", 2, "says no limit"),
        ("metric:\n  DPPL: 0.1\n", 1, "did you mean 'metrics'"),
        ("facets:\n  sex: 0.1\n", 2, "must be a mapping"),
        ("metrics: {}\n", 1, "limits nothing"),
        ("min_group: 0\nmetrics: {DPPL: 0.1}\n", 1, "at least 1"),
    ],
)
def test_a_slip_is_told_with_its_line(tmp_path, text, line, said):
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(UsageError) as told:
        read_limits(tmp_path / "p.yaml")
    assert f"p.yaml:{line}: " in str(told.value) and said in str(told.value)
