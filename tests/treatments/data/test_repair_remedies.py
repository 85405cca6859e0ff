"""The three remedies on the bookings, which hold 137 contradictions, against pandas."""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.checks.data.integrity import check
from assay.kernel.errors import UsageError
from assay.kernel.report import Report
from assay.methods.expressions import parse
from assay.methods.repair.source import Answers, Known, Only, answers
from assay.treatments.data.repair import treat

FLAG, COUNT = "has_booking_changes", "booking_changes"


@pytest.fixture(scope="module")
def bookings():
    with as_file(files("assay.examples").joinpath("bookings", "bookings.csv.gz")) as path:
        return pd.read_csv(path, keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def rules():
    return _rules(f"{FLAG} == ({COUNT} > 0)", {"set": FLAG, "to": f"{COUNT} > 0"})


def _rules(holds, repair=None, kind="stated", violations=1):
    rule = {"kind": kind, "rule": holds, "holds": holds, "violations": violations}
    return Report(check="data.integrity", data={"rules": [rule | ({"repair": repair} if repair else {})]})


def _out(made, work):
    return pd.read_parquet(work.store.path(made.outputs["out"].digest))


def _wrong(frame):
    return frame[FLAG] != (frame[COUNT] > 0)


def test_the_bookings_hold_137_contradictions(bookings):
    assert (len(bookings), int(_wrong(bookings).sum())) == (4999, 137)
    assert int((_wrong(bookings) & ~bookings[FLAG]).sum()) == 18


def test_derived_sets_137_flags_and_nothing_else(bookings, rules, table, work):
    made = treat(table(bookings), using=rules, work=work)
    after, expected = _out(made, work), bookings.assign(**{FLAG: bookings[COUNT] > 0})
    pd.testing.assert_frame_equal(after, expected, check_dtype=False)
    assert (
        made.report.metric("cells_changed").value == 137 and made.report.metric("violations_after").value == 0
    )


def test_source_makes_18_counts_0_and_leaves_119_that_could_be_anything(bookings, rules, table, work):
    made = treat(table(bookings), using=rules, remedy="source", work=work)
    answered = _wrong(bookings) & ~bookings[FLAG]
    expected = bookings.assign(**{COUNT: bookings[COUNT].where(~answered, 0)})
    pd.testing.assert_frame_equal(_out(made, work), expected, check_dtype=False)
    assert (
        made.report.metric("cells_changed").value == 18
        and made.report.metric("violations_after").value == 119
    )
    (told,) = [f for f in made.report.findings if f.rule == "data.repair.undetermined"]
    assert told.count == 119


def test_soft_delete_marks_137_rows_with_their_reason_and_can_leave_them_out(bookings, rules, table, work):
    made = treat(table(bookings), using=rules, remedy="soft-delete", work=work)
    after, wrong = _out(made, work), _wrong(bookings)
    assert after["_assay_deleted"].tolist() == wrong.tolist()
    assert set(after["_assay_deleted_reason"][wrong]) == {f"{FLAG} == ({COUNT} > 0)"}
    assert after["_assay_deleted_reason"][~wrong].isna().all()
    pd.testing.assert_frame_equal(after[bookings.columns], bookings, check_dtype=False)
    left = _out(treat(table(bookings), using=rules, remedy="soft-delete", leave_out=True, work=work), work)
    pd.testing.assert_frame_equal(left, bookings[~wrong].reset_index(drop=True), check_dtype=False)


def test_a_second_soft_delete_marks_nothing_more(bookings, rules, table, work):
    once = _out(treat(table(bookings), using=rules, remedy="soft-delete", work=work), work)
    again = treat(table(once), using=rules, remedy="soft-delete", work=work)
    assert again.report.metric("rows_changed").value == 0
    pd.testing.assert_frame_equal(_out(again, work), once)


@pytest.mark.slow
def test_the_preview_tells_each_remedy_s_effect_and_writes_no_table(bookings, rules, table, work):
    made = treat(
        table(bookings), using=rules, preview=True, label="is_canceled", facet=("customer_type",), work=work
    )
    assert set(made.outputs) == {"changes"}
    changes = pd.read_parquet(work.store.path(made.outputs["changes"].digest))
    wrong = _wrong(bookings)
    assert changes.row.tolist() == (np.flatnonzero(wrong) + 1).tolist() and set(changes.column) == {FLAG}
    assert (changes.new == np.where(bookings[COUNT][wrong] > 0, "true", "false")).all()
    effect = made.report.data["effect"]
    kept = bookings[~wrong]
    assert {n: (e["kept"], e["changed"], e["still_broken"]) for n, e in effect.items()} == {
        "before": (4999, 0, 137), "derived": (4999, 137, 0), "source": (4999, 18, 119), "soft-delete": (4862, 137, 0),
    }  # fmt: skip
    assert effect["before"]["target_rate"] == pytest.approx(bookings.is_canceled.mean())
    assert effect["soft-delete"]["target_rate"] == pytest.approx(kept.is_canceled.mean())
    shares = kept.customer_type.value_counts(normalize=True)
    assert effect["soft-delete"]["shares"]["customer_type"] == pytest.approx(shares.to_dict())
    assert all(0.7 < effect[n]["roc_auc"] < 0.99 and 0.7 < effect[n]["f1"] < 0.99 for n in effect)
    (statement,) = made.report.data["sql"]
    assert statement.startswith('UPDATE "t" SET "has_booking_changes" = "booking_changes" > 0 WHERE NOT')
    again = treat(
        table(bookings), using=rules, preview=True, label="is_canceled", facet=("customer_type",), work=work
    )
    assert again.report.data["effect"] == effect


def test_the_statement_told_gives_in_sql_what_the_remedy_gives(bookings, rules, table, work):
    import duckdb

    for remedy in ("derived", "source", "soft-delete"):
        made = treat(table(bookings), using=rules, remedy=remedy, work=work)
        con = duckdb.connect()
        con.execute("SET TimeZone = 'UTC'")
        frame = bookings.assign(_assay_deleted=False, _assay_deleted_reason=pd.Series(dtype="string"))
        con.register("f", frame if remedy == "soft-delete" else bookings)
        con.execute("CREATE TABLE t AS SELECT * FROM f")
        for statement in made.report.data["sql"]:
            con.execute(statement)
        assert con.execute("SELECT * FROM t").df()[[FLAG, COUNT]].equals(_out(made, work)[[FLAG, COUNT]])
        if remedy == "soft-delete":
            assert con.execute("SELECT count(*) FROM t WHERE _assay_deleted").fetchone() == (137,)
        assert len(made.report.data["sql"]) == 1


@pytest.mark.parametrize(
    ("to", "known", "expected"),
    [
        ("x > 0", Known(True, True), Answers("x", None, Only(0))),
        ("x > 0", Known(False, True), Answers("x", None, Only(0))),
        ("x > 0", Known(True, False), None),  # of numbers below 0 too, many are not above it
        ("x <= 0", Known(True, True), Answers("x", Only(0), None)),
        ("0 < x", Known(True, True), Answers("x", None, Only(0))),
        ("x >= 1", Known(True, True), Answers("x", None, Only(0))),
        ("x >= 1", Known(False, True), None),  # 0.5 is none of it either
        ("x > 1", Known(True, True), None),
        ("not x > 0", Known(True, True), Answers("x", Only(0), None)),
        ("x == 'a'", Known(), Answers("x", Only("a"), None)),
        ("x != 'a'", Known(), Answers("x", None, Only("a"))),
        ("x is None", Known(), Answers("x", Only(None), None)),
        ("x is not None", Known(), Answers("x", None, Only(None))),
        ("x", Known(), Answers("x", copied=True)),
        ("a + b", Known(True, True), None),
        ("length(x) > 0", Known(), None),
    ],
)
def test_what_a_source_must_be(to, known, expected):
    assert answers(parse(to), {"x": known}) == expected


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.booleans() | st.none(), st.integers(0, 3) | st.none()), min_size=1, max_size=40),
    st.sampled_from(["x > 0", "x <= 0", "x >= 1", "x == 2", "x is None", "x is not None"]),
    st.sampled_from(["derived", "source", "soft-delete"]),
)
def test_no_remedy_breaks_a_row_that_held_or_touches_another_column(tmp_path_factory, rows, to, remedy):
    from assay.engines.blobs import Store
    from assay.engines.tables import open_table
    from assay.works.work import LocalWork

    folder = tmp_path_factory.mktemp("repair")
    work = LocalWork(seed=7, scratch=folder, store=Store(str(folder / "store")))
    data = pa.table({"flag": pa.array([r[0] for r in rows], pa.bool_()), "x": pa.array([r[1] for r in rows], pa.int64()),
                     "other": pa.array(range(len(rows)))})  # fmt: skip
    holds = f"flag == ({to})"
    with open_table(data, scratch=folder / "open") as opened:
        made = treat(opened, using=_rules(holds, {"set": "flag", "to": to}), remedy=remedy, work=work)
    import pyarrow.parquet as pq

    after = pq.read_table(work.store.path(made.outputs["out"].digest))
    before, now = (parse(holds).evaluate(t).to_pylist() for t in (data, after))
    changed = [
        a != b for a, b in zip(data.to_pylist(), after.select(data.column_names).to_pylist(), strict=True)
    ]
    assert after["other"].equals(data["other"])
    assert all(now[i] is not False for i, was in enumerate(before) if was is not False)
    assert all(before[i] is False and now[i] is True for i in range(len(rows)) if changed[i])
    if remedy == "derived":
        assert False not in now
    if remedy == "soft-delete":
        assert not any(changed)
        assert after["_assay_deleted"].to_pylist() == [b is False for b in before]


def test_a_marker_that_is_no_truth_value_is_refused(table, work):
    frame = pd.DataFrame({"a": [1, 2], "_assay_deleted": ["x", "y"]})
    with pytest.raises(UsageError, match="marks nothing"):
        treat(table(frame), using=_rules("a > 1"), remedy="soft-delete", work=work)


def test_a_table_whose_name_holds_quotes_is_quoted_in_the_statement(table, work):
    opened = table(pd.DataFrame({'a "b': [True, False], "c`d": [0, 0]}), name='x"; DROP TABLE y')
    found = check(opened, work=work, discover=False)
    rule = {"kind": "stated", "rule": "r'1", "holds": '`a "b` == (`c``d` > 0)', "violations": 1,
            "repair": {"set": 'a "b', "to": "`c``d` > 0"}}  # fmt: skip
    made = treat(opened, using=found.with_(data={"rules": [rule]}), work=work, preview=True)
    (told,) = made.report.data["sql"]
    assert told.startswith(
        'UPDATE "x""; DROP TABLE y" SET "a ""b" = "c`d" > 0 WHERE NOT ("a ""b" = ("c`d" > 0))'
    )
    assert [c["row"] for c in made.report.data["changes"]] == [1]
