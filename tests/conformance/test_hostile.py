"""Every check and treatment of data on tables that nobody would hand in on purpose: a finding or a sentence, no fault."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.kernel.errors import AssayError
from assay.works.checking import carry_out

LABEL = {"label": "label"}
RULES = """rules:
  - {complete: x}
  - {unique: id}
  - {range: x, min: 0, max: 5}
  - {pattern: x, contains: '^a'}
  - {mean: y, min: 0}
  - {outliers: y, zscore: 3}
"""
ACTIONS: list[tuple[Any, str, dict[str, Any]]] = [
    ("check", "data.profile", LABEL),
    ("check", "data.quality", {"rules": "RULES"}),
    ("check", "data.quality", {"suggest": True}),
    ("check", "data.integrity", {}),
    ("check", "data.pii", {}),
    ("check", "data.anonymity", {"quasi": ["group", "x"], "sensitive": ["label"]}),
    ("check", "data.drift", {"against": "SELF", "rows": 200}),
    ("check", "data.leakage", LABEL),
    ("check", "data.bias", {**LABEL, "positive": "1", "facet": ["x"]}),
    ("treatment", "data.repair", {}),
    ("treatment", "data.mask", {"columns": ["x", "y"]}),
    ("treatment", "data.mask", {"columns": ["x"], "method": "null"}),
    ("treatment", "data.kanonymity", {"quasi": ["group", "x"], "k": 3}),
    ("treatment", "data.pca", {}),
    ("treatment", "data.split", {"test": 0.25, "time": "x"}),
    ("treatment", "data.split", {"test": 0.25, "stratify": "x"}),
    ("treatment", "data.drop", {"columns": ["x"]}),
]
CONFUSED = ["1", "2.5", "abc", "2024-01-02", "true", "NULL", '"a,b"', "", '"1.234,56"', "12 kg", "inf", "$5"]
ZONELESS = ["2024-01-02 10:11:12", "2024-03-31 02:30:00", "01/02/2024", "2024-10-27T02:30:00Z"]


def _csv(folder: Path, name: str, row: Callable[[int], str], head: str = "id,label,group,x,y") -> Path:
    path = folder / f"{name}.csv"
    lines = (f"{i},{i % 2},{'ab'[i % 3 == 0]},{row(i)}\n" for i in range(80))
    path.write_bytes((head + "\n").encode() + "".join(lines).encode("utf-8", "surrogateescape"))
    return path


def _parquet(folder: Path, name: str, x: pa.Array, y: pa.Array) -> Path:
    ids = np.arange(len(x))
    group = pa.array(np.where(ids % 3 == 0, "a", "b"))
    path = folder / f"{name}.parquet"
    pq.write_table(pa.table({"id": ids, "label": ids % 2, "group": group, "x": x, "y": y}), path)
    return path


def _infinite(folder: Path) -> Path:
    x = [np.inf, -np.inf, np.nan, 3.5] * 20
    return _parquet(folder, "infinite", pa.array(x), pa.array([1e308, -1e308] * 40))


def _nested(folder: Path) -> Path:
    x = [{"a": i, "b": [i]} for i in range(80)]
    return _parquet(folder, "nested", pa.array(x), pa.array([b"\xff\x00"] * 80))


def _broken(folder: Path) -> Path:
    raw = _infinite(folder).read_bytes()
    path = folder / "truncated.parquet"
    path.write_bytes(raw[: len(raw) // 2])
    return path


def _empty(folder: Path) -> Path:
    path = folder / "empty.csv"
    path.touch()
    return path


def _header(folder: Path) -> Path:
    path = folder / "header.csv"
    path.write_text("id,label,group,x,y\n")
    return path


TABLES: dict[str, Callable[[Path], Path]] = {
    "mixed types": lambda f: _csv(f, "mixed", lambda i: f"{CONFUSED[i % 12]},{i * 1.5}"),
    "decimal commas": lambda f: _csv(f, "commas", lambda i: f'"{i % 9 + 1}.{i:03d},{i:02d}","{i},5"'),
    "all missing": lambda f: _csv(f, "missing", lambda i: ","),
    "infinities": _infinite,
    "nested": _nested,
    "a header alone": _header,
    "empty": _empty,
    "truncated": _broken,
    "ragged, no UTF-8": lambda f: _csv(f, "ragged", lambda i: ("\udcff,1", "a", "b,2,3,4")[i % 3]),
}
MORE: dict[str, Callable[[Path], Path]] = {
    "dates without a zone": lambda f: _csv(f, "zoneless", lambda i: f"{ZONELESS[i % 4]},{i}"),
    "numbers as text": lambda f: _csv(f, "texts", lambda i: f'" {i}","{i} kg"'),
    "infinite text": lambda f: _csv(
        f, "texts", lambda i: f"{('inf', 'nan', '1e308')[i % 3]},{('1e400', '')[i % 2]}"
    ),
    "duplicate names": lambda f: _csv(f, "twice", lambda i: f"{i},{i * 2}", "id,label,group,x,x"),
    "NUL": lambda f: _csv(f, "nul", lambda i: ("a", "a\0b")[i == 5] + f",{i}"),
    "one value": lambda f: _csv(f, "one", lambda i: "z,7"),
    "types of nothing": lambda f: _parquet(f, "null", pa.nulls(80), pa.array([[1], None] * 40)),
    "no rows": lambda f: _parquet(f, "none", pa.nulls(0, pa.float64()), pa.nulls(0, pa.string())),
}


def _examined(path: Path, folder: Path) -> None:
    rules = folder / "rules.yaml"
    rules.write_text(RULES)
    for kind, name, params in ACTIONS:
        given = {k: {"RULES": rules, "SELF": path}.get(v, v) if isinstance(v, str) else v
                 for k, v in params.items()}  # fmt: skip
        began = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                report = carry_out(kind, name, str(path), given, home=None).report
            except AssayError as error:
                assert str(error).strip() and "\n" not in str(error), (name, error)
                continue
        assert not report.error, (name, params, report.error)
        assert time.process_time() - began < 20, name


@pytest.mark.slow
@pytest.mark.parametrize("kind", TABLES)
def test_a_hostile_table_ends_in_a_finding_or_a_sentence(kind: str, tmp_path: Path) -> None:
    _examined(TABLES[kind](tmp_path), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MORE)
def test_more_hostile_tables_end_so_too(kind: str, tmp_path: Path) -> None:
    _examined(MORE[kind](tmp_path), tmp_path)


@pytest.mark.parametrize(
    "cells, rule",
    [
        (["1", "2", "n 5", "n 6", "2024-01-02"], "mixed_types"),
        (['"1.234,56"', '"7,5"', '"12,25"'], "numbers_as_text"),
        (["5 kg", "12 kg", "7.5 kg"], "numbers_as_text"),
        (["2024-01-02", "02.01.2024", "2024-01-03"], "mixed_dates"),
        (["2024-01-02T10:00:00Z", "02/01/2024 ", "2024-01-03T10:00:00"], "mixed_dates"),
    ],
)
def test_profile_tells_what_was_meant_to_be_another_type(cells: list[str], rule: str, tmp_path: Path) -> None:
    path = _csv(tmp_path, "t", lambda i: f"{cells[i % len(cells)]},{i}")
    report = carry_out("check", "data.profile", str(path), {}, home=None).report
    found = [f for f in report.findings if f.rule == f"data.profile.{rule}"]
    assert [f.where["column"] for f in found] == ["x"] and found[0].remedy
    clean = _csv(tmp_path, "clean", lambda i: f"word {'abc'[i % 3]},{i}")
    rules = {f.rule for f in carry_out("check", "data.profile", str(clean), {}, home=None).report.findings}
    assert not rules & {f"data.profile.{r}" for r in ("mixed_types", "numbers_as_text", "mixed_dates")}


@pytest.mark.parametrize("distinct, exact", [(3_000, False), (900, True)])
def test_a_column_of_very_many_texts_is_counted_where_it_lies(
    distinct: int, exact: bool, table, work
) -> None:
    from assay.checks.data.profile.reading import profile

    texts = pa.array([f"text {i % distinct}" for i in range(3_000)])
    found = profile(table(pa.table({"x": texts, "n": np.arange(3_000)})), work, 30, wordy=1_000)
    assert bool(found.notes) is not exact
    assert found.columns["x"]["distinct"] == distinct and found.columns["n"]["max"] == 2_999


MAKE = """
import sys, duckdb
what, out = sys.argv[1:]
cell = "CASE WHEN i = 5 THEN repeat('abcd', 50_000_000) ELSE 'x' || i END"
x, rows = {"ten million texts": ("'text number ' || hash(i)", 10_000_000), "a long cell": (cell, 200)}[what]
ask = f"SELECT i AS id, i % 2 AS label, chr(97 + (i % 3)::INTEGER) AS g, {x} AS x FROM range({rows}) t(i)"
duckdb.execute(f"COPY ({ask}) TO '{out}'")
"""


@pytest.mark.slow
@pytest.mark.parametrize("ask", ["data.profile", "data.quality", "data.integrity"])
@pytest.mark.parametrize("what", ["ten million texts", "a long cell"])
def test_memory_is_bounded_whatever_a_column_holds(what: str, ask: str, tmp_path: Path) -> None:
    path, rules = tmp_path / "t.parquet", tmp_path / "rules.yaml"
    said = "{complete: x}\n  - {unique: x}\n  - {pattern: x, contains: '^x'}"
    rules.write_text(f"rules:\n  - {'{key: [x]}' if ask == 'data.integrity' else said}\n")
    subprocess.run([sys.executable, "-c", MAKE, what, str(path)], check=True)
    command = [sys.executable, "-c", "from assay.doors.cli import main; main()", "check", ask, str(path)]
    command += ["--rules", str(rules)] if ask != "data.profile" else []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tmp_path)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1)
    assert used.ru_maxrss < 2 * 1024**2, f"{used.ru_maxrss >> 10} MB"
    assert used.ru_utime < 120
