"""Rules asked of a column's few values, uniqueness told by a bitmap, row numbers of a Parquet file: to the row the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.checks.data.quality import check
from assay.engines.tables import open_table
from assay.methods.quality import few

RULES = """rules:
  - {pattern: x, contains: '^[A-Z]', name: capital}
  - {pattern: x, not_contains: 'b', name: no b}
  - {set: x, values: [A, "it's", Bb], name: among}
  - {set: x, values: [A, null], name: among or null}
  - {forbidden: x, values: [Bb], name: forbidden}
  - {length: x, min: 2, name: long, nulls: fail}
  - {format: x, is: integer, name: whole}
  - {pattern: x, contains: '^[A-Z]', when: "k > 1", name: filtered}
  - {any: [{set: x, values: [A]}, {pattern: x, contains: b}], name: either}
  - {unique: k}
"""


@pytest.fixture
def held(table, work, tmp_path):
    def hold(source):
        path = tmp_path / "rules.yaml"
        path.write_text(RULES)
        report = check(source, rules=path, work=work)
        rows = [pd.read_parquet(work.store.path(o.digest)) for o in report.outputs]
        return report.data, rows[0].values.tolist() if rows else []

    return hold


@pytest.mark.slow
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["A", "it's", "Bb", "bb", "", "12", "é", None]), st.integers(-3, 60)),
        min_size=1,
        max_size=40,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_rule_asked_of_values_is_broken_by_the_same_rows(rows, table, held):
    frame = pd.DataFrame(rows, columns=["x", "k"]).astype({"x": "object"})
    whole = held(table(frame))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(few, "ROWS", 0)
        assert held(table(frame)) == whole
    told = {r["name"]: r for r in whole[0]["rules"]}
    assert told["unique k"]["failing"] == int(frame.k.duplicated(keep=False).sum())


def test_a_pattern_over_few_values_is_asked_of_them_only(table, work, tmp_path, monkeypatch):
    from assay.engines.tables import Asking

    asked, plain = [], Asking.rows
    monkeypatch.setattr(Asking, "rows", lambda self, query: (asked.append(query), plain(self, query))[1])
    path = tmp_path / "rules.yaml"
    path.write_text("rules:\n  - {pattern: x, contains: '^[a-y]$'}\n")
    frame = pd.DataFrame({"x": np.array(list("abcz"))[np.arange(few.ROWS) % 4]})
    report = check(table(frame), rules=path, work=work)
    assert report.data["rules"][0]["failing"] == few.ROWS // 4
    assert [q for q in asked if "regexp" in q and "DISTINCT" not in q] == []


@pytest.mark.parametrize("columns", [["x", "k"], ["x", "k", "file_row_number"]])
def test_rows_of_a_parquet_file_are_numbered_from_one_in_its_order(held, tmp_path, columns):
    size = 300_000
    frame = pd.DataFrame({"x": ["A"] * size, "k": np.arange(size)}).assign(file_row_number=0)[columns]
    frame.loc[[0, 122_880, 250_001, size - 1], "x"] = "b"
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "t.parquet", row_group_size=10_000)
    with open_table(tmp_path / "t.parquet", scratch=tmp_path / "s") as source:
        _, rows = held(source)
    assert [r[0] for r in rows if r[1] == "capital"] == [1, 122_881, 250_002, size]


@pytest.mark.slow
def test_two_thousand_broken_rules_are_told(table, work, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("rules:\n" + "".join(f"  - {{range: k, min: {n + 5}}}\n" for n in range(2_000)))
    report = check(table(pd.DataFrame({"k": [1, 2]})), rules=path, work=work)
    assert len(pd.read_parquet(work.store.path(report.outputs[0].digest))) == 4_000
