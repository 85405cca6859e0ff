"""Logs taken in through the one way in: once each, by day, with what is wrong kept aside."""

from __future__ import annotations

import gzip
import json
import os

import pyarrow.parquet as pq
import pytest

from assay.engines.blobs import digest_file
from assay.kernel.errors import AssayError, BadInput, Missing, UsageError
from assay.works.call import call
from assay.works.logs import importing


def trail(number, **more):
    day, second = divmod(number, 1000)
    when = f"2026-01-{day + 1:02d}T00:{second // 60:02d}:{second % 60:02d}Z"
    return {
        "eventTime": when,
        "eventID": f"e{number}",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
    } | more


def write(path, records):
    data = json.dumps({"Records": records}).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def take(asked, *paths, **more):
    return {i["source"]: i for i in asked("log.import", places=[str(p) for p in paths], **more)["imports"]}


def rows(home, source):
    return sorted(
        (r["id"], r["raw"])
        for p in (home.root / "logs" / source).glob("day=*/*.parquet")
        for r in pq.read_table(p).to_pylist()
    )


def test_a_folder_of_files_by_day_and_each_batch_an_event(home, asked, tmp_path):
    folder = tmp_path / "AWSLogs" / "eu"
    folder.mkdir(parents=True)
    first, second = [trail(n) for n in range(900, 1100)], [trail(n) for n in range(1100, 1200)]
    write(folder / "a.json", first)
    write(folder / "b.json.gz", second)
    got = take(asked, tmp_path / "AWSLogs")["cloudtrail"]
    assert (got["files"], got["rows"], got["bad"], got["duplicates"]) == (2, 300, 0, 0)
    assert (got["first_day"], got["last_day"]) == ("2026-01-01", "2026-01-02")
    assert rows(home, "cloudtrail") == sorted((r["eventID"], json.dumps(r)) for r in first + second)
    (event,) = [e for e in asked("log.tail")["events"] if e["action"] == "log.import"]
    assert event["inputs"][str(folder / "a.json")] == digest_file(folder / "a.json")
    for file, digest in event["detail"]["written"].items():
        assert digest_file(home.root / "logs" / file) == digest
    assert asked("log.verify")["ok"]


def test_what_was_imported_before_is_passed_over(home, asked, tmp_path):
    path = write(tmp_path / "a.json", [trail(n) for n in range(10)])
    take(asked, path)
    again = take(asked, path)["cloudtrail"]
    assert (again["skipped"], again["rows"]) == (1, 0)
    other = write(tmp_path / "b.json.gz", [trail(5), trail(10), trail(10), trail(11, eventName="other")])
    more = take(asked, other)["cloudtrail"]
    assert (more["rows"], more["duplicates"]) == (2, 2)
    assert [r[0] for r in rows(home, "cloudtrail")] == sorted(f"e{n}" for n in range(12))


def test_a_log_that_has_grown_gives_what_is_new_and_a_line_twice_is_twice(home, asked, tmp_path):
    """A line has no name: two requests within one second may be alike to the last byte."""
    line = b'h - - [05/Jan/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1\n'
    path = tmp_path / "access.log"
    path.write_bytes(line + line)
    assert take(asked, path)["access"]["rows"] == 2
    path.write_bytes(line * 3)
    assert take(asked, path)["access"]["rows"] == 1
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress(line * 3))
    assert take(asked, tmp_path / "access.log.1.gz")["access"]["skipped"] == 1
    elsewhere = tmp_path / "other.log"
    elsewhere.write_bytes(line.replace(b"h ", b"k ") + line)
    assert take(asked, elsewhere)["access"]["rows"] == 2


def test_a_line_cut_off_when_it_was_read_first_is_read_whole_the_next_time(home, asked, tmp_path):
    whole = b'{"time": "2026-01-05T10:00:00Z", "message": "whole"}\n'
    path = tmp_path / "app.jsonl"
    path.write_bytes(whole + whole[:20])
    assert take(asked, path)["jsonl"]["bad"] == 1
    path.write_bytes(whole + whole)
    got = take(asked, path)["jsonl"]
    assert (got["rows"], got["bad"]) == (2, 0)


def test_what_cannot_be_read_is_kept_aside_with_its_reason(home, asked, tmp_path):
    path = write(
        tmp_path / "a.json",
        [trail(1), {"eventID": "x"}, 5, trail(2, eventTime="0001-01-01T00:00:00Z"), trail(3)],
    )
    got = take(asked, path)["cloudtrail"]
    assert (got["rows"], got["bad"]) == (2, 3)
    with open(got["aside"][0]) as lines:
        kept = [json.loads(line) for line in lines]
    assert [k["place"] for k in kept] == [f"document 1, record {n}" for n in (2, 3, 4)]
    assert "no log was written then" in kept[2]["reason"] and json.loads(kept[0]["raw"]) == {"eventID": "x"}
    (event,) = [e for e in asked("log.tail")["events"] if e["action"] == "log.import"]
    (digest,) = event["detail"]["aside"].values()
    assert digest == digest_file(got["aside"][0])


