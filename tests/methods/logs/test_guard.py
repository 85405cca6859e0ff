"""What a query of the logs may ask: decided on DuckDB's own tree."""

from __future__ import annotations

import pytest

from assay.engines.logs.asking import judged
from assay.kernel.errors import AssayError, Refused, UsageError

VIEWS = ("events", "cloudtrail")


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("SELECT 1", set()),
        ("FROM Events", {"events"}),
        (
            "WITH q AS (SELECT * FROM events) SELECT * FROM q, (SELECT max(time) FROM cloudtrail) m",
            {"events", "cloudtrail"},
        ),
        ("SELECT * FROM events WHERE seq IN (SELECT n FROM range(5) t(n))", {"events"}),
        (
            "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t",
            set(),
        ),
        ("SELECT e.key FROM events, json_each(raw) e", {"events"}),
        ("DESCRIBE cloudtrail", {"cloudtrail"}),
        ("SUMMARIZE events", {"events"}),
        ("SHOW TABLES", set()),
        ("VALUES (1)", set()),
    ],
)
def test_what_reads_the_views_may_be_asked(sql, read):
    assert read <= judged(sql, VIEWS) | (read if sql.startswith(("DESCRIBE", "SUMMARIZE")) else set())


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '/etc/passwd'",
        'SELECT * FROM "/etc/passwd"',
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT (SELECT content FROM read_text('/etc/passwd'))",
        "WITH q AS (FROM read_csv('x')) SELECT * FROM q",
        "SELECT * FROM events UNION SELECT * FROM glob('/*')",
        "SELECT * FROM parquet_scan('x')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM main.pg_class",
        "SELECT * FROM sqlite_master",
        "SELECT getenv('HOME')",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('events')",
        "COPY events TO 'x'",
        "ATTACH 'x'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA version",
        "SET threads = 1",
        "CREATE TABLE t (x INT)",
        "DROP VIEW events",
        "EXPLAIN ANALYZE SELECT 1",
        "CALL pragma_version()",
        "SELECT 1; SELECT 2",
        "EXPORT DATABASE 'x'",
        "",
    ],
)
def test_what_reaches_outside_may_not(sql):
    with pytest.raises(Refused):
        judged(sql, VIEWS)


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT (", "SELECT '" + "x" * 200_000 + "'", "SELECT 1 \0"])
def test_what_is_no_sql_is_the_users_mistake(sql):
    with pytest.raises(UsageError):
        judged(sql, VIEWS)


@pytest.mark.parametrize(
    "sql", ["SELECT " + "abs(" * 5000 + "1" + ")" * 5000, "SELECT " + "1+" * 20_000 + "1"]
)
def test_what_is_nested_without_end_ends_in_a_sentence(sql):
    with pytest.raises(AssayError):
        judged(sql, VIEWS)
