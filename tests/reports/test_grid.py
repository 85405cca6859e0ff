"""Metrics as grids: what is put side by side, what stays a list, and that nothing is wider than it may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.report import Coverage, Metric, Report
from assay.kernel.verdict import Gate, Verdict
from assay.reports.grid import Grid, arranged, pages
from assay.reports.terminal import text


def _bias(groups, names):
    return [
        Metric(n, i + j / 10, {"facet": "sex", "group": g})
        for i, g in enumerate(groups)
        for j, n in enumerate(names)
    ]


def test_groups_are_rows_and_metrics_columns():
    (grid,) = arranged(_bias(["Female", "Male"], ["CI", "DPL", "KL"]))
    assert grid == Grid(
        "",
        ("CI", "DPL", "KL"),
        (("sex = Female", ("0", "0.1", "0.2")), ("sex = Male", ("1", "1.1", "1.2"))),
        (),
    )


def test_what_has_no_value_says_why_once():
    held = [Metric(n, None, {"group": g}, reason="undefined") for g in "ab" for n in ("x", "y", "z")]
    (grid,) = arranged(held)
    assert grid.rows[0] == ("a", ("–", "–", "–"))
    assert grid.notes == ("x: undefined (0/0)", "y: undefined (0/0)", "z: undefined (0/0)")


def test_few_names_sparse_kinds_and_names_said_twice_stay_lists():
    alone = [Metric("rows", 3), Metric("columns", 4)]
    sparse = [Metric(n, 1.0, {"a": n, "b": "y"}) for n in ("p", "q", "r")]
    twice = [Metric(n, 1.0, {"k": "v"}) for n in ("p", "q", "r", "r")]
    assert arranged([*alone, *sparse, *twice]) == [alone, sparse, twice]


def test_columns_of_numbers_and_of_texts_stand_in_grids_of_their_own():
    numbers = [Metric(n, 1.0, {"column": c}) for c in ("a", "b") for n in ("missing", *"pqrstuvw")]
    texts = [Metric(n, 2, {"column": c}) for c in "cdefgh" for n in ("missing", "distinct")]
    alone = [Metric("p", 3.0, {"column": "i"})]
    first, second, left = arranged([*numbers, *texts, *alone])
    assert [said for said, _ in first.rows] == ["a", "b"]
    assert first.names == ("missing", *"pqrstuvw")
    assert (second.names, [said for said, _ in second.rows]) == (("missing", "distinct"), [*"cdefgh"])
    assert left == alone


def test_names_of_rows_that_begin_alike_are_told_apart_where_there_is_room():
    names = ["expect_column_values_to_be_unique id", "expect_column_values_to_be_unique email"]
    metrics = [Metric(m, 1.0, {"rule": n}) for n in names for m in ("share", "failing", "value")]
    said = text([Verdict(Report.make(coverage=Coverage(1, 1), metrics=metrics), Gate())])
    assert all(n in said for n in names)


@given(st.integers(3, 30), st.integers(1, 12), st.integers(30, 100))
def test_pages_hold_every_column_once_and_keep_to_the_width(columns, rows, width):
    names = [f"metric_{i}" for i in range(columns)]
    (grid,) = arranged(_bias([f"g{i}" for i in range(rows)], names))
    parts = pages(grid, width, 10)
    assert [n for p in parts for n in p.names] == names
    for part in parts:
        sizes = [2 + max(len(n), *(len(c[i]) for _, c in part.rows)) for i, n in enumerate(part.names)]
        assert len(sizes) == 1 or 10 + sum(sizes) <= width
        assert [said for said, _ in part.rows] == [said for said, _ in grid.rows]


def test_on_a_terminal_no_line_is_wider_than_80():
    report = Report.make(
        coverage=Coverage(1, 1),
        metrics=_bias(["x" * 60, "Ünï", "y"], ["a_long_name_of_a_metric"] + list("bcdefghijk")),
    )
    said = text([Verdict(report, Gate())])
    assert max(map(len, said.splitlines())) <= 80
    assert "sex = xxxxxx" in said and "…" in said
