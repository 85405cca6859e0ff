"""Rows that a gate kept out, tried again on every store for real: each goes in once, and nothing is lost between."""

from __future__ import annotations

import sqlite3

import duckdb
import pandas as pd
import pytest

from assay.engines.tables import open_table
from assay.kernel.errors import AssayError, Missing, UsageError
from assay.office import ledger, verification
from assay.works.gate import quarantine
from assay.works.gate.loading import load
from assay.works.gate.order import Order
from assay.works.gate.releasing import Wish, release
from assay.works.gate.showing import show
from assay.works.home import Home

RULES = "rules:\n- {unique: id}\n- {complete: name}\n- {range: age, min: 0, max: 120}\n"
FIRST = "id,name,age,zip\n1,ann,3,007\n2,bob,4,8A\n"
SECOND = "id,name,age,zip\n3,cy,9,009\n2,dup,8,010\n4,,7,011\n5,eve,300,012\n6,flo,x,\n"
STORES = ["csv", "parquet", "duckdb", "sqlite", "postgres"]


@pytest.fixture
def home(tmp_path):
    made = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    yield made
    made.close()


@pytest.fixture(
    params=[pytest.param(s, marks=() if s in ("csv", "duckdb") else pytest.mark.slow) for s in STORES]
)
def store(request, tmp_path):
    kind = request.param
    if kind != "postgres":
        return f"{tmp_path}/s.{kind}" + ("::my 't" if kind in ("duckdb", "sqlite") else "")
    psycopg = pytest.importorskip("psycopg")
    url = request.getfixturevalue("postgres")
    with psycopg.connect(url) as con:
        con.execute("""DROP TABLE IF EXISTS "my 't", "my 't_quarantine", _assay_loads, _assay_releases""")
    return f"{url}::my 't"


@pytest.fixture
def loaded(store, home, tmp_path):
    """A store with three rows in it and four outside; the id of the load."""
    return _loaded(store, home, tmp_path)


def _loaded(store, home, tmp_path):
    (tmp_path / "r.yaml").write_text(RULES)
    for name, text, mode in (("first", FIRST, "create"), ("second", SECOND, "append")):
        (tmp_path / f"{name}.csv").write_text(text)
        told = load(home, Order(f"{tmp_path}/{name}.csv", store, (tmp_path / "r.yaml",), mode=mode))
    (tmp_path / "r.yaml").unlink()  # the home keeps what they were held by
    return told["id"]


def _read(store, tmp_path):
    with open_table(store, scratch=tmp_path / "reading") as table:
        return sorted(table.arrow().to_pandas()["id"].tolist())


def _written(home, id_, to, **changed):
    """What `show --out` writes, with some cells corrected: row → (column, value)."""
    show(home, id_, 0, to)
    frame = pd.read_csv(to, dtype=str, keep_default_na=False)
    for row, (column, value) in changed.items():
        frame.loc[frame["_assay_row"] == row.lstrip("r"), column] = value
    frame.to_csv(to, index=False)
    return str(to)


def test_corrected_rows_go_in_once_and_the_others_stay_open(store, home, loaded, tmp_path):
    shown = show(home, loaded, 20)
    assert [(r["row"], r["rules"]) for r in shown["shown"]] == [
        (2, "unique id"), (3, "complete name"), (4, "range age"), (5, "type age"),
    ]  # fmt: skip
    assert shown["shown"][0]["values"] == {"id": "2", "name": "dup", "age": "8", "zip": "010"}
    file = _written(home, loaded, tmp_path / "c.csv", r2=("id", "7"), r3=("name", "dan"))
    told = release(home, loaded, Wish(file, why="ann looked them up"))
    assert (told["tried"], told["released"], told["open"]) == (4, 2, 2)
    assert [r["row"] for r in told["rows_told"]] == [4, 5]
    assert _read(store, tmp_path) == [1, 2, 3, 4, 7]
    with open_table(store, scratch=tmp_path / "z") as table:
        zips = dict(zip(*(table.arrow().to_pandas()[c] for c in ("id", "zip")), strict=True))
    assert zips[7] == "010"  # a code stays as it is written
    again = release(home, loaded, Wish(file))
    assert (again["tried"], again["released"], again["passed"]) == (2, 0, 2)
    assert _read(store, tmp_path) == [1, 2, 3, 4, 7]
    (one,) = quarantine.listing(home)
    assert (one.id, one.rows, one.open, one.released, one.rejected) == (loaded, 4, 2, 2, 0)
    states = {r["row"]: r["state"] for r in show(home, loaded, 20, all_=True)["shown"]}
    assert states == {2: "released", 3: "released", 4: "open", 5: "open"}


