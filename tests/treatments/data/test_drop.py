from __future__ import annotations

import pandas as pd
import pytest

from assay.kernel.errors import UsageError
from assay.kernel.report import Coverage, Report
from assay.treatments.data.drop import treat

DATA = pd.DataFrame({"a": [3, 1], "b": ["x", None], "c": [1.5, 2.5]})


def made(table, work, **options):
    out = treat(table(DATA), work=work, **options)
    return pd.read_parquet(work.store.path(out.outputs["out"].digest)), out.report


def test_named_and_advised(table, work):
    advice = Report.make(coverage=Coverage(2, 2), data={"drop": ["c", "gone"]})
    out, report = made(table, work, columns=("a",), using=advice)
    assert list(out.columns) == ["b"]
    assert report.data["dropped"] == ["a", "c"]
    assert [f.rule for f in report.findings] == ["data.drop.dropped"] * 2 + ["data.drop.absent"]


def test_nothing_to_drop_is_a_copy(table, work):
    out, report = made(table, work)
    assert out.a.tolist() == [3, 1]
    assert report.metric("columns_dropped").value == 0


def test_an_empty_table_keeps_its_columns(table, work):
    out = treat(table(DATA.iloc[:0]), columns=("a",), work=work)
    assert list(pd.read_parquet(work.store.path(out.outputs["out"].digest)).columns) == ["b", "c"]


def test_mistakes(table, work):
    with pytest.raises(UsageError):
        made(table, work, columns=("a", "b", "c"))
    with pytest.raises(UsageError):
        made(table, work, using=Report.make(coverage=Coverage(1, 1)))
