"""data.profile of a table of five million rows: within its memory and its time, and still exact."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

ADULT = Path(__file__).parents[3] / "src/assay/examples/income/adult.csv.gz"
pytestmark = pytest.mark.slow


def test_a_hundred_times_adult_stays_under_a_gigabyte_and_a_half(tmp_path):
    path = tmp_path / "adult.parquet"
    make = f"import duckdb; duckdb.execute(\"COPY (SELECT a.* FROM read_csv('{ADULT}') a, range(100)) TO '{path}'\")"
    subprocess.run(
        [sys.executable, "-c", make], check=True
    )  # not here: a child's peak begins with its parent's
    ask = "from assay.doors.cli import main; main()"
    with (tmp_path / "report.json").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", ask, "check", "data.profile", str(path), "--format", "json"],
            stdout=out,
            cwd=tmp_path,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert used.ru_maxrss < 1.5 * 1024**2, f"{used.ru_maxrss >> 10} MB"
    # a processor's seconds: both cores for fifteen seconds
    assert used.ru_utime + used.ru_stime < 30, f"{used.ru_utime + used.ru_stime:.1f} s"
    report = json.loads((tmp_path / "report.json").read_text())
    once = pd.read_csv(ADULT)
    of = {(m["name"], m["of"].get("column")): m["value"] for m in report["metrics"]}
    assert of["rows", None] == 100 * len(once)
    for name in once:
        assert of["missing", name] == 100 * once[name].isna().sum()
        assert of["distinct", name] == once[name].nunique()
    for name in once.select_dtypes("number"):
        assert of["mean", name] == pytest.approx(once[name].mean(), rel=1e-9)
        assert of["median", name] == once[name].median()
    whole = duckdb.execute(f"SELECT skewness(age), stddev_samp(age) FROM '{path}'").fetchone()
    assert of["skewness", "age"] == pytest.approx(whole[0], rel=1e-6)
    assert of["std", "age"] == pytest.approx(whole[1], rel=1e-9)
