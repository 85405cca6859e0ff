"""Each kind of rule of data.quality gives on a server what DuckDB gives: asked there, or else of columns copied here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.checks.data.quality import check
from assay.kernel.report import Report

UTC = dt.UTC
NAN = float("nan")
ROWS = 61
TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "a b ",
    " a",
    "é",
    "ß",
    "日本",
    "a\nb",
    "a\n",
    "it's",
    "a\\b",
    "1.5",
    "12",
    "%a_",
    None,
]
FLOATS = [0.0, -0.0, 0.1, 1.5, NAN, float("inf"), -1e300, 2.0, None, 1e-7]
TYPES = {"id": "bigint", "small": "smallint", "whole": "integer", "big": "bigint", "x": "double precision",
         "short": "real", "price": "numeric(10,2)", "long": "numeric(30,5)", "t": "text", "v": "varchar(20)",
         "padded": "char(6)", "b": "boolean", "d": "date", "at": "timestamp", "zoned": "timestamptz"}  # fmt: skip


def _rows() -> pa.Table:
    n = range(ROWS)
    day = dt.datetime(1999, 12, 30, 22, 59, 58, 999999)
    return pa.table(
        {
            "id": pa.array([i if i != 17 else 16 for i in n], pa.int64()),
            "small": pa.array([i % 7 - 3 if i % 5 else None for i in n], pa.int16()),
            "whole": pa.array([i * i - 100 for i in n], pa.int32()),
            "big": pa.array([2**62 - i % 3 for i in n], pa.int64()),
            "x": pa.array([FLOATS[i % 10] for i in n], pa.float64()),
            "short": pa.array([0.1 * i if i % 9 else NAN for i in n], pa.float32()),
            "price": pa.array([Decimal(i * 7) / 4 if i % 6 else None for i in n], pa.decimal128(10, 2)),
            "long": pa.array([Decimal(10**20 + i) for i in n], pa.decimal128(30, 5)),
            "t": pa.array([TEXTS[i % len(TEXTS)] for i in n]),
            "v": pa.array([f"AB-{i:03d}"[: 3 + i % 4] for i in n]),
            "padded": pa.array([f"{'ab'[: i % 3]:6}" for i in n]),
            "b": pa.array([[True, False, None][i % 3] for i in n]),
            "d": pa.array([(day + dt.timedelta(days=i * 11)).date() if i % 8 else None for i in n]),
            "at": pa.array([day + dt.timedelta(seconds=i * 1801) for i in n], pa.timestamp("us")),
            "zoned": pa.array([day.replace(tzinfo=UTC) + dt.timedelta(days=i) for i in n], pa.timestamp("us", "UTC")),
        }
    )  # fmt: skip


# Asked where the rows lie.
THERE = r"""
  - {complete: [t, x, padded, long, short], mostly: 0.9}
  - {absent: b}
  - {unique: id}
  - {unique: [small, b]}
  - {unique: t, nulls: fail}
  - {unique: x, when: "whole > 0"}
  - {range: whole, min: -50, max: 2000}
  - {range: x, min: 0.1, max: 1.5}
  - {range: x, above: 0, nulls: fail}
  - {range: big, min: 4611686018427387904}
  - {range: price, min: 1.75, max: 60}
  - {range: d, min: 2000-01-01, max: today}
  - {range: at, above: "1999-12-30 23:30:00"}
  - {range: zoned, max: "2000-01-30T00:00:00+02:00"}
  - {range: t, min: A, max: b}
  - {set: t, values: ["", a, "it's", 'a\b', é]}
  - {set: small, values: [1, 2, null]}
  - {set: x, values: [0, 1.5]}
  - {set: d, values: [1999-12-31]}
  - {set: b, values: [true]}
  - {forbidden: t, values: [A, "%a_"]}
  - {pattern: v, matches: '[A-Z]{2}-\d{3}'}
  - {pattern: t, contains: '^a.'}
  - {pattern: t, contains: 'b$'}
  - {pattern: t, matches: '(a|b|\s)*'}
  - {pattern: t, not_contains: '[^\w\s]'}
  - {pattern: t, like: 'a%'}
  - {pattern: whole, matches: '-?\d+'}
  - {length: t, min: 1, max: 3}
  - {type: whole, is: integer}
  - {type: price, is: number}
  - {sql: "whole + id > 0 and not (x < 0.05 or b)"}
  - {sql: "d < at", when: "t is not null"}
  - {sql: "case when b then price >= 20 else x is null end"}
  - {sql: "year(d) between 2000 and 2001 and length(t) < 3"}
  - {sql: "at >= '2000-01-01' and id in (30, 40, 50)"}
  - {freshness: d, within: 3 days}
  - {freshness: zoned, within: 900000 days}
  - {minimum: whole, min: 0}
  - {maximum: zoned, max: 2000-02-01}
  - {minimum: t, min: A}
  - {mean: whole, max: 3}
  - {mean: price, max: 3}
  - {median: whole, max: 3}
  - {sum: price, max: 3}
  - {stddev: whole, max: 3}
  - {variance: id, max: 3}
  - {sum: big, max: 3}
  - {quantile: id, at: 0.3, max: 3}
  - {correlation: [id, whole], max: 0.5}
  - {distinct: t, max: 3}
  - {distinct_share: x, min: 0.5}
  - {unique_share: t, min: 0.5}
  - {completeness: padded, min: 1}
  - {constant: big}
  - {aggregate: "sum(whole) > count(*)"}
  - {aggregate: "1 - count(t) / nullif(count(*), 0)", max: 0.01}
  - {row_count: null, max: 10, when: "b or x > 1"}
  - {row_count: null, min: 10}
  - {column_count: null, max: 10}
  - {column_names: '[a-z]+'}
  - {exists: nothing}
  - {all: [{complete: t}, {range: whole, min: 0}]}
  - {any: [{complete: t}, {set: b, values: [true]}]}
  - {references: small, table: codes, column: code}
  - {references: [small, t], table: codes, column: [code, name]}
