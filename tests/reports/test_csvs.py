"""Rows as CSV: read back as they were, but for texts that a spreadsheet would compute."""

from __future__ import annotations

import csv
import io

from assay.reports.csvs import table


def test_rows_come_back_and_numbers_stay_numbers():
    said = table(["a", "b"], [[-1.5, "x,y"], [None, {"k": [1]}], [True, 'say "yes"']])
    assert list(csv.reader(io.StringIO(said))) == [
        ["a", "b"], ["-1.5", "x,y"], ["", '{"k": [1]}'], ["True", 'say "yes"'],
    ]  # fmt: skip


def test_what_a_log_says_was_a_formula_in_the_spreadsheet_that_opened_it():
    hostile = ["=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "\t=1", ' "=1', "＝1"]
    rows = list(csv.reader(io.StringIO(table(["agent"], [[h] for h in hostile]))))[1:]
    assert [r[0] for r in rows] == [f"'{h}" for h in hostile]
