"""SQL in rules: what may be said, and that nothing else reaches the engine."""

from __future__ import annotations

import json

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.methods.quality.guard import AGGREGATES, FUNCTIONS, guard

COLUMNS = ("a", "b", "Long Name", "d")
NOW = "2026-01-02T03:04:05.678Z"
ROWS = [
    "a > 1 AND b <= 'x' OR NOT (a = 2)", "\"Long Name\" IS NOT NULL", "a BETWEEN 1 AND 3", "a IN (1, 2)",
    "a NOT IN (1, 2)", "b LIKE '%x%'", "b ILIKE 'X'", "regexp_matches(b, '^x')", "b ~ 'x.*'",
    "CASE WHEN a > 1 THEN b = 'x' ELSE false END", "TRY_CAST(b AS DOUBLE) IS NULL", "a::VARCHAR = '1'", "A > 1",
    "d >= now() - INTERVAL 3 DAYS", "d > current_date - INTERVAL '1' DAY", "date_diff('day', d, now()) < 3",
    "date_part('year', d) = 2020", "extract(year FROM d) = 2020", "date_trunc('month', d) = d", "a IS DISTINCT FROM 2",
    "b || 'x' = 'xx'", "(a, b) IN ((1, 'x'))", "d > TIMESTAMP '2020-01-01 00:00:00'", "d > DATE '2020-01-01'",
    "length(trim(b)) = 1 /* a comment */", "a // 2 = 1 -- another", "isnan(a::DOUBLE)", "b = 'it''s; DROP TABLE t'",
    "year(d) = 2020 AND month(d) = 1 AND day(d) = 1 AND hour(d) = 0 AND minute(d) = 0 AND second(d) = 0",
    "quarter(d) = 1 AND week(d) = 1", "substring(b, 1, 1) = 'x' AND left(b, 1) = right(b, 1) AND strpos(b, 'x') = 1",
    "coalesce(a, 0) + abs(a) * 2 / 3 % 4 - -1 > 0", "round(ln(exp(a)), 3) = floor(log10(power(10, ceil(a))))",
    "greatest(a, 2) >= least(a, 2) AND sign(a) = 1 AND sqrt(a) > 0 AND nullif(a, 0) > 0 AND mod(a, 2) = 1",
    "starts_with(b, 'x') AND ends_with(b, 'x') AND contains(b, 'x') AND concat(b, 'x') = upper(lower('XX'))",
]  # fmt: skip
WHOLE = [
    "sum(a) / count(*) > 1", "count(DISTINCT b) = count(*)", "avg(a) FILTER (WHERE b = 'x') < 3", "count_if(a > 1) > 3",
    "max(d) > now() - INTERVAL 1 DAY", "median(a) + stddev(a) + variance(a) + stddev_pop(a) + var_pop(a) > 0",
    "quantile_cont(a, 0.9) < 3", "bool_and(a > 1) OR bool_or(a > 1)", "corr(a, a) = 1", "min(a) = 1",
]  # fmt: skip
HOSTILE = [
    "(SELECT 1)", "a IN (SELECT x FROM read_csv('/etc/passwd'))", "EXISTS (SELECT 1 FROM 'x.csv')", "1; DROP TABLE t",
    "a > 1 FROM read_csv('/etc/passwd')", "read_text('/etc/passwd') = 'x'", "getenv('HOME') = 'x'",
    "current_setting('home_directory') = 'y'", "t.a > 1", '"t"."a" > 1', "row_number() OVER () > 1", "a > 1 UNION SELECT 2",
    "repeat('x', 1000000000) = b", "lpad(b, 1000000000, 'x') = b", "replace(b, 'a', 'aaaa') = b",
    "regexp_replace(b, 'a', 'aaaa') = b", "list_sum([x FOR x IN range(10)]) > 0", "range(10) IS NULL", "a[1] > 0",
    "{'a': 1}.a > 0", "$1 > 0", "? > 0", ":x > 0", "COLUMNS('a') > 0", "COLUMNS(*) > 0", "random() > 0.5", "nextval('x') > 1",
    "a > 1 WHERE 1 = 1", "a > 1 LIMIT 1", "*", "a, b", "DISTINCT a", "a AS x", "PRAGMA x", "COPY t TO 'x'", "ATTACH 'x'",
    "SET x = 1", "INSTALL httpfs", "a IN b", "a IN unnest([1])", "b LIKE ANY (SELECT 1)", "a > ALL (SELECT 1)", "'x' IN (FROM x)",
    "struct_pack(a := 1) IS NULL", "map {'a': 1} IS NULL", "lambda x: x", "b COLLATE nocase = 'x'", "current_user = 'x'",
    "version() = 'x'", "glob('*') IS NULL", "query('SELECT 1') IS NULL", "hash(a) > 0", "pg_sleep(10) IS NULL", "a::INT[] IS NULL",
    "a::STRUCT(x INT) IS NULL", "CAST(a AS JSON) IS NULL", "E'x' = b", "x'00' = b", "$$a$$ = b", "", ";", "a\0b",
    "(" * 100 + "a" + ")" * 100, "NOT " * 900 + "a", "a" * 5000, "CASE " * 200, "sum(a) > 1", "count(*) > 1", "a > 1; -- x\n SELECT 2",
    "a > 1) FROM t WHERE (1 = 1", "(VALUES (1))", "TABLE t", "a IN (TABLE t)", "getvariable('x') > 1", "icu_sort_key(b, 'de') = b",
]  # fmt: skip