def test_one_record_that_is_no_text_is_set_aside_and_the_document_around_it_taken(asked, tmp_path):
    document = b'{"Records":[%b]}' % b",".join(
        b'{"eventTime":"2026-01-05T10:00:00Z","eventID":"%d","extra":"%b"}'
        % (n, b"\xff" if n == 2 else "é".encode())
        for n in (1, 2, 3)
    )
    (tmp_path / "a.json").write_bytes(document)
    got = take(asked, tmp_path / "a.json")["cloudtrail"]
    assert (got["rows"], got["bad"]) == (2, 1)
    with open(got["aside"][0]) as lines:
        (kept,) = [json.loads(line) for line in lines]
    assert kept["place"] == "document 1, record 2" and kept["reason"] == "it is no UTF-8"


@pytest.mark.parametrize("cut", [30, 3000])
def test_a_gzip_file_cut_short_gives_what_stands_before_the_cut(home, asked, tmp_path, cut):
    path = write(tmp_path / "a.json.gz", [trail(n, eventName=os.urandom(30).hex()) for n in range(500)])
    path.write_bytes(path.read_bytes()[:-cut])
    got = take(asked, path)["cloudtrail"]
    assert got["bad"] >= 1 and 0 < got["rows"] < 500 if cut > 30 else got["bad"] >= 1


def test_a_bomb_is_unpacked_no_further_than_any_log_goes(home, asked, tmp_path, monkeypatch):
    from assay.engines.logs import reading

    monkeypatch.setattr(reading, "MAX_CONTENT", 1 << 20)
    (tmp_path / "bomb.gz").write_bytes(
        gzip.compress(b'{"time": "2026-01-05T10:00:00Z"}\n' + b" " * (8 << 20))
    )
    got = take(asked, tmp_path / "bomb.gz")["jsonl"]
    assert (got["rows"], got["bad"]) == (1, 1)


def test_mixed_folders_and_what_is_no_log(home, asked, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "a.json", [trail(1)])
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "app.log").write_bytes(b'{"ts": 1767607200, "msg": "x"}\n')
    (folder / "link.json").symlink_to("/etc/passwd")
    got = take(asked, folder)
    assert got["cloudtrail"]["rows"] == got["jsonl"]["rows"] == 1
    assert got["unknown"]["bad"] == 1 and got["unknown"]["aside"] == [str(folder / "photo.png")]
    with pytest.raises(BadInput, match="no log of a format"):
        take(asked, folder / "photo.png")
    with pytest.raises(Missing):
        take(asked, tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no format"):
        take(asked, folder, kind="syslog")


def test_a_time_under_another_name(home, asked, tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"when": "2026-01-05T10:00:00Z"}\n')
    assert take(asked, tmp_path / "a.jsonl")["jsonl"]["bad"] == 1
    (tmp_path / "b.jsonl").write_bytes(b'{"when": "2026-01-05T10:00:01Z"}\n')
    assert take(asked, tmp_path / "b.jsonl", kind="jsonl", time="when")["jsonl"]["rows"] == 1


def test_processes_give_what_one_gives(home, asked, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "_ALONE", 0)
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(4):
        write(folder / f"{n}.json", [trail(i) for i in range(n * 50, n * 50 + 60)])
    got = take(asked, folder)["cloudtrail"]
    assert (got["rows"], got["duplicates"]) == (210, 30) and len(rows(home, "cloudtrail")) == 210


def test_what_a_killed_import_left_is_swept(home, asked, tmp_path):
    logs = home.folder("logs")
    orphan = logs / "cloudtrail" / "day=2026-01-01" / "x.parquet"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"half")
    (logs / ".staging" / "old").mkdir(parents=True)
    take(asked, write(tmp_path / "a.json", [trail(1)]))
    assert not orphan.exists() and not (logs / ".staging").exists() or not list((logs / ".staging").iterdir())


def test_many_days_are_bounded_in_open_files(home, asked, tmp_path, monkeypatch):
    monkeypatch.setattr("assay.engines.logs.parquet._OPEN", 7)
    monkeypatch.setattr("assay.engines.logs.parquet.ROWS", 50)
    lines = [
        json.dumps({"time": f"20{y:02d}-{m:02d}-01T00:00:00Z", "n": y})
        for y in range(3)
        for m in range(1, 13)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    got = take(asked, tmp_path / "a.jsonl")["jsonl"]
    assert got["rows"] == 36 and got["first_day"] == "2000-01-01"


def test_a_home_that_cannot_be_written_is_told(tmp_path, home):
    home.office.outside.readonly = True
    write(tmp_path / "a.json", [trail(1)])
    with pytest.raises(AssayError):
        call("log.import", {"places": [str(tmp_path / "a.json")]}, home=home)
