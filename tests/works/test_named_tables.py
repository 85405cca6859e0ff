"""Further tables by name: in a signature, on the command line, in assay.yaml, from Python."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

import pyarrow as pa
import pytest

from assay.kernel.errors import UsageError
from assay.kernel.handles import Table, Work
from assay.kernel.report import Coverage, Metric, Report
from assay.works import checking, declared
from assay.works.signature import signature


def count(table: Table, *, tables: Mapping[str, Table] | None = None, work: Work) -> Report:
    """Count the rows of each."""
    metrics = [Metric("rows", t.rows, {"table": n}) for n, t in (tables or {}).items()]
    return Report.make(coverage=Coverage(table.rows, table.rows), metrics=metrics)


@pytest.fixture
def loaded(monkeypatch):
    """The check above under a name, with a parameter that names a table of its own."""
    module = SimpleNamespace(tables_named=lambda params: {})
    action = declared.Loaded("data.count", "check", "", module, count)
    monkeypatch.setattr(declared, "load", lambda kind, name: action)
    return action


def _rows(tables, loaded):
    subject = pa.table({"a": [1]})
    verdict = checking.carry_out("check", "data.count", subject, {"tables": tables}, home=None)
    return verdict.report


def test_a_mapping_of_tables_is_an_input_of_any_number():
    param = {p.name: p for p in signature(count)}["tables"]
    assert (param.role, param.kinds, param.many) == ("input", ("table",), True)


def test_tables_are_opened_pinned_and_handed_over_by_name(loaded, tmp_path):
    path = tmp_path / "b.csv"
    path.write_text("x\n1\n2\n")
    report = _rows({"mem": pa.table({"x": [1, 2, 3]}), "file": str(path)}, loaded)
    assert {m.of["table"]: m.value for m in report.metrics} == {"mem": 3, "file": 2}
    assert report.inputs["tables.file"].digest.startswith("sha256:")
    assert [m.value for m in _rows([f"b={path}"], loaded).metrics] == [2]
    assert _rows(None, loaded).metrics == ()


def test_what_a_parameter_names_is_an_input_unless_it_was_given(loaded, tmp_path):
    path = tmp_path / "b.csv"
    path.write_text("x\n1\n")
    loaded.module.tables_named = lambda params: {"tables.b": path}
    assert _rows(None, loaded).inputs["tables.b"].uri == str(path)
    assert [m.value for m in _rows({"b": pa.table({"x": [1, 2]})}, loaded).metrics] == [2]


@pytest.mark.parametrize("text", ["b.csv", "=b.csv", "b="])
def test_a_table_without_a_name_is_refused(loaded, text):
    with pytest.raises(UsageError, match="NAME=TABLE"):
        _rows([text], loaded)
