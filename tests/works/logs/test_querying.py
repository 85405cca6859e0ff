"""SQL over all logs: the views, what they say, what is refused, and that each question is itself recorded."""

from __future__ import annotations

import json

import pytest

from assay.kernel.errors import Missing, Refused, UsageError
from assay.methods.logs.sniff import SOURCES
from assay.works.logs import querying, views


@pytest.fixture
def filled(asked, tmp_path):
    """A home with a record or more of each kind of log."""
    login = {
        "eventTime": "2026-01-05T10:00:00Z",
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
    }
    failed = login | {
        "eventID": "1",
        "userIdentity": {"type": "Root"},
        "responseElements": {"ConsoleLogin": "Failure"},
    }
    denied = login | {
        "eventID": "2",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "errorCode": "AccessDenied",
        "eventTime": "2026-01-07T10:00:00Z",
    }
    (tmp_path / "trail.json").write_text(json.dumps({"Records": [failed, denied]}))
    (tmp_path / "access.log").write_text('h - ada [05/Jan/2026:10:00:00 +0000] "GET /a HTTP/1.1" 401 1\n')
    (tmp_path / "app.jsonl").write_text('{"ts": 1767607200, "level": "error", "msg": "no"}\n')
    asked("log.import", places=[str(tmp_path / n) for n in ("trail.json", "access.log", "app.jsonl")])
    return asked


def test_each_view_has_the_columns_that_are_told_of_it(filled):
    parts = [f"SELECT '{v.name}', column_name, column_type FROM (DESCRIBE {v.name})" for v in views.views()]
    described = filled("log.query", sql=" UNION ALL ".join(parts))["rows"]
    assert sorted(map(tuple, described)) == sorted(
        (v.name, c, t) for v in views.views() for c, t, _ in v.columns
    )
    taken_in = [name for name in views.NAMES if name in SOURCES]
    counted = ", ".join(f"(SELECT count(*) FROM (SELECT DISTINCT * FROM {name}))" for name in taken_in)
    assert filled("log.query", sql=f"SELECT {counted}")["rows"][0] == [2, 0, 1, 0, 0, 1]


def test_the_logs_as_one(filled):
    got = filled("log.query", sql="SELECT source, outcome FROM logs WHERE source <> 'events' ORDER BY ALL")
    assert got["rows"] == [
        ["access", "denied"],
        ["cloudtrail", "denied"],
        ["cloudtrail", "denied"],
        ["jsonl", "error"],
    ]


def test_what_is_outside_a_period_is_not_read(filled, home):
    for file in (home.root / "logs" / "cloudtrail" / "day=2026-01-05").iterdir():
        file.write_bytes(b"this would be an error if it were read")
    got = filled("log.query", sql="SELECT id FROM cloudtrail", since="2026-01-06")
    assert got["rows"] == [["2"]]
    assert (
        filled("log.query", sql="SELECT id FROM cloudtrail", since="2026-01-06", until="2026-01-07")["rows"]
        == []
    )


def test_each_question_is_an_event(filled):
    filled("log.query", sql="SELECT * FROM access")
    with pytest.raises(Refused):
        filled("log.query", sql="SELECT * FROM read_text('/etc/passwd')")
    with pytest.raises(UsageError):
        filled("log.query", sql="SELECT nothing FROM access")
    events = [e for e in filled("log.tail")["events"] if e["action"] == "log.query"]
    assert [e["outcome"] for e in events] == ["done", "denied", "failed"]
    assert events[0]["detail"]["rows"] == 1 and events[0]["detail"]["views"] == ["access"]
    assert "read_text" in events[1]["detail"]["reason"]


def test_rows_and_time_are_bounded(filled):
    got = filled("log.query", sql="SELECT * FROM range(1000)", rows=10)
    assert len(got["rows"]) == 10 and got["truncated"] == "the first 10 rows"
    assert filled("log.query", sql="SELECT * FROM range(10)", rows=10)["truncated"] is None
    with pytest.raises(Refused, match=r"more than 0\.5 s"):
        filled("log.query", sql="SELECT count(*) FROM range(10000000000) a, range(1000000)", seconds=0.5)


def test_memory_is_bounded(filled):
    """DuckDB's own limit does not count a list that one function makes: it took 16 GB."""
    with pytest.raises(Refused, match="more memory"):
        filled("log.query", sql="SELECT len(range(2000000000))")


def test_values_are_json(filled):
    sql = "SELECT 1.5::DECIMAL(4,2), 'nan'::DOUBLE, DATE '2026-01-01', [1, NULL], {'a': 1}, '\\x00'::BLOB, INTERVAL 1 DAY, 2::HUGEINT"
    got = filled("log.query", sql=sql)["rows"][0]
    assert json.loads(json.dumps(got, allow_nan=False))[:5] == [1.5, None, "2026-01-01", [1, None], {"a": 1}]


def test_every_query_that_is_shipped_runs_and_tells_what_it_does(filled):
    shipped = querying.shipped()
    assert len(shipped) >= 5 and all(tells.endswith(".") for tells, _ in shipped.values())
    counted = ", ".join(f"(SELECT count(*) FROM ({sql}))" for _, sql in shipped.values())
    got = dict(zip(shipped, filled("log.query", sql=f"SELECT {counted}")["rows"][0], strict=True))
    assert (got["failed-logins"], got["root-use"], got["denied"], got["errors-by-hour"]) == (2, 1, 3, 4)
    assert [r[3] for r in filled("log.query", saved="failed-logins")["rows"]] == [1, 1]


def test_a_query_is_kept_and_asked_again_by_its_name(filled):
    filled("log.query", sql="SELECT count(*) FROM access", save="mine")
    assert filled("log.query", saved="mine")["rows"] == [[1]]
    assert "mine" in [q["name"] for q in filled("log.queries")["queries"]]
    with pytest.raises(Missing, match="mine"):
        filled("log.query", saved="mien")
    with pytest.raises(UsageError, match="no name"):
        filled("log.query", sql="SELECT 1", save="../x")
    with pytest.raises(UsageError):
        filled("log.query", sql="SELECT 1", saved="mine")


def test_a_file_that_is_gone_is_told_and_not_left_out(filled, home):
    for file in (home.root / "logs" / "access").rglob("*.parquet"):
        file.unlink()
    with pytest.raises(Missing, match="is gone"):
        filled("log.query", sql="SELECT * FROM access")
