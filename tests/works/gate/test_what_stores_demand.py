"""What stores themselves demand and cannot keep: generated columns, foreign keys, NaN; and no value of a row in the log."""

from __future__ import annotations

import sqlite3

import duckdb
import pytest

from assay.engines.tables import open_table
from assay.kernel.errors import UsageError
from assay.office import ledger
from assay.works.gate.loading import load
from assay.works.gate.order import Order
from assay.works.home import Home


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "r.yaml").write_text("rules:\n- {complete: id}\n")
    return (tmp_path / "r.yaml",)


def _make(kind, tmp_path, *statements):
    path = tmp_path / f"s.{kind}"
    con = duckdb.connect(str(path)) if kind == "duckdb" else sqlite3.connect(path)
    for statement in statements:
        con.execute(statement)
    con.commit()
    con.close()
    return f"{path}::t"


def _rows(store, tmp_path):
    with open_table(store, scratch=tmp_path / "reading") as table:
        return [tuple(r.values()) for r in table.arrow().to_pylist()]


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_a_generated_column_is_asked_of_no_source(kind, rules, tmp_path):
    """DuckDB's was wanted and then refused; of SQLite's table nothing was read."""
    store = _make(
        kind,
        tmp_path,
        "CREATE TABLE t (id INT DEFAULT 7, dbl INT GENERATED ALWAYS AS (id * 2))",
        "INSERT INTO t (id) VALUES (1)",
    )
    (tmp_path / "n.csv").write_text("id\n5\n")
    assert load(None, Order(f"{tmp_path}/n.csv", store, rules))["loaded"] == 1
    assert _rows(store, tmp_path) == [(1, 2), (5, 10)]
    (tmp_path / "m.csv").write_text("id,dbl\n6,12\n")
    with pytest.raises(UsageError, match="'dbl', which the store has not"):
        load(None, Order(f"{tmp_path}/m.csv", store, rules))


def test_a_foreign_key_that_sqlite_states_is_held(rules, tmp_path):
    """SQLite holds none unless it is told to, and rows that lead nowhere went in."""
    store = _make(
        "sqlite",
        tmp_path,
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "CREATE TABLE t (id INT, p INT REFERENCES p (id))",
        "INSERT INTO p VALUES (1)",
    )
    (tmp_path / "n.csv").write_text("id,p\n1,1\n2,77\n")
    with pytest.raises(UsageError, match="the store refuses a row, so none went in: FOREIGN KEY"):
        load(None, Order(f"{tmp_path}/n.csv", store, rules))
    (tmp_path / "m.csv").write_text("id,p\n1,1\n")
    assert load(None, Order(f"{tmp_path}/m.csv", store, rules))["loaded"] == 1


def test_a_nan_that_sqlite_would_make_null_stays_outside(rules, tmp_path):
    store = _make("sqlite", tmp_path, "CREATE TABLE t (id INT, x REAL)", "INSERT INTO t VALUES (1, 0.5)")
    (tmp_path / "n.csv").write_text("id,x\n2,NaN\n3,inf\n4,\n")
    told = load(None, Order(f"{tmp_path}/n.csv", store, rules))
    assert (told["loaded"], told["rows_told"][0]["why"]) == (
        2,
        "x holds NaN, of which the store would make null",
    )
    assert _rows(store, tmp_path) == [(1, 0.5), (3, float("inf")), (4, None)]


def test_no_value_of_a_row_is_kept_in_the_log_where_a_load_fails(rules, tmp_path):
    """A ledger is never rewritten, and DuckDB's own words named the address."""
    store = _make(
        "duckdb",
        tmp_path,
        "CREATE TABLE t (id INT, mail VARCHAR)",
        "CREATE UNIQUE INDEX u ON t (lower(mail))",
        "INSERT INTO t VALUES (1, 'ann@x.example')",
    )
    (tmp_path / "n.csv").write_text("id,mail\n5,Ann@X.example\n")
    home = Home.create(tmp_path, {})
    with pytest.raises(UsageError, match=r"ann@x\.example"):
        load(home, Order(f"{tmp_path}/n.csv", store, rules))
    event = ledger.tail(home.office, 1)[0]
    assert event.outcome == "failed" and "the store refuses a row" in str(event.detail)
    assert "ann@" not in str([e.to_dict() for e in ledger.tail(home.office, 9)]).lower()
    home.close()
