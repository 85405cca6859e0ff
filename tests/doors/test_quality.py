"""data.quality as a user types it: in a pipeline with reuse, with its failing rows kept, suggested and gated."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pandas as pd
import pytest

ASSAY = [sys.executable, "-c", "from assay.doors.cli import main; main()"]
CUSTOMERS = "id,name,age,joined\n1,Ann Lee,34,2021-04-01\n2,Bo Ray,,2021-05-01\n3,Cy Dow,17,2021-06-01\n"
ORDERS = "order,customer,amount\n1,1,10\n2,2,20\n3,9,-5\n"
RULES = """\
rules:
  - {unique: order}
  - {references: customer, table: customers.csv, column: id, mostly: 0.6}
  - {range: amount, min: 0, severity: medium, message: amounts are never negative}
"""
PIPELINE = """\
name: orders
data: {orders: {source: orders.csv}}
steps:
  quality: {check: data.quality, of: orders, rules: rules.yaml}
"""


@pytest.fixture
def shop(tmp_path):
    files = {"customers.csv": CUSTOMERS, "orders.csv": ORDERS, "rules.yaml": RULES, "assay.yaml": PIPELINE}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def _assay(folder, *args, code=0):
    """Run a command in this process, where its start costs nothing."""
    from assay.doors.cli.main import main

    before, out, err = os.getcwd(), io.StringIO(), io.StringIO()
    os.chdir(folder)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main(list(args))
                ended = 0
            except SystemExit as stop:
                ended = int(stop.code or 0)
    finally:
        os.chdir(before)
    assert ended == code, out.getvalue() + err.getvalue()
    return out.getvalue()


def _run(folder, code=0):
    return json.loads(_assay(folder, "run", "--format", "json", code=code))["steps"][0]


def test_a_step_is_reused_until_its_ruleset_or_another_table_of_it_changes(shop):
    _assay(shop, "init")
    first = _run(shop)
    assert (first["outcome"], first["cached"]) == ("pass", False)
    assert set(first["inputs"]) == {"table", "tables.customers.csv"}
    assert first["inputs"]["tables.customers.csv"]["digest"].startswith("sha256:")
    assert _run(shop)["cached"] is True
    (shop / "rules.yaml").write_text(RULES.replace("severity: medium", "severity: high"))
    again = _run(shop, code=1)
    assert (again["outcome"], again["cached"]) == ("fail", False)
    (shop / "rules.yaml").write_text(RULES)
    assert _run(shop)["cached"] is True
    (shop / "customers.csv").write_text("id,name\n1,Ann Lee\n")
    changed = _run(shop, code=1)
    assert (changed["outcome"], changed["cached"]) == ("fail", False)


def test_another_table_of_the_pipeline_stands_in_for_the_one_that_is_named(shop):
    _assay(shop, "init")
    (shop / "rules.yaml").write_text(RULES.replace("customers.csv", "people"))
    (shop / "assay.yaml").write_text(
        PIPELINE.replace("orders.csv}}", "orders.csv}, known: {source: customers.csv}}").replace(
            "rules: rules.yaml", "rules: rules.yaml, tables: {people: known}"
        )
    )
    step = _run(shop)
    assert (step["outcome"], set(step["inputs"])) == ("pass", {"table", "tables.people"})


def test_the_report_and_the_failing_rows_of_a_single_check(shop):
    shown = _assay(shop, "check", "data.quality", "orders.csv", "--rules", "rules.yaml", "--keep", "out")
    assert "amounts are never negative: 1 of 3 rows breaks it, the first being row 3" in " ".join(
        shown.split()
    )
    rows = pd.read_parquet(shop / "out" / "failing_rows.parquet")
    assert rows.to_dict("list") == {
        "row": [3], "rule": ["range amount"], "column": ["amount"], "value": ["-5"],
    }  # fmt: skip
    call = ["check", "data.quality", "orders.csv", "--rules", "rules.yaml"]
    _assay(shop, *call, "--fail-on", "medium", code=1)
    report = json.loads(_assay(shop, *call, "--format", "json"))
    assert report["inputs"]["tables.customers.csv"]["uri"].endswith("customers.csv")
    for form in ("sarif", "junit", "html", "markdown"):
        assert "amounts are never negative" in _assay(shop, *call, "--format", form)


def test_a_ruleset_is_suggested_kept_and_obeyed(shop):
    _assay(shop, "check", "data.quality", "customers.csv", "--suggest", "--keep", ".")
    text = (shop / "rules.yaml").read_text()
    assert "complete: [id, name, joined]" in text
    _assay(shop, "check", "data.quality", "customers.csv", "--rules", "rules.yaml", "--fail-on", "info")


@pytest.mark.parametrize(
    ("rules", "code", "said"),
    [
        ("rules:\n  - {uniq: order}\n", 2, "rules.yaml:2: there is no rule 'uniq'; did you mean 'unique'?"),
        ("rules:\n  - {references: customer, table: none.csv}\n", 2, "none.csv"),
        ("rules:\n  - {references: customer, table: people}\n", 1, ""),
        ('Rules = [ DetectAnomalies "RowCount" ]', 1, ""),
    ],
)
def test_mistakes_and_what_is_not_known_never_pass(shop, rules, code, said):
    (shop / "rules.yaml").write_text(rules)
    done = subprocess.run(
        [*ASSAY, "check", "data.quality", "orders.csv", "--rules", "rules.yaml"],
        cwd=shop, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr
    if code == 1:
        assert "INCOMPLETE" in done.stdout.upper()


def test_from_python_with_tables_in_memory(shop):
    import assay

    orders, people = pd.read_csv(shop / "orders.csv"), pd.read_csv(shop / "customers.csv")
    result = assay.check("data.quality", orders, rules=shop / "rules.yaml", tables={"customers.csv": people})
    assert result.outcome == "pass"
    assert result.metric("failing", rule="references customer").value == 1