"""
# Asked here, of columns that are copied: what a server says otherwise, or cannot say.
HERE = r"""
  - {unique: padded}
  - {unique: long}
  - {set: padded, values: [ab]}
  - {range: short, max: 0.1}
  - {range: long, max: 5}
  - {length: padded, max: 3}
  - {length: x, max: 3}
  - {pattern: t, matches: '\p{L}+'}
  - {pattern: t, contains: '(?i)A'}
  - {pattern: t, contains: '\ba'}
  - {pattern: t, like: 'a\%'}
  - {pattern: x, contains: '\.'}
  - {type: t, is: number}
  - {format: t, is: date}
  - {outliers: whole, zscore: 2}
  - {increasing: whole}
  - {decreasing: at}
  - {range: t, min: 1, max: 5}
  - {sql: "lower(t) = 'a'"}
  - {sql: "whole % 5 = 0"}
  - {sql: "id / whole > 0"}
  - {sql: "trim(t) = t"}
  - {entropy: t, max: 1}
  - {skewness: whole, max: 0}
  - {occurs: t, values: [a, zz]}
  - {most_common: b, values: [false]}
  - {mean: x, max: 1}
  - {median: price, max: 1}
  - {aggregate: "avg(x) > 1"}
  - {distribution: v, test: psi, shares: {AB-: 1.0}, max: 0.1}
  - {duplicate_rows: null, max: 0}
"""
FLOATING = ("mean", "stddev", "variance", "median", "quantile", "correlation")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table and the one that it refers to, as Parquet."""
    folder = tmp_path_factory.mktemp("quality")
    pq.write_table(_rows(), folder / "hard.parquet")
    codes = pa.table({"code": pa.array([1, 2, None], pa.int16()), "name": ["a", "", "A"]})
    pq.write_table(codes, folder / "codes.parquet")
    return folder


