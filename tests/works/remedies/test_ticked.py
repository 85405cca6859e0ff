"""From a server's tick to the rollback: a monitor's own process sees the alarm, its policy acts, the log says all of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from tests.works.monitoring.conftest import at

from assay.office import ledger, monitors, verification
from assay.works import monitoring
from assay.works.call import call


@pytest.mark.slow
def test_an_alarm_that_a_tick_comes_upon_rolls_the_endpoint_back(home, tmp_path, variants, deeds):
    (tmp_path / "policy.yaml").write_text(
        "rules:\n- {when: {severity: high}, do: [rollback], cooldown: 1h}\n"
    )
    given = {
        "name": "m", "endpoint": "shop", "source": str(tmp_path / "log.parquet"), "time": "at", "check": "data.quality",
        "params": {"rules": str(tmp_path / "rules.yaml")}, "schedule": "0 0-3 2 11 *", "policy": str(tmp_path / "policy.yaml"),
        "since": datetime.fromtimestamp(at(1), UTC).isoformat(),
    }  # fmt: skip
    call("monitor.create", given, home=home)
    assert variants() == {"m@2": 1.0} and deeds() == []
    end = time.monotonic() + 120
    try:
        assert monitoring.tick(home) == ["m"]  # as a server does every second
        while deeds() != [("rollback", "done")]:
            assert time.monotonic() < end, (home.root / "monitors" / "m.log").read_text()
            time.sleep(0.2)
            monitoring.tick(home)
    finally:
        monitoring.stop(home)
    assert [e.status for e in reversed(monitors.executions(home.office, "m"))] == [
        "Completed",
        "CompletedWithViolations",
    ]
    assert variants() == {"m@1": 1.0} and deeds() == [("rollback", "done")]
    events = ledger.tail(home.office, 30)
    assert {"monitor.act", "remedy.rollback", "endpoint.rollback"} <= {e.action for e in events}
    assert {e.actor for e in events if e.action == "endpoint.rollback"} == {"monitor:m"}
    assert verification.verify(home.office).ok
    assert monitoring.tick(home) == [] and variants() == {"m@1": 1.0}
