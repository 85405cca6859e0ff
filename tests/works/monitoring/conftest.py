from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from assay.works.home import Home

START = datetime(2026, 11, 2, 0, tzinfo=UTC)  # a Monday, long past
LOT = ("Direct", "TA", "TA", "Corporate")


def rows(start, hours, each, *, bad_from=None, seed=1, callers=("web", "app")):
    """Rows of a log: `each` an hour, from `bad_from` (hours) on with lead times below 0, sent by the app."""
    lot = random.Random(seed)
    for number in range(int(hours * each)):
        at = start + timedelta(hours=number / each)
        caller = callers[number % len(callers)]
        lead = lot.expovariate(1 / 50)
        if bad_from is not None and number / each >= bad_from and caller == callers[-1]:
            lead = -lead
        yield at.isoformat(), round(lead, 3), lot.choice(LOT), caller


def write(path, found):
    """Write a log."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = zip(*found, strict=True)
    pq.write_table(pa.table(dict(zip(("at", "lead", "channel", "caller"), columns, strict=True))), path)
    return path


@pytest.fixture
def home(tmp_path):
    """A home beside a log of three hours, of which the last is bad, and the rules that its rows obey."""
    write(tmp_path / "log.parquet", rows(START, 3, 120, bad_from=2))
    (tmp_path / "rules.yaml").write_text("rules:\n  - {range: lead, min: 0}\n")
    opened = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    yield opened
    opened.close()


@pytest.fixture
def made(home, tmp_path):
    """Make a monitor of the log."""
    from assay.works.call import call

    def make(name="m", **said):
        given = {
            "check": "data.quality",
            "source": str(tmp_path / "log.parquet"),
            "time": "at",
            "schedule": "0 * * * *",
            "since": START.isoformat(),
            "params": {"rules": str(tmp_path / "rules.yaml")},
        }
        return call("monitor.create", {"name": name, **given, **said}, home=home)

    return make


def at(hours):
    """Seconds since 1970, so many hours after the log begins."""
    return (START + timedelta(hours=hours)).timestamp()
