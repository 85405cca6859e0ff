"""A real PostgreSQL server of our own, on a socket in a private folder."""

from __future__ import annotations

import json
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
        con.execute("DROP SCHEMA s CASCADE")
        con.execute("DROP TABLE t")


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


def _made(server: str, *statements: str) -> None:
    import psycopg

    with psycopg.connect(
        host=server.partition("host=")[2], user="me", dbname="postgres", autocommit=True
    ) as con:
        for statement in statements:
            con.execute(statement)


def test_a_view_that_writes_is_read_by_nothing(server: str, table, work, tmp_path):
    from assay.checks.data.quality import check as quality

    _made(
        server,
        "CREATE TABLE s.log (n int)",
        "CREATE FUNCTION s.noted() RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO s.log VALUES (1) RETURNING n'",
        "CREATE VIEW s.writes AS SELECT a, s.noted() AS n FROM public.t",
    )
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - {complete: n}\n  - {sql: n > 0}\n")
    with pytest.raises(AssayError, match="read-only"):
        quality(table(f"{server}::s.writes"), rules=rules, work=work)
    with pytest.raises(AssayError, match="read-only"):
        table(f"{server}::s.writes").arrow(["n"])
    assert table(f"{server}::s.log").rows == 0


def test_what_a_server_takes_too_long_for_is_unknown_and_not_asked_again(
    server: str, table, work, tmp_path, monkeypatch
):
    import time

    from assay.checks.data.quality import check as quality
    from assay.engines.tables import there

    _made(
        server,
        "CREATE FUNCTION s.slowly() RETURNS boolean STABLE LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_sleep(2); RETURN true; END'",
        "CREATE VIEW s.slow AS SELECT a, s.slowly() AS late FROM public.t",
    )
    monkeypatch.setattr(there, "SECONDS", 1)
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "rules:\n" + "  - {sql: late, name: l%d}\n" * 4 % (1, 2, 3, 4) + "  - {columns: [a, late]}\n"
    )
    began = time.monotonic()
    report = quality(table(f"{server}::s.slow"), rules=rules, work=work)
    assert time.monotonic() - began < 6
    assert [r["state"] for r in report.data["rules"]] == ["unknown"] * 4 + ["holds"]
    assert "took longer than 1 s" in report.coverage.skipped[0].why and not report.coverage.complete
    assert "copied" not in report.data


def test_names_that_questions_use_themselves_are_columns_like_any_other(server: str, table, work, tmp_path):
    from assay.checks.data.quality import check as quality

    names = ["#row", "#h0", "#count", "c", "q0", "k0", 'a"b', "%s", "t", "Select", "é x"]
    columns = ", ".join('"' + n.replace('"', '""') + '" text' for n in names)
    _made(
        server,
        f'CREATE TABLE s."o;d""d" ({columns})',
        f'INSERT INTO s."o;d""d" SELECT {", ".join(["x::text"] * len(names))} FROM generate_series(1, 5) x',
        f'INSERT INTO s."o;d""d" SELECT {", ".join(["NULL"] * len(names))}',
    )
    rules = tmp_path / "rules.yaml"
    given = [
        {"complete": names},
        {"unique": names},
        *({"unique": n} for n in names),
        {"sql": '"%s" = t and "#h0" < \'3\''},
    ]
    rules.write_text(
        json.dumps({"rules": [*given, {"references": names[:2], "table": "o", "column": names[3:5]}]})
    )
    opened = table(f'{server}::s.o;d"d')
    report = quality(opened, rules=rules, tables={"o": table(f'{server}::s.o;d"d')}, work=work)
    states = {r["name"]: (r["state"], r["failing"]) for r in report.data["rules"]}
    assert "copied" not in report.data and report.coverage.complete
    assert {s for n, s in states.items() if n.startswith("complete")} == {("broken", 1)}
    assert {s for n, s in states.items() if n.startswith(("unique", "references"))} == {("holds", 0)}
    assert states[next(n for n in states if n.startswith("sql"))] == ("broken", 3)
