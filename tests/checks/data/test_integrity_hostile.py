"""Tables that were made to break the discovery of rules: each gives a report, and no false rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.checks.data.integrity import check

N = 400
RNG = np.random.default_rng(5)
START = datetime(2024, 1, 1, tzinfo=UTC)
NOISE = RNG.integers(0, 9, N)


def tables():
    moments = [START + timedelta(hours=int(h)) for h in RNG.integers(0, 9_000, N)]
    long = "é" * 3_000
    yield "all missing", {"a": pa.nulls(N, pa.float64()), "b": pa.nulls(N, pa.string()), "c": pa.nulls(N)}
    yield (
        "infinite",
        {"a": np.where(RNG.random(N) < 0.3, np.inf, 1.5), "b": np.where(RNG.random(N) < 0.3, -np.inf, NOISE)},
    )
    yield "nan", {"a": np.full(N, np.nan), "b": NOISE * 1.0}
    yield (
        "huge",
        {
            "a": RNG.integers(-(2**62), 2**62, N),
            "b": RNG.integers(2**62, 2**63 - 1, N),
            "c": RNG.random(N) * 1e308,
            "d": RNG.random(N) * 1e-308,
        },
    )
    yield "unsigned", {"a": pa.array([2**64 - 1 - int(k) for k in NOISE], pa.uint64()), "b": NOISE}
    # a column of digests, each different: it looks like a key that others may refer to
    yield "unsigned keys", {"a": pa.array([2**64 - 1 - k for k in range(N)], pa.uint64()), "b": NOISE}
    yield (
        "dates all missing",
        {"a": pa.nulls(N, pa.date32()), "b": moments, "c": pa.nulls(N, pa.timestamp("us")), "d": NOISE},
    )
    yield (
        "decimals",
        {
            "a": pa.array([Decimal(int(k)) / 100 for k in NOISE], pa.decimal128(20, 2)),
            "b": pa.array([Decimal(10) ** 30 + int(k) for k in NOISE], pa.decimal128(38, 0)),
        },
    )
    yield "one value", {"a": np.ones(N), "b": np.array(["x"] * N, object), "c": np.zeros(N, bool)}
    yield (
        "zones",
        {
            "a": pa.array(moments, pa.timestamp("us", "UTC")),
            "b": pa.array([m.replace(tzinfo=None) for m in moments[::-1]], pa.timestamp("ns")),
            "c": pa.array([m.date() for m in moments[5:] + moments[:5]], pa.date32()),
        },
    )
    yield (
        "old dates",
        {
            "a": pa.array([datetime(1, 1, 1) + timedelta(days=int(k)) for k in NOISE], pa.timestamp("us")),
            "b": pa.array([datetime(9999, 12, 31)] * N, pa.timestamp("us")),
        },
    )
    yield (
        "names",
        {
            "`a``b` '": NOISE,
            'c " \\ {0}': RNG.integers(0, 9, N),
            "d\ne": RNG.random(N),
            "len gth": RNG.random(N),
            "and": NOISE[::-1],
            "": RNG.integers(0, 5, N),
        },
    )
    yield (
        "long names",
        {long + "1": NOISE * 7, long + "2": NOISE[::-1] * 3, long + "3": NOISE * 7 + NOISE[::-1] * 3},
    )
    yield (
        "long values",
        {
            "a": np.array([long + str(k % 4) for k in NOISE], object),
            "b": np.array([str(k % 4) + long for k in NOISE], object),
            "x": (NOISE % 4) * 10 + RNG.random(N),
        },
    )
    yield (
        "odd values",
        {
            "a": np.array(["'", '"', "`", "\\", "\n", "\x00", "{0}", "'\"", ""], object)[NOISE],
            "b": NOISE,
            "c": np.array(["'\\\"`", "yes"], object)[NOISE % 2],
            "d": NOISE % 2,
        },
    )
    yield (
        "numbers as text",
        {
            "a": np.array([f"{k},50" for k in NOISE], object),
            "b": np.array(["1.000", "x", "-", "1e5", "0x1", "٣", "1_0", "∞", "NaN"], object)[NOISE],
        },
    )
    yield (
        "dates as text",
        {
            "a": np.array(
                [
                    "2024-02-30",
                    "2024-01-01",
                    "01/02/2024",
                    "",
                    "0000-00-00",
                    "2024-13-01",
                    "9999-99-99",
                    "x",
                    "1",
                ],
                object,
            )[NOISE],
            "b": np.array([f"0{k + 1}/0{9 - k}/2024" for k in NOISE], object),
        },
    )
    yield (
        "nested",
        {
            "a": pa.array([[int(k)] for k in NOISE]),
            "b": pa.array([{"x": int(k)} for k in NOISE]),
            "c": NOISE,
            "d": pa.array([b"\xff"] * N),
        },
    )
    yield "dictionary", {"a": pa.array([f"k{k}" for k in NOISE]).dictionary_encode(), "b": NOISE}
    yield "few rows", {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize(("name", "columns"), [pytest.param(n, c, id=n) for n, c in tables()])
def test_a_hostile_table_gives_a_report(table, work, tmp_path, name, columns):
    data = pa.table({k: v if isinstance(v, pa.Array) else pa.array(v) for k, v in columns.items()})
    path = tmp_path / "t.parquet"
    pq.write_table(data, path)
    report = check(table(path), work=work)
    assert report.coverage.examined == data.num_rows
    assert [f.message for f in report.findings] == []


def test_columns_of_mixed_types_are_text(table, work, tmp_path):
    path = tmp_path / "t.csv"
    rng = np.random.default_rng(1)
    kinds = ["1", "2,5", "x", "2024-01-01", "true", "", "NULL", "-3e4"]
    path.write_text("a,b\n" + "".join(f'"{rng.choice(kinds)}","{rng.choice(kinds)}"\n' for _ in range(N)))
    assert check(table(path), work=work).findings == ()


def test_a_sum_of_decimal_commas_and_dates_without_a_zone(table, work, tmp_path):
    rng = np.random.default_rng(2)
    a, b = rng.integers(100, 99_999, N) / 100, rng.integers(100, 9_999, N) / 100
    total = (a + b).round(2)
    total[7] += 1
    start = pd.Timestamp("2024-03-30") + pd.to_timedelta(rng.integers(0, 90_000, N), "min")
    end = start + pd.to_timedelta(rng.integers(1, 900, N), "min")
    frame = pd.DataFrame({"a": a, "b": b, "total": total}).map(
        lambda v: f"{v:_.2f}".replace(".", ",").replace("_", ".")
    )
    frame["start"], frame["end"] = start.strftime("%d.%m.%Y %H:%M"), end.strftime("%d.%m.%Y %H:%M")
    frame.loc[9, ["start", "end"]] = frame.loc[9, ["end", "start"]].to_numpy()
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    report = check(table(path), work=work)
    assert [(f.rule, f.where["column"], f.where["row"]) for f in report.findings] == [
        ("data.integrity.sum", "total", 8),
        ("data.integrity.order", "end", 10),
    ]


@pytest.mark.slow
def test_ten_million_categories(table, work, tmp_path):
    import duckdb

    path = tmp_path / "t.parquet"
    duckdb.sql(
        f"COPY (SELECT 'k' || (i * 7919 % 10000019) AS code, i % 5 AS kind, hash(i) % 1000 AS n FROM range(10000000) r(i)) TO '{path}'"
    )
    report = check(table(path), work=work)
    assert report.findings == ()
    assert report.coverage.complete
