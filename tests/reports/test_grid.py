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
    assert "sex = xxxxxx" in said


def test_names_longer_than_their_column_are_folded_and_none_looks_like_another():
    groups = [f"sex={s} & race=Asian-Pac-Islander & of_a_certain_age={a}" for s in "fm" for a in "yo"]
    metrics = [
        Metric(f"a_long_name_of_a_metric_{i}", 1.0, {"facet": "sex & race", "group": g})
        for g in groups
        for i in range(4)
    ]
    said = text([Verdict(Report.make(coverage=Coverage(1, 1), metrics=metrics), Gate())])
    assert "…" not in said and max(map(len, said.splitlines())) <= 80
    assert said.count("of_a_certain_age=y") == said.count("of_a_certain_age=o") == 8


def test_a_few_rows_of_many_metrics_are_turned_with_their_intervals_where_there_is_room():
    metrics = [Metric(f"name_{i}", 0.5, {"facet": "sex"}, (0.25, 0.75)) for i in range(12)]
    said = text([Verdict(Report.make(coverage=Coverage(1, 1), metrics=metrics), Gate())])
    assert len(said.splitlines()) < 20 and "name_0   0.5 [0.25, 0.75]" in said


def test_a_unit_of_several_words_is_told_once_below_and_of_whom_where_it_is_not_of_all():
    def of(name, group, unit=None):
        return Metric(name, 0.5, {"facet": "g", "group": group}, unit=unit)

    (grid,) = arranged(
        [of(n, g) for n in "xy" for g in "ab"]
        + [of("FT", g, "flipped against the group") for g in "ab"]
        + [of("p", "a", "by a z test"), of("p", "b", "by Fisher's exact test")]
    )
    assert grid.rows[0] == ("g = a", ("0.5",) * 4)
    assert grid.notes == (
        "FT: flipped against the group", "p: by a z test (g = a)", "p: by Fisher's exact test (g = b)",
    )  # fmt: skip


def test_each_class_of_each_group_has_a_name_of_its_own():
    groups = [{"facet": "sex", "group": g, "class": c} for g in "fm" for c in "12"]
    (grid,) = arranged([Metric(n, 1.0, of) for of in groups for n in "xyz"])
    assert [said for said, _ in grid.rows] == ["sex = f: 1", "sex = f: 2", "sex = m: 1", "sex = m: 2"]
