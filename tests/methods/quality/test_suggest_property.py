"""Whatever is suggested of a table, its own table passes: written, read again, and held."""

from __future__ import annotations

import datetime as dt
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assay.checks.data.quality import check
from assay.engines.blobs import Store
from assay.engines.tables import open_table
from assay.works.work import LocalWork

ODD = ["", " ", "\0", "a\0b", "\x01", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffd", "\ufffe", "\n", "a\r\nb", "\t", "é", "é",
       "日本", "🤦🏼", "null", "NULL", "~", "yes", "No", "true", "1", "01", "1.5", "1e3", "0x1F", "1_000", ".inf", "nan", "NaN",
       "2020-01-01", "2020-13-45", "12:30", "- a", "a: b", "#a", "'", '"', "\\", "{a}", "[a]", "&a", "*a", "!a", "%", "@", "`",
       "=", "<<", "?", "|", ">", "x" * 3_000, "a@b.example", "N/A", "-", "\\d", "\u00a0", "İ", "ﬁ", "\udbff".encode("utf-8", "replace").decode()]  # fmt: skip
TEXT = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
FLOAT = st.floats(allow_nan=True, allow_infinity=True)
MOMENT = st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31))
VALUES = {
    "text": (TEXT, pa.string()),
    "float": (FLOAT, pa.float64()),
    "short": (st.floats(width=32), pa.float32()),
    "whole": (st.integers(-(2**63), 2**63 - 1), pa.int64()),
    "unsigned": (st.integers(0, 2**64 - 1), pa.uint64()),
    "flag": (st.booleans(), pa.bool_()),
    "bits": (st.integers(0, 1), pa.int8()),
    "decimal": (st.decimals(-(10**20), 10**20, places=3), pa.decimal128(30, 3)),
    "price": (st.decimals(-1000, 1000, places=2), pa.decimal128(9, 2)),
    "date": (st.dates(), pa.date32()),
    "moment": (MOMENT, pa.timestamp("us")),
    "zoned": (MOMENT, pa.timestamp("us", "UTC")),
    "time": (st.times(), pa.time64("us")),
    "bytes": (st.binary(max_size=4), pa.binary()),
    "list": (st.lists(st.integers(0, 3), max_size=2), pa.list_(pa.int64())),
}  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """A few columns of few or many different values, some of them missing or nearly all."""
    rows = draw(st.sampled_from([0, 1, 12, 40, 130, 400]))
    columns = {}
    for number, kind in enumerate(draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4))):
        values, arrow = VALUES[kind]
        pool = draw(st.lists(values, min_size=1, max_size=draw(st.sampled_from([2, 8, 60]))))
        rng = np.random.default_rng(draw(st.integers(0, 2**32)))
        missing = draw(st.sampled_from([0, 0, 0.01, 0.04, 0.97, 1]))
        spread = draw(st.sampled_from([0, 4]))  # how much rarer one value is than the one before
        chosen = (rng.random(rows) ** (1 + spread) * len(pool)).astype(int)
        cells = [None if rng.random() < missing else pool[c] for c in chosen]
        columns[draw(st.sampled_from(["x", 'q"', "é", "a b", ": ", "- x"])) + str(number)] = pa.array(
            cells, arrow
        )
    return pa.table(columns)


def _held(data: object) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        work = LocalWork(seed=7, scratch=folder, store=Store(str(folder / "store")))
        with open_table(data, name="t", scratch=folder) as opened:
            report = check(opened, suggest=True, work=work)
            assert [f.message for f in report.findings] == []
            rules = folder / "rules.yaml"
            rules.write_bytes(work.store.path(report.outputs[0].digest).read_bytes())
            if "\n  - " not in rules.read_text(encoding="utf-8"):
                return  # of nothing nothing is suggested
            again = check(opened, rules=rules, work=work)
            broken = [r for r in again.data["rules"] if r["state"] != "holds"]
            assert not broken and again.coverage.complete, (broken, rules.read_text())


@pytest.mark.slow
@example(pa.table({"x": ["a\0b", "c"] * 60}))
@example(pa.table({"x": ["", "\ufeff", "\x85"] * 60}))
@example(pa.table({"x": [Decimal("123456789012345678.901"), Decimal("-0.001")] * 60}))
@settings(max_examples=60)
@given(tables())
def test_a_table_obeys_what_is_suggested_of_it(data: pa.Table) -> None:
    _held(data)


@pytest.mark.parametrize(
    "line", [b"a\0b", b"\xff\xfe", b"\x01", b"\xed\xa0\x80", b"\x85", b"'\"'", b"1e400", b" 7", b"-0"]
)
def test_a_file_of_odd_bytes_obeys_what_is_suggested_of_it(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,x\n" + b"".join(b"%d,%s\n" % (i, (b"c", line)[i % 2]) for i in range(200)))
    _held(path)
