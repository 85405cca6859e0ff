"""Suggested rulesets: they hold where they come from, and on more of the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import assay
from assay.checks.data.quality import check
from assay.methods.quality.suggest import _above, _below, _pattern

EXAMPLES = Path(assay.__file__).parent / "examples"


def _suggested(opened, work, tmp_path):
    report = check(opened, suggest=True, work=work)
    (output,) = report.outputs
    path = tmp_path / "rules.yaml"
    path.write_bytes(work.store.path(output.digest).read_bytes())
    assert path.read_text() == report.data["ruleset"]
    assert not report.findings and report.metric("rules_broken").value == 0
    return path


@pytest.mark.slow
@pytest.mark.parametrize("file", ["income/adult.csv.gz", "bookings/bookings.csv.gz"])
def test_real_tables_obey_what_is_suggested_of_them(table, work, tmp_path, file):
    opened = table(EXAMPLES / file)
    path = _suggested(opened, work, tmp_path)
    report = check(table(EXAMPLES / file), rules=path, work=work)
    assert report.coverage.complete and not report.findings
    assert report.metric("rules").value > 15


def test_half_of_a_table_suggests_what_the_other_half_obeys(table, work, tmp_path):
    frame = pd.read_csv(EXAMPLES / "income" / "adult.csv.gz")
    path = _suggested(table(frame.iloc[::2]), work, tmp_path)
    report = check(table(frame.iloc[1::2]), rules=path, work=work)
    assert [f.message for f in report.findings] == []


def test_each_kind_of_column(table, work, tmp_path):
    rng = np.random.default_rng(3)
    n = 400
    frame = pd.DataFrame(
        {
            "id": rng.permutation(n) + 17,
            "flag": rng.integers(0, 2, n),
            "one": 3,
            "share": rng.random(n),
            "delta": rng.normal(size=n),
            "yes": rng.choice(["yes", "no"], n),
            "rare": ["a", "b"] * 199 + ["c", "d"],
            "mail": [f"p{k}@x.example" for k in range(n)],
            "code": [f"AB-{k:04d}.x" for k in range(n)],
            "free": [f"text {'x' * (k % 9)} {k}" for k in range(n)],
            "day": pd.date_range("2021-03-01", periods=n),
            "gaps": [None] * 8 + list(range(n - 8)),
            "empty": [None] * n,
        }
    )
    rules = yaml.safe_load(_suggested(table(frame), work, tmp_path).read_text())["rules"]
    by = {}
    for rule in rules[3:]:
        kind, name = next(iter(rule.items()))
        by.setdefault(name, []).append((kind, {k: v for k, v in rule.items() if k != kind}))
    assert rules[0] == {"row_count": None, "min": 200}
    assert "gaps" not in rules[2]["complete"] and "id" in rules[2]["complete"]
    assert by["id"] == [("unique", {}), ("range", {"min": 0})]
    assert by["flag"] == [("set", {"values": [0, 1]})]
    assert by["one"] == [("range", {"min": 0, "max": 5})]
    assert by["share"] == [("range", {"min": 0, "max": 1})]
    assert by["delta"][0][1]["min"] <= frame.delta.min() * 1.4
    assert by["yes"] == [("set", {"values": ["no", "yes"]})]
    assert by["rare"] == [("set", {"values": ["a", "b", "c", "d"], "mostly": 0.99})]
    assert ("format", {"is": "email"}) in by["mail"]
    assert ("pattern", {"matches": r"[A-Z]{2}-\d{4}\.[a-z]"}) in by["code"]
    assert by["free"][-1] == ("length", {"min": 1})
    assert by["day"] == [("range", {"min": "2021-01-01", "max": "now + 1 day"})]
    assert by["gaps"] == [("complete", {"mostly": 0.96}), ("range", {"min": 0, "max": 1000})]
    assert "empty" not in by


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_little_data_suggests_little(table, work, tmp_path, rows):
    frame = pd.DataFrame({"a": pd.array(range(rows), "Int64"), "b": pd.array(["x"] * rows, "string")})
    kinds = {
        next(iter(r)) for r in yaml.safe_load(_suggested(table(frame), work, tmp_path).read_text())["rules"]
    }
    assert kinds <= {"schema", "complete"}


def test_strange_names_survive_the_ruleset(table, work, tmp_path):
    frame = pd.DataFrame(
        {n: range(50) for n in ("yes", "a: b", "#c", "'d\"", "[e]", " f", "1", "null", "é\n")}
    )
    path = _suggested(table(frame), work, tmp_path)
    assert check(table(frame), rules=path, work=work).findings == ()


def test_round_numbers():
    assert [_above(v) for v in (1, 1.1, 2.1, 5.1, 99, 0.03)] == [1, 2, 5, 10, 100, 0.05]
    assert [_below(v) for v in (1, 9.9, 54, 24_421)] == [1, 9, 50, 20_000]
    assert _pattern("AA-99.a") == r"[A-Z]{2}-\d{2}\.[a-z]"