@pytest.fixture(scope="module")
def in_server(postgres: str, files: Path) -> Iterator[str]:
    """The same two in PostgreSQL, whose own order of texts is of words and not of bytes."""
    import psycopg

    with psycopg.connect(
        host=postgres.partition("host=")[2], user="me", dbname="postgres", autocommit=True
    ) as con:
        names = ", ".join(f"{n} {t}" for n, t in TYPES.items())
        con.execute(
            "CREATE COLLATION IF NOT EXISTS anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
        names = names.replace("t text", "t text COLLATE anycase").replace(" at t", " at t")
        con.execute(f"CREATE TABLE hard ({names})")
        con.execute("CREATE TABLE codes (code smallint, name text)")
        for name in ("hard", "codes"):
            rows = pq.read_table(files / f"{name}.parquet")
            with con.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                for row in zip(*(c.to_pylist() for c in rows.columns), strict=True):
                    copy.write_row(row)
        yield postgres
        con.execute("DROP TABLE hard, codes")


def _equal(expected: Report, found: Report, work: Any) -> None:
    for a, b in zip(expected.data["rules"], found.data["rules"], strict=True):
        if a["kind"] in FLOATING and isinstance(a.get("value"), float):
            assert b["value"] == pytest.approx(a["value"], rel=1e-12), a
            b = b | {"value": a["value"]}
        assert b == a, expected.coverage.skipped
    told = [f.message for f in expected.findings]
    assert [f.message for f in found.findings if f.rule != "data.quality.copied"] == told
    assert found.coverage == expected.coverage
    kept = [
        pq.read_table(work.store.path(o.digest)).to_pylist() for r in (expected, found) for o in r.outputs
    ]
    assert kept[0] == kept[1] and kept[0]


def _held(first: Any, second: Any, rules: str, folder: Path, work: Any) -> Report:
    """Hold rules against two pairs of tables; with all failing rows, and with the first two of each rule."""
    path = folder / "rules.yaml"
    path.write_text("rules:" + rules)
    for most in (10_000, 2):
        given = {"rules": path, "failing_rows": most, "work": work}
        expected, found = (check(t, tables={"codes": codes}, **given) for t, codes in (first, second))
        _equal(expected, found, work)
    return found


@pytest.fixture
def pair(files: Path, table: Any) -> Any:
    """The table and the one it refers to in DuckDB."""
    return table(str(files / "hard.parquet"), "hard"), table(str(files / "codes.parquet"), "codes")


def _copied(report: Report) -> dict[str, str]:
    return {c["rule"]: c["why"] for c in report.data.get("copied", ())}


def test_what_is_asked_in_postgres_is_what_duckdb_says(pair, in_server: str, table, work, tmp_path) -> None:
    other = table(f"{in_server}::hard", "hard"), table(f"{in_server}::codes", "codes")
    found = _held(pair, other, THERE, tmp_path, work)
    assert not _copied(found)


def test_what_postgres_would_say_otherwise_is_asked_here(pair, in_server: str, table, work, tmp_path) -> None:
    other = table(f"{in_server}::hard", "hard"), table(f"{in_server}::codes", "codes")
    found = _held(pair, other, HERE, tmp_path, work)
    assert len(_copied(found)) == len(found.data["rules"])


# Of whole numbers, which come round there; and of patterns, which Java tries one way after another.
_ON_SPARK = (
    "arithmetic is not alike",
    "its pattern may be read otherwise (it can be matched in many ways, which may take for ever there)",
)


@pytest.mark.slow  # the only one of the quick suite that would start Spark, which takes longer than all it asks
@pytest.mark.parametrize("rules", [THERE.splitlines()[3] + THERE.splitlines()[1], THERE])
def test_what_is_asked_on_spark_is_what_duckdb_says(
    rules: str, pair, files, spark: str, work, tmp_path
) -> None:
    from assay.engines.tables import open_table

    scratch = tmp_path / "spark"
    scratch.mkdir()
    other = [open_table(files / f"{t.asset.name}.parquet", scratch=scratch, engine=spark) for t in pair]
    found = _held(pair, other, "\n" + rules.replace("}  -", "}\n  -"), tmp_path, work)
    assert not set(_copied(found).values()) - set(_ON_SPARK)
    for opened in other:
        opened.close()
