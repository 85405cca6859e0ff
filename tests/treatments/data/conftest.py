"""Masking and the way back, by a policy written in a test."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.engines.secretkeys import SecretKey
from assay.treatments.data import mask, unmask

KEY = SecretKey("tests", bytes(range(32)))
ROWS = 300
TABLE = pa.table(
    {
        "id": pa.array([k // 3 for k in range(ROWS)], pa.int32()),
        "email": [f"user{k % 90}@mail.example" if k % 50 else None for k in range(ROWS)],
        "card": [f"4{k:03d}-1111-1111-{k:04d}" for k in range(ROWS)],
        "joined": [dt.date(2020, 1, 1) + dt.timedelta(days=k) for k in range(ROWS)],
        "seen": [dt.datetime(2021, 1, 1, 10, k % 60) for k in range(ROWS)],
        "price": [Decimal(k) / 4 for k in range(ROWS)],
        "age": [18 + k % 60 for k in range(ROWS)],
        "city": ["Graz", "Wien", "Linz"] * (ROWS // 3),
        "note": [f"call user{k}@mail.example" if k % 2 else "😀 fine" for k in range(ROWS)],
    }
)


@pytest.fixture
def people():
    """300 rows of a hundred people."""
    return TABLE


@pytest.fixture
def masked(table, work, tmp_path):
    """Return a function (policy, table) → the masked table and the report."""

    def run(text, data=TABLE, key=KEY, **options):
        path = tmp_path / "policy.yaml"
        path.write_text(text, encoding="utf-8")
        made = mask.treat(table(data), policy=path, key=key, work=work, **options)
        return pq.read_table(work.store.path(made.outputs["out"].digest)), made.report

    return run


@pytest.fixture
def restored(table, work, tmp_path):
    """Return a function (masked table) → the table turned back and the report; policy is a text."""

    def run(data, key=KEY, **options):
        if "policy" in options:
            (tmp_path / "back.yaml").write_text(options["policy"], encoding="utf-8")
            options["policy"] = tmp_path / "back.yaml"
        made = unmask.treat(table(data), key=key, work=work, **options)
        return pq.read_table(work.store.path(made.outputs["out"].digest)), made.report

    return run
