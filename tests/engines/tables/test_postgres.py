"""A real PostgreSQL server of our own, on a socket in a private folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assay.checks.data.profile import check
from assay.engines.tables import pin
from assay.kernel.errors import AssayError, Missing


@pytest.fixture(scope="module")
def server(postgres: str) -> Iterator[str]:
    """The server, with a table and a schema in it."""
    import psycopg

    folder = postgres.partition("host=")[2]
    with psycopg.connect(host=folder, user="me", dbname="postgres") as con:
        con.execute("CREATE TABLE t (a integer, b text, c double precision, d date, e boolean)")
        con.execute(
            "INSERT INTO t VALUES (3,'x',0.5,'2020-01-02',true), (1,NULL,1.5,NULL,false), (1,'y',NULL,NULL,NULL)"
        )
        con.execute("CREATE SCHEMA s")
        con.execute("CREATE TABLE s.u AS SELECT 1 AS k")
    yield postgres
    with psycopg.connect(host=folder, user="me", dbname="postgres") as con:
        con.execute("DROP TABLE t")
        con.execute("DROP SCHEMA s CASCADE")


def test_a_table_is_asked_where_it_lies(server: str, table, work):
    t = table(f"{server}::t")
    assert t.engine == "postgres" and t.rows == 3
    assert [c.type for c in t.columns] == ["integer", "text", "number", "date", "boolean"]
    assert t.arrow(["a", "b"]).to_pylist()[0] == {"a": 3, "b": "x"}
    assert sum(b.num_rows for b in t.batches()) == 3
    assert t.run(t.expr.a.sum()).column(0).to_pylist() == [5]
    assert [p.rule for p in t.problems] == ["data.unpinned"]
    r = check(t, work=work)
    assert r.metric("mean", column="a").value == pytest.approx(5 / 3)


def test_schemas_and_names_that_are_not_there(server: str, table):
    assert table(f"{server}::s.u").arrow().to_pylist() == [{"k": 1}]
    with pytest.raises(Missing, match="no table"):
        table(f"{server}::nothing")
    with pytest.raises(AssayError, match="question"):
        t = table(f"{server}::t")
        t.run(t.expr.b.cast("int64").sum())


def test_a_server_is_not_pinned(server: str):
    assert pin(f"{server}::t").digest == ""


def test_quality_copies_only_the_columns_that_rules_name(server: str, table, work, tmp_path, monkeypatch):
    from assay.checks.data.quality import check as quality
    from assay.engines.tables.databases import ServerTable

    asked: list[object] = []
    plain = ServerTable.batches
    monkeypatch.setattr(
        ServerTable,
        "batches",
        lambda self, columns=None, **k: (asked.append(columns), plain(self, columns, **k))[1],
    )
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "rules:\n  - {unique: a}\n  - {complete: b}\n  - {row_count: null, min: 1}\n"
        "  - {sql: C > 0}\n  - {columns: [a, b, c, d, e]}\n"
    )
    report = quality(table(f"{server}::t"), rules=rules, work=work)
    assert asked == [] and "copied" not in report.data
    assert [r["state"] for r in report.data["rules"]] == ["broken", "broken", "holds", "holds", "holds"]
    rules.write_text("rules:\n  - {unique: a}\n  - {increasing: a}\n  - {sql: lower(B) = 'x'}\n")
    report = quality(table(f"{server}::t"), rules=rules, work=work)
    assert [r["state"] for r in report.data["rules"]] == ["broken", "broken", "broken"]
    assert asked == [["a", "b"]]
    assert [(c["rule"], c["columns"]) for c in report.data["copied"]][1:] == [("sql lower(B) = 'x'", ["b"])]
    told = next(f for f in report.findings if f.rule == "data.quality.copied")
    assert told.message.startswith("2 columns were copied here from the server (a, b) for ")