def test_looser_rules_let_in_what_they_allow_and_a_rejection_closes_the_rest(store, home, loaded, tmp_path):
    assert release(home, loaded, Wish())["released"] == 0  # the same rules say the same
    (tmp_path / "loose.yaml").write_text("rules:\n- {unique: id}\n")
    told = release(home, loaded, Wish(rules=(tmp_path / "loose.yaml",)))
    assert (told["tried"], told["released"]) == (4, 2) and _read(store, tmp_path) == [1, 2, 3, 4, 5]
    closed = release(home, loaded, Wish(reject="no such people"))
    assert (closed["rejected"], closed["open"]) == (2, 0) and _read(store, tmp_path) == [1, 2, 3, 4, 5]
    assert release(home, loaded, Wish(reject="again"))["rejected"] == 0
    events = [e for e in ledger.tail(home.office, 30) if e.action == "data.quarantine.release"]
    assert [e.actor for e in events] == ["ada"] * len(events)
    told_why = [e.detail["why"] for e in events if e.outcome == "done"]
    assert "no such people" in told_why and verification.verify(home.office).ok


def test_a_release_is_an_edge_from_the_quarantine_and_from_the_file(home, tmp_path):
    from assay.works.call import call

    store = f"{tmp_path}/s.csv"
    id_ = _loaded(store, home, tmp_path)
    file = _written(home, id_, tmp_path / "c.csv", r3=("name", "dan"))
    release(home, id_, Wish(file))
    edges = call("lineage", {"urn": "s.csv", "up": True}, home=home)["edges"]
    assert {"s_quarantine.csv", "c.csv"} <= {
        e["from_name"] for e in edges if e["step"] == "data.quarantine.release"
    }


def _frame(file, change):
    frame = pd.read_csv(file, dtype=str, keep_default_na=False)
    change(frame).to_csv(file, index=False)


BAD = {
    "lacks the column 'age'": lambda f: f.drop(columns="age"),
    "lacks the column '_assay_row'": lambda f: f.drop(columns="_assay_row"),
    "a column 'more'": lambda f: f.assign(more="1"),
    "no row 99": lambda f: f.assign(_assay_row=["99", "3", "4", "5"]),
    "row 3 is there twice": lambda f: f.assign(_assay_row=["3", "3", "4", "5"]),
    "'-2' as its number": lambda f: f.assign(_assay_row=["-2", "3", "4", "5"]),
    "'' as its number": lambda f: f.assign(_assay_row=["", "3", "4", "5"]),
    "and not by load-": lambda f: f.assign(_assay_run="load-other-1"),
    "holds no row": lambda f: f.head(0),
}


@pytest.mark.slow
def test_a_corrected_file_that_is_not_of_the_quarantine_is_refused(home, tmp_path):
    store = f"{tmp_path}/s.parquet"
    id_ = _loaded(store, home, tmp_path)
    for said, change in BAD.items():
        file = _written(home, id_, tmp_path / "c.csv")
        _frame(file, change)
        with pytest.raises(UsageError, match=said):
            release(home, id_, Wish(file))
    assert _read(store, tmp_path) == [1, 2, 3]


def test_what_cannot_be_released_is_told(home, tmp_path):
    store = f"{tmp_path}/s.duckdb::t"
    id_ = _loaded(store, home, tmp_path)
    with pytest.raises(Missing, match="no quarantine 'load-nothing'; "):
        release(home, "load-nothing", Wish())
    with pytest.raises(UsageError, match="neither a corrected file nor rules"):
        release(home, id_, Wish(file="x.csv", reject="no"))
    with pytest.raises(Missing, match="no row 6"):
        release(home, id_, Wish(rows="2-9"))
    with pytest.raises(UsageError, match="'2-x' is no number of a row"):
        release(home, id_, Wish(rows="2-x"))
    with duckdb.connect(f"{tmp_path}/s.duckdb") as con:
        con.execute("DELETE FROM t_quarantine")
    with pytest.raises(Missing, match="no longer there"):
        release(home, id_, Wish())
    with pytest.raises(Missing, match="no longer there"):
        show(home, id_, 5)
    with duckdb.connect(f"{tmp_path}/s.duckdb") as con:
        con.execute("DELETE FROM _assay_loads")
    with pytest.raises(UsageError, match="no longer remembers"):
        release(home, id_, Wish())


