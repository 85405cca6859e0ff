"""Captured requests watched: of data-capture files from elsewhere, by checks of traffic and of tables."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from assay.office import monitors
from assay.works.call import call
from assay.works.monitoring import carrying, sources

from .conftest import START, at, rows


def capture(folder, found):
    """Write rows of a log as data-capture JSON lines, an event a row."""
    for number, (when, lead, channel, caller) in enumerate(found):
        from datetime import datetime

        moment = datetime.fromisoformat(when)
        path = folder / "shop" / "blue" / f"{moment:%Y/%m/%d/%H}" / "a.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        asked = json.dumps({"lead": lead, "channel": channel})
        line = {
            "captureData": {
                "endpointInput": {
                    "data": asked,
                    "encoding": "JSON",
                    "observedContentType": "application/json",
                },
                "endpointOutput": {"data": "0.5", "encoding": "CSV", "observedContentType": "text/csv"},
            },
            "eventMetadata": {"eventId": f"{number}", "inferenceTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}"},
        }
        with path.open("a") as out:
            out.write(json.dumps(line) + "\n")
    return folder


@pytest.fixture
def watched(home, made, tmp_path):
    capture(tmp_path / "captured", rows(START, 3, 60, bad_from=2))
    made(source=str(tmp_path / "captured"), time="")
    return monitors.get(home.office, "m")


def test_files_of_data_capture_are_watched_by_the_hour(home, watched):
    done = carrying.run_due(home, "m", "ada", at(4))
    assert [(e.status, e.rows) for e in done] == [
        ("Completed", 60),
        ("Completed", 60),
        ("CompletedWithViolations", 60),
        ("Completed", 0),
    ]
    assert done[3].outcome == "incomplete" and done[2].violations[0]["where"]["column"] == "lead"


@pytest.mark.slow
def test_volume_counts_requests(home, made, tmp_path):
    capture(tmp_path / "captured", rows(START, 3, 60))
    made(source=str(tmp_path / "captured"), time="", schedule="every 70 requests")
    done = carrying.run_due(home, "m", "ada", at(4))
    assert [e.rows for e in done] == [70, 70] and done[0].end == done[1].start


def test_rows_are_told_with_when_and_by_whom(home, watched):
    found = sources.of(home, watched).rows(at(1), at(2), 10)
    assert found.num_rows == 10 and found["__variant"].to_pylist() == ["blue"] * 10
    assert found["__time"][0].as_py() == at(1)
    assert sources.of(home, watched).nth(at(1), at(2), 61) is None
    assert sources.of(home, watched).nth(at(1), at(2), 2) == pytest.approx(
        (START + timedelta(minutes=61)).timestamp()
    )


@pytest.mark.slow
def test_what_is_damaged_is_not_nothing(home, made, tmp_path):
    folder = tmp_path / "captured" / "shop" / "blue" / "2026" / "11" / "02" / "00"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text('{"captureData": \n' * 3)
    made(source=str(tmp_path / "captured"), time="")
    (done,) = carrying.run_due(home, "m", "ada", at(1))
    assert (done.status, done.outcome) == ("Failed", "error") and "no captured event" in done.why


@pytest.mark.slow
def test_a_capture_that_was_moved_has_failed_and_is_not_empty(home, watched, tmp_path):
    (tmp_path / "captured").rename(tmp_path / "elsewhere")
    (done,) = carrying.run_due(home, "m", "ada", at(1))
    assert (done.status, done.outcome) == ("Failed", "error") and "was it moved" in done.why
    assert call("monitor.show", {"name": "m"}, home=home)["executions"][0]["status"] == "Failed"
