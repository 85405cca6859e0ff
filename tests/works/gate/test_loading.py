"""The gate before a store, on every store for real: what goes in, what stays out and why, held against pandas."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.engines.tables import open_table
from assay.kernel.errors import Missing, UsageError
from assay.works.gate.loading import load
from assay.works.gate.order import Order

STORES = ["csv", "csv.gz", "tsv", "parquet", "duckdb", "sqlite", "postgres"]
RULES = """
rules:
  - {complete: email}
  - {unique: id}
  - {range: age, min: 0, max: 120}
  - {set: 'st"at', values: [open, closed]}
  - {row_count: null, max: 6}
"""
FIRST = pd.DataFrame({"id": [1, 2], "email": ["a@x.org", "b@x.org"], "age": [30, 40], 'st"at': ["open", "closed"],
                      "on": ["2020-01-01", "2020-02-01"], "gone": [True, False], "x": [0.5, 1e-9]})  # fmt: skip
SECOND = pd.DataFrame({
    "id": [3, 4, 5, 2, 6, 6, 7], "email": ["c", None, "e, \"f\"", "d", "g", "h", "i\nj"], "age": ["5", "6", "200", "7", "8", "9", "no"],
    'st"at': ["open", "open", "shut", "open", "open", "open", "open"], "on": ["2020-03-01"] * 7, "gone": [True, None] + [False] * 5,
    "x": [1.5] * 7,
})  # fmt: skip
WHY = {
    2: ["complete email"],
    3: ["range age", 'set st"at'],
    4: ["unique id"],
    5: ["unique id"],
    6: ["unique id"],
    7: ["type age"],
}


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "rules.yaml").write_text(RULES)
    return (tmp_path / "rules.yaml",)


SOME = [pytest.param(s, marks=() if s == "duckdb" else pytest.mark.slow) for s in STORES]


@pytest.fixture(params=SOME)
def store(request, tmp_path):
    return _store(request, tmp_path)


@pytest.fixture(
    params=[pytest.param(s, marks=pytest.mark.slow) if s in ("csv.gz", "tsv") else s for s in STORES]
)
def each(request, tmp_path):
    return _store(request, tmp_path)


def _store(request, tmp_path):
    kind = request.param
    if kind == "postgres":
        psycopg = pytest.importorskip("psycopg")
        url = request.getfixturevalue("postgres")
        with psycopg.connect(url) as con:
            con.execute('DROP TABLE IF EXISTS "my t", "my t_quarantine", _assay_loads')
        return f"{url}::my t"
    return f"{tmp_path}/s.{kind}" + ("::my t" if kind in ("duckdb", "sqlite") else "")


def _source(frame, tmp_path, name):
    frame.to_csv(tmp_path / name, index=False)
    return str(tmp_path / name)


def _read(source, tmp_path):
    with open_table(source, scratch=tmp_path / "reading") as table:
        return table.arrow().to_pandas()


def _both(store, rules, tmp_path):
    made = load(None, Order(_source(FIRST, tmp_path, "first.csv"), store, rules, mode="create"))
    return made, load(None, Order(_source(SECOND, tmp_path, "second.csv"), store, rules))


def test_what_breaks_a_rule_is_quarantined_with_its_reasons_and_the_rest_goes_in(each, rules, tmp_path):
    store = each
    made, told = _both(store, rules, tmp_path)
    assert (made["rows"], made["loaded"], made["quarantined"]) == (2, 2, 0)
    assert (told["rows"], told["loaded"], told["quarantined"], told["held"]) == (7, 1, 6, [])
    held = _read(store, tmp_path)
    assert held["id"].tolist() == [1, 2, 3] and held["age"].tolist() == [30, 40, 5]
    assert held["email"].tolist() == ["a@x.org", "b@x.org", "c"] and held["x"].tolist() == [0.5, 1e-9, 1.5]
    assert [bool(int(v)) for v in held["gone"]] == [True, False, True]
    out = _read(told["quarantine"], tmp_path).sort_values("_assay_row", ignore_index=True)
    assert dict(zip(out["_assay_row"], out["_assay_rules"].str.split("; "), strict=True)) == WHY
    assert set(out["_assay_run"]) == {told["id"]} and set(out["_assay_source"]) == {
        str(tmp_path / "second.csv")
    }
    assert (
        out["age"].astype(str).tolist() == ["6", "200", "7", "8", "9", "no"]
        and out["email"].tolist()[-1] == "i\nj"
    )
    assert "age holds 'no'" in out["_assay_reasons"].tolist()[-1]


def test_the_same_bytes_are_recognised_and_loaded_again_only_when_told_to(store, rules, tmp_path):
    _, told = _both(store, rules, tmp_path)
    order = Order(str(tmp_path / "second.csv"), store, rules)
    with pytest.raises(UsageError, match=f"{told['id']}: 1 loaded, 6 quarantined"):
        load(None, order)
    again = load(None, Order(str(tmp_path / "second.csv"), store, rules, again=True))
    assert (again["loaded"], again["quarantined"], again["id"]) == (0, 7, told["id"][:-1] + "2")
    assert len(_read(store, tmp_path)) == 3 and len(_read(told["quarantine"], tmp_path)) == 13


def test_a_rule_of_the_whole_table_keeps_every_row_out(store, rules, tmp_path):
    load(None, Order(_source(FIRST, tmp_path, "first.csv"), store, rules, mode="create"))
    many = pd.concat([FIRST] * 3).assign(id=range(10, 16))
    told = load(None, Order(_source(many, tmp_path, "many.csv"), store, rules))
    assert (told["loaded"], told["quarantined"]) == (0, 6) and told["held"][0]["rule"] == "row_count"
    assert len(_read(store, tmp_path)) == 2
    assert "there are 8 rows" in _read(told["quarantine"], tmp_path)["_assay_reasons"][0]


def test_columns_that_are_not_the_store_s_are_refused(store, rules, tmp_path):
    load(None, Order(_source(FIRST, tmp_path, "first.csv"), store, rules, mode="create"))
    odd = FIRST.rename(columns={"age": "years"})
    with pytest.raises(UsageError, match="lacks the store's 'age' and has 'years', which the store has not"):
        load(None, Order(_source(odd, tmp_path, "odd.csv"), store, rules))
    assert len(_read(store, tmp_path)) == 2


def test_append_wants_a_store_and_create_wants_none(store, rules, tmp_path):
    source = _source(FIRST, tmp_path, "first.csv")
    with pytest.raises(Missing, match="no such store yet"):
        load(None, Order(source, store, rules))
    assert not list(tmp_path.glob("s.*"))  # none was made by asking
    load(None, Order(source, store, rules, mode="create"))
    with pytest.raises(UsageError, match="already there"):
        load(None, Order(source, store, rules, mode="create"))


def test_a_view_takes_no_rows(store, rules, tmp_path):
    if "::" not in store:
        pytest.skip("files have no views")
    load(None, Order(_source(FIRST, tmp_path, "first.csv"), store, rules, mode="create"))
    path, _, _ = store.partition("::")
    sql = 'DROP VIEW IF EXISTS seen; CREATE VIEW seen AS SELECT * FROM "my t"'
    if path.endswith("sqlite"):
        con = sqlite3.connect(path)
        con.executescript(sql)
        con.close()
    elif path.endswith("duckdb"):
        with duckdb.connect(path) as con:
            con.execute(sql)
    else:
        import psycopg

        with psycopg.connect(path) as con:
            con.execute(sql)
    with pytest.raises(UsageError, match="is a view"):
        load(None, Order(str(tmp_path / "first.csv"), f"{path}::seen", rules))
    if path.startswith("postgres"):
        with psycopg.connect(path) as con:
            con.execute("DROP VIEW seen")


def test_what_the_store_itself_demands_is_held_as_a_rule(tmp_path, request, rules):
    (tmp_path / "any.yaml").write_text("rules:\n  - {range: n, min: 0}\n")
    shape = "(k INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL, n INTEGER)"
    with duckdb.connect(str(tmp_path / "d.duckdb")) as con:
        con.execute(f"CREATE TABLE t {shape}; INSERT INTO t VALUES (1, 'a', 1)")
    con = sqlite3.connect(tmp_path / "d.sqlite")
    con.executescript(f"CREATE TABLE t {shape}; INSERT INTO t VALUES (1, 'a', 1)")
    con.close()
    stores = [f"{tmp_path}/d.duckdb::t", f"{tmp_path}/d.sqlite::t"]
    try:
        url = request.getfixturevalue("postgres")
        import psycopg

        with psycopg.connect(url) as con:
            con.execute(
                f"DROP TABLE IF EXISTS t, t_quarantine; CREATE TABLE t {shape}; INSERT INTO t VALUES (1, 'a', 1)"
            )
        stores.append(f"{url}::t")
    except pytest.skip.Exception:
        pass
    new = pd.DataFrame({"k": [1, 2, 3], "name": ["x", None, "y"], "n": [1, 2, 3]})
    for store in stores:
        told = load(None, Order(_source(new, tmp_path, "new.csv"), store, (tmp_path / "any.yaml",)))
        assert [r["rules"] for r in told["rows_told"]] == [["key k"], ["complete name"]]
        assert _read(store, tmp_path)["k"].tolist() == [1, 3]


def test_rules_of_integrity_hold_too_and_the_store_decides_what_a_group_says(tmp_path):
    (tmp_path / "i.yaml").write_text(
        "rules:\n- {holds: 'b >= a', name: order}\n- {key: [k]}\n- {determines: city, by: [zip], name: city}\n"
    )
    first = pd.DataFrame({"k": [1, 2], "a": [1, 1], "b": [2, 2], "zip": [10, 11], "city": ["Rome", "Oslo"]})
    new = pd.DataFrame({"k": [3, 4, 5, 6, 6, 7, 8, 9], "a": [3, 1, 1, 1, 1, 1, 1, None], "b": [2, 2, 2, 2, 2, 2, 2, 2],
                        "zip": [10, 10, 10, 11, 11, 12, 12, 12], "city": ["Rome", "Roma", "Rome", "Oslo", "Oslo", "Lima", "Lima", "Lyon"]})  # fmt: skip
    rules = (tmp_path / "i.yaml",)
    store = f"{tmp_path}/s.parquet"
    load(None, Order(_source(first, tmp_path, "a.csv"), store, rules, mode="create"))
    told = load(None, Order(_source(new, tmp_path, "b.csv"), store, rules))
    assert {r["row"]: r["rules"] for r in told["rows_told"]} == {
        1: ["order"],
        2: ["city"],
        4: ["['k']"],
        5: ["['k']"],
        8: ["city"],
    }
    assert _read(store, tmp_path)["k"].tolist() == [1, 2, 5, 7, 8]


def test_a_rule_that_cannot_be_examined_lets_nothing_in(tmp_path):
    (tmp_path / "r.yaml").write_text("rules:\n- {references: id, table: others, column: id}\n")
    source = _source(FIRST, tmp_path, "a.csv")
    rules = (tmp_path / "r.yaml",)
    with pytest.raises(UsageError, match="cannot be examined"):
        load(None, Order(source, f"{tmp_path}/s.csv", rules, mode="create"))
    assert not (tmp_path / "s.csv").exists()
    _source(FIRST.head(1), tmp_path, "others.csv")
    order = Order(source, f"{tmp_path}/s.csv", rules, {"others": str(tmp_path / "others.csv")}, "create")
    assert load(None, order)["loaded"] == 1


def test_a_rule_about_a_column_that_is_not_there_is_named(tmp_path):
    (tmp_path / "r.yaml").write_text("rules:\n- {complete: emial}\n")
    order = Order(
        _source(FIRST, tmp_path, "a.csv"), f"{tmp_path}/s.csv", (tmp_path / "r.yaml",), mode="create"
    )
    with pytest.raises(Missing, match="no column 'emial'; did you mean 'email'"):
        load(None, order)


def test_columns_may_be_called_what_the_gate_calls_its_own(tmp_path):
    """A column n or s was left out of what rules of the whole table were held against."""
    (tmp_path / "r.yaml").write_text("rules:\n- {determines: u, by: [c]}\n- {key: [n]}\n")
    (tmp_path / "q.yaml").write_text(
        "rules:\n- {range: n, min: 0}\n- {sum: s, max: 9}\n- {set: t, values: [1]}\n"
    )
    frame = pd.DataFrame(
        {
            "n": [1, 2],
            "s": [3, 4],
            "u": [1, 1],
            "c": [1, 1],
            "row": [1, 1],
            "t": [1, 1],
            "o": [1, 1],
            "b": [1, 1],
        }
    )
    rules = (tmp_path / "r.yaml", tmp_path / "q.yaml")
    for kind in ("csv", "duckdb::n"):
        told = load(
            None, Order(_source(frame, tmp_path, "a.csv"), f"{tmp_path}/s.{kind}", rules, mode="create")
        )
        assert (told["loaded"], told["quarantined"]) == (2, 0)
        more = frame.assign(n=[1, 3], u=[1, 2], s=[0, 0])
        told = load(None, Order(_source(more, tmp_path, "b.csv"), f"{tmp_path}/s.{kind}", rules))
        assert {r["row"]: r["rules"] for r in told["rows_told"]} == {1: ["['n']"], 2: ["u"]}


def test_a_source_whose_lines_are_no_rows_is_refused(rules, tmp_path):
    (tmp_path / "bad.csv").write_text("id,email,age\n1,a,3\n2,b\n")
    with pytest.raises(UsageError, match="fewer columns"):
        load(None, Order(str(tmp_path / "bad.csv"), f"{tmp_path}/s.csv", rules, mode="create"))


def test_a_csv_store_that_would_read_as_other_types_is_left(tmp_path):
    (tmp_path / "r.yaml").write_text("rules:\n- {complete: id}\n")
    rules, store = (tmp_path / "r.yaml",), tmp_path / "s.csv"
    store.write_bytes(b"id;name\r\n1;007\r\n")
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT 2 AS id, '8' AS name) TO '{tmp_path}/n.parquet' (FORMAT parquet)")
    told = load(None, Order(f"{tmp_path}/n.parquet", str(store), rules))
    assert told["loaded"] == 1 and store.read_bytes() == b"id;name\r\n1;007\r\n2;8\r\n"


def test_a_load_cut_short_between_the_files_is_as_if_it_never_was(rules, tmp_path, monkeypatch):
    from assay.engines.gate import filesink

    store = f"{tmp_path}/s.csv"
    load(None, Order(_source(FIRST, tmp_path, "first.csv"), store, rules, mode="create"))
    before = Path(store).read_bytes()
    whole = filesink.put_over
    for stop in (1, 2):  # before the memory, before the store
        done = []

        def cut(fresh, path, stop=stop, done=done):
            done.append(path)
            if path.name == ("s.csv" if stop == 2 else ".s.csv.loads.json"):
                raise KeyboardInterrupt
            whole(fresh, path)

        monkeypatch.setattr(filesink, "put_over", cut)
        with pytest.raises(KeyboardInterrupt):
            load(None, Order(_source(SECOND, tmp_path, "second.csv"), store, rules))
        monkeypatch.setattr(filesink, "put_over", whole)
        assert Path(store).read_bytes() == before
    told = load(None, Order(str(tmp_path / "second.csv"), store, rules))
    assert told["loaded"] == 1 and len(_read(store, tmp_path)) == 3
    assert len(_read(told["quarantine"], tmp_path)) == 6  # and not thrice
    assert not list(tmp_path.glob(".*.new"))


_CELL = st.sampled_from(["1", "2", "3", "-1", "500", "x", "2.5", ""])


@pytest.mark.slow
@settings(max_examples=6)
@given(
    st.lists(st.tuples(_CELL, _CELL), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 400)), max_size=4, unique_by=lambda r: r[0]),
    st.sampled_from(["csv", "parquet"]),
)
def test_rows_in_are_rows_loaded_and_quarantined_and_the_store_obeys_its_rules(
    tmp_path_factory, new, old, kind
):
    from assay.works.checking import carry_out

    folder = tmp_path_factory.mktemp("gate")
    (folder / "r.yaml").write_text(
        "rules:\n- {unique: id}\n- {complete: id}\n- {range: n, min: 0, max: 400}\n"
    )
    rules, store = (folder / "r.yaml",), f"{folder}/s.{kind}"
    held = pd.DataFrame([*old, (9, 9)], columns=["id", "n"])
    load(None, Order(_source(held, folder, "old.csv"), store, rules, mode="create"))
    source = _source(pd.DataFrame(new, columns=["id", "n"]), folder, "new.csv")
    told = load(None, Order(source, store, rules))
    assert told["rows"] == len(new) == told["loaded"] + told["quarantined"]
    assert len(_read(store, folder)) == len(held) + told["loaded"]
    if told["quarantined"]:
        assert len(_read(told["quarantine"], folder)) == told["quarantined"]
    report = carry_out("check", "data.quality", store, {"rules": folder / "r.yaml"}, home=None).report
    assert not [f for f in report.findings if f.severity > 1]
    whole = lambda v: v.lstrip("-").isdigit()
    fits = [(i, n) for i, n in new if (whole(i) or i == "") and (whole(n) or n == "")]
    fits = [(int(i), n) for i, n in fits if i != "" and (n == "" or 0 <= int(n) <= 400)]
    good = [i for i, _ in fits if [x for x, _ in fits].count(i) == 1 and i not in held["id"].tolist()]
    assert told["loaded"] == len(good)


def test_a_gzipped_store_stays_one(rules, tmp_path):
    store = f"{tmp_path}/s.csv.gz"
    load(None, Order(_source(FIRST, tmp_path, "first.csv"), store, rules, mode="create"))
    assert gzip.decompress(Path(store).read_bytes()).decode().count("\n") == 3


def test_a_table_is_loaded_from_the_very_file_that_it_goes_into(rules, tmp_path):
    """A staging table beside the store; the same rows are recognised though the file is another after each load."""
    with duckdb.connect(str(tmp_path / "d.duckdb")) as con:
        con.register("frame", FIRST.assign(age=[30, 500]))
        con.execute("CREATE TABLE staging AS SELECT * FROM frame")
    staging = f"{tmp_path}/d.duckdb::staging"
    told = load(None, Order(staging, f"{tmp_path}/d.duckdb::clean", rules, mode="create"))
    assert (told["loaded"], told["quarantined"]) == (1, 1)
    with pytest.raises(UsageError, match="--again"):
        load(None, Order(staging, f"{tmp_path}/d.duckdb::clean", rules))


@pytest.mark.parametrize("store", ["s.csv", "s.sqlite::t"])
def test_lists_are_not_written_as_text_where_a_store_has_none(store, tmp_path):
    (tmp_path / "r.yaml").write_text("rules:\n- {complete: a}\n")
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT 1 AS a, [1, 2] AS b) TO '{tmp_path}/l.parquet' (FORMAT parquet)")
    with pytest.raises(UsageError, match="lists or objects, which this store cannot keep"):
        load(
            None, Order(f"{tmp_path}/l.parquet", f"{tmp_path}/{store}", (tmp_path / "r.yaml",), mode="create")
        )
    assert not list(tmp_path.glob("s.*"))


@pytest.mark.parametrize(
    "held", ["s.csv", "other/../s.csv", "hard.csv", ".s.csv.loads.json", "in.csv", "link.csv", "rules.yaml"]
)
def test_a_quarantine_that_is_no_place_of_its_own_is_refused_and_no_row_is_lost_in_it(held, rules, tmp_path):
    (tmp_path / "other").mkdir()
    store, source = tmp_path / "s.csv", tmp_path / "in.csv"
    FIRST.to_csv(store, index=False)
    SECOND.to_csv(source, index=False)
    (tmp_path / "hard.csv").hardlink_to(store)
    (tmp_path / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    with pytest.raises(UsageError, match="no place of its own"):
        load(None, Order(str(source), str(store), rules, quarantine=str(tmp_path / held)))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
@pytest.mark.parametrize(("table", "held"), [("o", "O"), ("o", "_assay_loads"), ("_assay_loads", "q")])
def test_the_memory_of_loads_is_neither_store_nor_quarantine(kind, table, held, rules, tmp_path):
    source = tmp_path / "in.csv"
    SECOND.to_csv(source, index=False)
    with pytest.raises(UsageError, match="no place of its own"):
        load(None, Order(str(source), f"{tmp_path}/d.{kind}::{table}", rules, mode="create", quarantine=held))


def test_the_store_as_the_source_of_its_own_load_is_refused_however_it_is_named(rules, tmp_path, monkeypatch):
    first = _source(FIRST, tmp_path, "first.csv")
    for store in (f"{tmp_path}/s.csv", f"{tmp_path}/s.duckdb::t", f"{tmp_path}/s.sqlite::t"):
        load(None, Order(first, store, rules, mode="create"))
    (tmp_path / "link.csv").symlink_to("s.csv")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "s.csv")
    monkeypatch.chdir(tmp_path)
    before = Path("s.csv").read_bytes()
    for source, store in [
        ("s.csv", "s.csv"), ("link.csv", "s.csv"), ("s.csv", "link.csv"), ("hard.csv", "s.csv"),
        (f"file://{tmp_path}/s.csv", "s.csv"), ("s*.csv", "s.csv"), ("./s.csv", f"{tmp_path}/s.csv"),
        ("s.duckdb::t", "s.duckdb::t"), ("s.duckdb::main.T", "s.duckdb::t"), ("s.sqlite::t", "s.sqlite::T"),
    ]:  # fmt: skip
        with pytest.raises(UsageError, match="the source is the store itself"):
            load(None, Order(source, store, rules, again=True))
    assert Path("s.csv").read_bytes() == before


def test_the_store_in_a_server_is_no_source_of_its_own(rules, postgres, tmp_path):
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgres) as con:
        con.execute("DROP TABLE IF EXISTS own; CREATE TABLE own (id int); INSERT INTO own VALUES (1)")
    for source in (
        f"{postgres}::own",
        f"{postgres}::public.own",
        postgres.replace("postgresql", "postgres") + "::own",
    ):
        with pytest.raises(UsageError, match="the source is the store itself"):
            load(None, Order(source, f"{postgres}::own", rules))


_LOAD = """
import sys
from pathlib import Path
from assay.works.gate.loading import load
from assay.works.gate.order import Order
load(None, Order(sys.argv[1], sys.argv[2], (Path(sys.argv[3]),)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_two_loads_at_once_into_one_file_both_go_in(kind, tmp_path):
    import subprocess
    import sys

    (tmp_path / "r.yaml").write_text("rules:\n- {unique: id}\n")
    store = f"{tmp_path}/s.{kind}"
    load(
        None,
        Order(
            _source(pd.DataFrame({"id": [0]}), tmp_path, "a.csv"),
            store,
            (tmp_path / "r.yaml",),
            mode="create",
        ),
    )
    parts = [
        _source(pd.DataFrame({"id": range(n * 100, n * 100 + 50)}), tmp_path, f"n{n}.csv")
        for n in range(1, 5)
    ]
    running = [subprocess.Popen([sys.executable, "-c", _LOAD, p, store, f"{tmp_path}/r.yaml"]) for p in parts]
    assert [p.wait() for p in running] == [0] * 4
    assert len(_read(store, tmp_path)) == 201
    again = _source(pd.DataFrame({"id": range(100, 150)}), tmp_path, "n1.csv")
    with pytest.raises(UsageError, match="went through the gate"):
        load(None, Order(again, store, (tmp_path / "r.yaml",)))


def test_what_a_killed_load_left_beside_a_file_is_swept_by_the_next(rules, tmp_path):
    store = f"{tmp_path}/s[1].csv"
    load(None, Order(_source(FIRST, tmp_path, "first.csv"), store, rules, mode="create"))
    for left in (
        ".s[1].csv.0123abcd.new",
        "..s[1].csv.loads.json.0123abcd.new",
        ".s[1]_quarantine.csv.0123abcd.new",
    ):
        (tmp_path / left).write_text("x")
    (tmp_path / ".s1.csv.0123abcd.new").write_text("another's")
    load(None, Order(_source(SECOND, tmp_path, "second.csv"), store, rules))
    assert [p.name for p in tmp_path.glob(".*.new")] == [".s1.csv.0123abcd.new"]
