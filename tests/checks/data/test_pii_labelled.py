"""The labelled set: how many columns are told rightly, in the set that was looked at and in the one that was not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from assay.checks.data.pii import check

sys.path.insert(0, str(Path(__file__).parents[2]))
from labelled import held_out, in_the_wild, looked_at
from labelled.measure import Said, scores, tables

SETS = {"looked_at": looked_at, "held_out": held_out, "in_the_wild": in_the_wild}


def told(columns, table, work) -> Said:
    said: Said = {}
    for name, data in tables(columns).items():
        report = check(table(data), work=work)
        assert set(report.data["evidence"]) == set(report.data["columns"])
        said |= {(name, column): kind for column, kind in report.data["columns"].items()}
    return said


@pytest.mark.slow
def test_the_set_is_as_large_as_it_says():
    columns = looked_at() + held_out() + in_the_wild()
    assert len(columns) >= 950
    assert len({c.type for c in columns} - {""}) >= 30
    assert sum(not c.type for c in columns) >= 300
    assert sum(len(c.values) for c in columns) >= 30_000


@pytest.mark.slow
@pytest.mark.parametrize("which", SETS)
def test_columns_are_told_rightly(which, table, work):
    columns = SETS[which]()
    found = scores(columns, told(columns, table, work))
    assert found["all"].f1 >= 0.95, found
    assert found["all"].precision >= 0.95, found
    weak = {k: s for k, s in found.items() if s.right + s.missed >= 5 and s.f1 < 0.8}
    assert not weak
