"""Records written by day: which day is whose, and what is told of each file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pyarrow.parquet as pq

from assay.engines.logs.parquet import Writer
from assay.methods.logs.sniff import SOURCES


def test_a_record_goes_to_its_day_in_utc_whatever_zone_and_order_it_came_in(tmp_path):
    source = SOURCES["jsonl"]
    rest = (None,) * (len(source.all_columns()) - 2)  # but time and raw
    west, east = timezone(timedelta(hours=-2)), timezone(timedelta(hours=9))
    times = [
        datetime(2026, 1, 1, 23, 30, tzinfo=west),  # 01:30 of the 2nd
        datetime(2026, 1, 1, 12, tzinfo=UTC),
        datetime(2026, 1, 2, 0, 0, 0, 250_000, tzinfo=UTC),
        datetime(2026, 1, 1, 8, 59, 59, tzinfo=east),  # 23:59:59 of the day before
        datetime(2026, 1, 1, 1, tzinfo=UTC),
    ]
    writer = Writer(source, tmp_path, "n")
    for number, when in enumerate(times):
        writer.add((when, *rest), f"record {number}".encode())
        if number == 3:
            writer.flush()  # as one that is full is
    told = {w.day: (w.rows, w.first, w.last) for w in writer.done()}
    assert told == {
        "2025-12-31": (1, "2025-12-31T23:59:59.000Z", "2025-12-31T23:59:59.000Z"),
        "2026-01-01": (2, "2026-01-01T01:00:00.000Z", "2026-01-01T12:00:00.000Z"),
        "2026-01-02": (2, "2026-01-02T00:00:00.250Z", "2026-01-02T01:30:00.000Z"),
    }
    for day, raw in {"2025-12-31": {"record 3"}, "2026-01-01": {"record 1", "record 4"}}.items():
        (file,) = (tmp_path / f"day={day}").glob("*.parquet")
        table = pq.ParquetFile(file).read()
        assert set(table["raw"].to_pylist()) == raw
        assert {t.astimezone(UTC).date().isoformat() for t in table["time"].to_pylist()} == {day}
