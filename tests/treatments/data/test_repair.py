from __future__ import annotations

import numpy as np
import pandas as pd

from assay.checks.data.integrity import check
from assay.treatments.data.repair import treat


def _frame():
    rng = np.random.default_rng(0)
    changes = rng.integers(0, 4, 2000)
    flag = changes > 0
    flag[[3, 500, 1500]] ^= True
    return pd.DataFrame({"changes": changes, "has_changes": flag, "other": rng.normal(size=2000)}), changes


def test_the_derived_column_is_corrected_and_nothing_else(table, work):
    frame, changes = _frame()
    opened = table(frame)
    found = check(opened, work=work)
    assert [f.count for f in found.findings if f.rule == "data.integrity.derived_flag"] == [3]
    made = treat(opened, using=found, work=work)
    after = pd.read_parquet(work.store.path(made.outputs["out"].digest))
    assert (after.has_changes == (changes > 0)).all()
    assert after.changes.tolist() == frame.changes.tolist() and after.other.tolist() == frame.other.tolist()
    assert made.report.metric("rows_changed").value == 3


def test_without_a_rule_the_copy_is_unchanged(table, work):
    frame, _ = _frame()
    made = treat(table(frame), using=None, work=work)
    after = pd.read_parquet(work.store.path(made.outputs["out"].digest))
    assert after.has_changes.tolist() == frame.has_changes.tolist()