def test_a_store_that_nothing_went_into_is_made_by_the_release_in_the_types_of_its_source(home, tmp_path):
    (tmp_path / "r.yaml").write_text("rules:\n- {row_count: null, min: 9}\n")
    (tmp_path / "loose.yaml").write_text("rules:\n- {row_count: null, min: 1}\n")
    (tmp_path / "n.csv").write_text("id,on\n1,2020-01-01\n2,2020-01-02\n")
    store = f"{tmp_path}/s.duckdb::t"
    told = load(home, Order(f"{tmp_path}/n.csv", store, (tmp_path / "r.yaml",), mode="create"))
    assert told["loaded"] == 0
    assert release(home, told["id"], Wish(rules=(tmp_path / "loose.yaml",)))["released"] == 2
    with open_table(store, scratch=tmp_path / "x") as table:
        assert [c.native for c in table.columns] == ["BIGINT", "DATE"] and table.rows == 2


def test_an_empty_text_stays_one_beside_null(home, tmp_path):
    store = f"{tmp_path}/s.sqlite::t"
    con = sqlite3.connect(tmp_path / "s.sqlite")
    con.executescript("CREATE TABLE t (id INTEGER, note TEXT); CREATE TABLE n (id INTEGER, note TEXT)")
    con.executemany("INSERT INTO n VALUES (?, ?)", [(1, ""), (1, None), (2, "x")])
    con.commit()
    con.close()
    (tmp_path / "r.yaml").write_text("rules:\n- {unique: id}\n")
    id_ = load(home, Order(f"{tmp_path}/s.sqlite::n", store, (tmp_path / "r.yaml",)))["id"]
    file = _written(home, id_, tmp_path / "c.csv", r1=("id", "5"), r2=("id", "6"))
    assert release(home, id_, Wish(file))["released"] == 2
    con = sqlite3.connect(tmp_path / "s.sqlite")
    assert con.execute("SELECT * FROM t ORDER BY id").fetchall() == [(2, "x"), (5, ""), (6, None)]
    con.close()


@pytest.mark.parametrize(
    ("kind", "after"),
    [
        ("csv", False),
        ("csv", True),
        *(pytest.param(k, a, marks=pytest.mark.slow) for k in ("duckdb", "sqlite") for a in (False, True)),
    ],
)
def test_a_release_cut_short_at_its_commit_goes_on_and_loads_no_row_twice(
    kind, after, home, tmp_path, monkeypatch
):
    from assay.engines.gate import duckdbsink, filesink, sqlitesink

    store = f"{tmp_path}/s.{kind}" + ("" if kind == "csv" else "::t")
    id_ = _loaded(store, home, tmp_path)
    file = _written(home, id_, tmp_path / "c.csv", r3=("name", "dan"))
    sink = {"csv": filesink.FileSink, "duckdb": duckdbsink.DuckSink, "sqlite": sqlitesink.SqliteSink}[kind]
    commit = sink.commit

    class Killed(BaseException):
        """What no code of ours settles."""

    def dies(self):
        if after:
            commit(self)
        raise Killed

    monkeypatch.setattr(sink, "commit", dies)
    monkeypatch.setattr("assay.office.actions._fail", lambda *_: None)  # a killed process says nothing
    with pytest.raises(Killed):
        release(home, id_, Wish(file))
    monkeypatch.undo()
    home.close()
    reopened = Home.open(home.root, {})
    assert _read(store, tmp_path) == ([1, 2, 3, 4] if after else [1, 2, 3])
    (one,) = quarantine.listing(reopened)
    assert (one.open, one.released) == ((3, 1) if after else (4, 0))
    assert release(reopened, id_, Wish(file))["released"] == (0 if after else 1)
    assert _read(store, tmp_path) == [1, 2, 3, 4] and verification.verify(reopened.office).ok
    reopened.close()


def test_a_store_of_bytes_takes_none_from_a_quarantine(home, tmp_path):
    with duckdb.connect(f"{tmp_path}/s.duckdb") as con:
        con.execute("CREATE TABLE t (id INT, raw BLOB)")
        con.execute("CREATE TABLE n AS SELECT 1 AS id, '\\x00'::BLOB AS raw UNION ALL SELECT 1, 'b'::BLOB")
    (tmp_path / "r.yaml").write_text("rules:\n- {unique: id}\n")
    id_ = load(home, Order(f"{tmp_path}/s.duckdb::n", f"{tmp_path}/s.duckdb::t", (tmp_path / "r.yaml",)))[
        "id"
    ]
    with pytest.raises(AssayError, match="'raw' holds bytes"):
        release(home, id_, Wish(rows="1"))
