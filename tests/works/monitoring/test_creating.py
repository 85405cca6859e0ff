"""What a monitor is told is checked before anything is kept."""

from __future__ import annotations

import pytest

from assay.kernel.errors import AssayError
from assay.works.call import call


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"name": "a b"}, "cannot be called"),
        ({"name": "-x"}, "cannot be called"),
        ({"check": "data.nothing"}, "data.nothing"),
        ({"schedule": "now and then"}, "schedule .* cannot be read"),
        ({"schedule": "cron(0 * * * * *)"}, "one of the days is"),
        ({"window": "an hour"}, "the window cannot be"),
        ({"window": "0s"}, "the window cannot be"),
        ({"offset": "400d"}, "the offset cannot be"),
        ({"time": "when"}, "no column 'when'"),
        ({"time": ""}, "a column of times"),
        ({"time": "channel"}, "no value of channel can be read as a time"),
        ({"source": ""}, "a column of times is of a table|watches an endpoint"),
        ({"patience": "7d"}, "truth comes late"),
        ({"check": "model.scan", "params": {}}, "examines no rows"),
        ({"source": "", "time": ""}, "watches an endpoint"),
        ({"source": "nowhere.csv"}, "nowhere.csv"),
        ({"endpoint": "nothing"}, "no endpoint"),
        ({"at": "grave"}, "a finding cannot be"),
        ({"missed": "maybe"}, "missed windows"),
        ({"since": "some day"}, "--since"),
        ({"since": "3000-01-01"}, "still to come"),
        ({"params": {"rulse": "x"}}, "takes no 'rulse'"),
        ({"params": {"failing_rows": "many"}}, "failing_rows takes"),
        ({"check": "data.drift", "params": {}}, "needs a baseline"),
        ({"check": "data.pii", "params": {}, "against": "train.csv"}, "compares with no baseline"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(home, made, said, why):
    with pytest.raises(AssayError, match=why):
        made(**said)
    assert call("monitor.list", {}, home=home)["monitors"] == []


def test_it_is_kept_with_its_event_and_a_second_of_its_name_is_refused(home, made):
    first = made()
    assert (
        first["event"] == 0
        and first["source"].endswith("/log.parquet")
        and first["cursor"][:10] == "2026-11-02"
    )
    with pytest.raises(AssayError, match="already"):
        made()
    then = call("monitor.list", {"at": "event:0"}, home=home)
    assert [m["name"] for m in then["monitors"]] == ["m"]


@pytest.mark.slow
def test_the_command_line_says_the_same(home, assay, tmp_path):
    words = "--source log.parquet --time at --check data.quality --set rules=rules.yaml --since 2026-11-02".split()
    assay(tmp_path, "monitor", "create", "hourly", *words, "--schedule", "cron(0 0-3 2 11 ? 2026)")
    out = assay(tmp_path, "monitor", "run", "--due", code=1)
    assert "CompletedWithViolations" in out and "lead" in out
    shown = assay.json(tmp_path, "monitor", "show", "hourly")
    assert [e["status"] for e in shown["executions"]][:2] == ["CompletedWithViolations", "Completed"]
    assert shown["charts"][0]["title"] == "Violations" and shown["next"] is None
    assay(tmp_path, "monitor", "show", "hourly", "--chart", "chart.html")
    assert "<svg" in (tmp_path / "chart.html").read_text()
    assert "hourly" in assay(tmp_path, "monitor", "list")
    assert "name a monitor" in assay.fails(tmp_path, "monitor", "run")
    assert "PARAM=VALUE" in assay.fails(
        tmp_path, "monitor", "create", "x", *words, "--set", "y", "--schedule", "@daily"
    )
    assay(tmp_path, "monitor", "delete", "hourly")
    assert "no monitor" in assay.fails(tmp_path, "monitor", "show", "hourly")