@pytest.fixture(scope="module")
def engine():
    con = duckdb.connect()
    con.execute("CREATE TABLE t AS SELECT 1 AS a, 'x' AS b, 2 AS \"Long Name\", TIMESTAMP '2020-01-01' AS d")
    yield con
    con.close()


@pytest.mark.parametrize("text", ROWS)
def test_what_may_be_said_of_a_row_means_the_same_when_it_is_written_anew(engine, text):
    found = guard(text, COLUMNS, NOW)
    assert set(found.columns) <= set(COLUMNS)
    plain = text.replace("now()", f"TIMESTAMP '{NOW[:23]}'").replace("current_date", "DATE '2026-01-02'")
    ours, theirs = (engine.execute(f"SELECT {sql}\n FROM t").fetchone() for sql in (found.sql, plain))
    assert ours == theirs and isinstance(ours[0], bool)


@pytest.mark.parametrize("text", WHOLE)
def test_what_may_be_said_of_the_whole(engine, text):
    found = guard(text, COLUMNS, NOW, aggregate=True)
    engine.execute(f"SELECT {found.sql} FROM t").fetchall()


@pytest.mark.parametrize("text", HOSTILE)
def test_everything_else_is_refused_in_one_sentence(text):
    with pytest.raises(UsageError) as error:
        guard(text, COLUMNS, NOW)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text", ["a > 1", "1 > 0", "sum(a) > (SELECT 1)", "sum(a) OVER () > 1", "list(a) IS NULL"]
)
def test_an_aggregate_is_one_and_as_closed(text):
    with pytest.raises(UsageError):
        guard(text, COLUMNS, NOW, aggregate=True)


def test_columns_are_spelled_as_the_table_does_and_unknown_ones_kept():
    assert guard('A + "long name" + nope > 0', COLUMNS, NOW).columns == ("a", "Long Name", "nope")


def test_the_functions_that_are_offered_are_all_there(engine):
    known = {r[0] for r in engine.execute("SELECT function_name FROM duckdb_functions()").fetchall()}
    special = {"coalesce", "current_date", "extract", "try_cast"}  # syntax, and no functions of the catalogue
    assert {*FUNCTIONS, *AGGREGATES} - special <= known


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet="ab'\"()[]{}<>=!;,.*-/ 01SELCTFROMWHERselct\n", max_size=60))
def test_the_engine_reads_whatever_is_accepted_as_one_expression_over_the_table(engine, text):
    try:
        found = guard(text, COLUMNS, NOW)
    except UsageError:
        return
    ((tree,),) = engine.execute("SELECT json_serialize_sql(?)", [f"SELECT ({found.sql}) FROM t"]).fetchall()
    read = json.loads(tree)
    if read["error"]:  # such as 0 < 0 < 0, which the engine does not read, and so does not run
        return
    (statement,) = read["statements"]
    assert statement["node"]["from_table"]["table_name"] == "t"
    assert len(statement["node"]["select_list"]) == 1
    assert "SUBQUERY" not in tree and not statement["node"]["modifiers"]
