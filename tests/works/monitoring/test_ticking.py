"""What a server does every second: a monitor's process is started when it is due, once, and ended with the server."""

from __future__ import annotations

import time

import pytest

from assay.office import monitors
from assay.office.leases import leased
from assay.works import monitoring


@pytest.mark.slow
def test_what_is_due_is_carried_out_by_a_process_of_its_own(home, made):
    made(schedule="0 0-3 2 11 *", since="2026-11-02")
    assert [d.monitor.name for d in monitoring.due(home, time.time())] == ["m"] * 3
    with leased(home.office, "monitor/m"):
        assert monitoring.tick(home) == []  # another server is at it
    assert monitoring.tick(home) == ["m"] and monitoring.tick(home) == []
    end = time.monotonic() + 60
    while len([e for e in monitors.executions(home.office, "m") if e.ended]) < 3:
        assert time.monotonic() < end, (home.root / "monitors" / "m.log").read_text()
        time.sleep(0.2)
    monitoring.stop(home)
    assert [e.status for e in monitors.executions(home.office, "m")][0] == "CompletedWithViolations"
    assert monitoring.tick(home) == []


@pytest.mark.slow
def test_a_process_that_fails_is_not_started_again_every_second(home, made, tmp_path):
    made(schedule="0 0-3 2 11 *", since="2026-11-02", missed="skip")
    (home.root / "home.json").rename(home.root / "away.json")  # the process finds no home
    assert monitoring.tick(home) == ["m"]
    end = time.monotonic() + 60
    from assay.works.monitoring import ticking

    ticker = ticking._TICKERS[home.root.resolve()]
    while ticker.running:
        assert monitoring.tick(home) == [] and time.monotonic() < end
        time.sleep(0.1)
    assert monitoring.tick(home) == [] and ticker.pausing["m"] > time.time()
    monitoring.stop(home)
