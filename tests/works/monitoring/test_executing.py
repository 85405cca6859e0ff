"""Monitors carried out: by the clock, by volume, late, cut short, and by several servers at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from assay.doors.cli import main
from assay.kernel.canonical import sha256
from assay.kernel.errors import Missing, UsageError
from assay.office import ledger, monitors, schema, verification
from assay.office.leases import leased
from assay.works.call import call
from assay.works.home import Home
from assay.works.monitoring import carrying, executing, times, windows

from .conftest import START, at, rows, write

SPAWN = multiprocessing.get_context("spawn")


def ran(home, name="m", now=3.0):
    return carrying.run_due(home, name, "ada", at(now))


def test_each_hour_is_looked_at_once_and_the_bad_ones_are_told(home, made):
    made()
    done = ran(home)
    assert [e.status for e in done] == ["Completed"] * 2 + ["CompletedWithViolations"]
    assert [e.rows for e in done] == [120] * 3 and [e.trigger for e in done] == ["schedule"] * 3
    assert [(e.start, e.end) for e in done[:2]] == [
        ("2026-11-02T00:00:00.000Z", "2026-11-02T01:00:00.000Z"),
        ("2026-11-02T01:00:00.000Z", "2026-11-02T02:00:00.000Z"),
    ]
    assert {v["where"]["column"] for v in done[2].violations} == {"lead"} and done[2].outcome == "fail"
    assert ran(home) == [] and [e.end[11:13] for e in ran(home, now=4)] == ["04"]


def test_an_execution_is_a_check_of_the_office_with_its_report_findings_and_events(home, made):
    made()
    last = ran(home)[-1]
    report = home.store.read(last.report)
    assert sha256(report) == last.report and b'"check": "data.quality"' in report
    assert any(last.report in (s.get("report") or "") for s in _steps(home))
    found = call("findings.list", {}, home=home)["findings"]
    assert any(f["rule"].startswith("data.quality") and f["asset"] == "m" for f in found)
    told = [e for e in _events(home) if e.subject == last.urn]
    assert [(e.action, e.outcome) for e in told] == [("monitor.begin", "begun"), ("monitor.end", "done")]
    assert told[1].inputs == {"report": last.report}
    assert verification.verify(home.office).ok


def _events(home):
    size = home.office.rows(sa.select(sa.func.count()).select_from(schema.events))[0][0]
    return [ledger.event(home.office, seq) for seq in range(size)]


def _steps(home):
    import json

    return [json.loads(r[0]) for r in home.office.rows(sa.select(schema.steps.c.value))]


@pytest.mark.slow
def test_a_window_without_rows_is_no_pass(home, made):
    made()
    (empty,) = ran(home, now=4)[-1:]
    assert (empty.status, empty.outcome, empty.why) == ("Completed", "incomplete", executing.EMPTY)


@pytest.mark.slow
def test_a_check_that_cannot_be_carried_out_has_failed_and_says_why(home, made, tmp_path):
    made()
    (tmp_path / "rules.yaml").unlink()
    assert {(e.status, e.outcome) for e in ran(home, now=2)} == {("Failed", "error")}
    assert "rules.yaml" in ran(home)[0].why


@pytest.mark.slow
def test_missed_windows_are_left_out_where_the_monitor_says_so(home, made):
    made("all")
    made("latest", missed="skip")
    assert len(ran(home, "all")) == 3
    (one,) = ran(home, "latest")
    assert one.missed == 2 and one.end == "2026-11-02T03:00:00.000Z"


def test_of_too_many_missed_windows_the_latest_hundred_are_due_and_the_rest_are_counted(home, made):
    made(since="")
    monitor = monitors.get(home.office, "m")
    found = windows.of(home, monitor, times.seconds(monitor.created_at) + 365 * 86_400)
    assert len(found) == 100 and found[0].missed == 24 * 365 - 100 and {d.missed for d in found[1:]} == {0}


@pytest.mark.slow
def test_the_past_that_was_asked_for_was_left_out_where_it_was_longer_than_a_hundred_windows(home, made):
    made(since="2026-01-01")
    monitor = monitors.get(home.office, "m")
    found = windows.of(home, monitor, times.seconds(monitor.created_at))
    assert [d.end for d in found[:3]] == [at(1), at(2), at(3)]  # from the first row on
    assert {d.missed for d in found} == {0} and len(found) <= 100
    made("later", since="2026-11-05")  # of which the log holds nothing
    (one,) = windows.of(home, monitors.get(home.office, "later"), at(24 * 20))
    assert one.end == at(24 * 20)
    made("volume", since="2026-01-01", schedule="every 2 requests")
    by_volume = windows.of(home, monitors.get(home.office, "volume"), at(24 * 20))
    assert len(by_volume) == 100 and by_volume[0].missed == 0 and by_volume[0].end < at(1)


@pytest.mark.slow
def test_a_window_ends_before_it_is_due_by_the_offset(home, made):
    made(window="30m", offset="15m")
    (first,) = ran(home, now=1)
    assert (first.start[11:16], first.end[11:16], first.rows) == ("00:15", "00:45", 60)


@pytest.mark.parametrize("missed", ["run", "skip"])
def test_volume_makes_windows_of_so_many_rows(home, made, missed):
    made(schedule="every 150 requests", missed=missed)
    assert ran(home, now=1) == []
    done = ran(home)
    if missed == "run":
        assert [e.rows for e in done] == [150, 150] and done[0].end == done[1].start
    else:
        assert [(e.rows, e.missed) for e in done] == [(150, 1)]
    assert done[-1].trigger == "volume" and ran(home) == []


@pytest.mark.slow
def test_rows_that_come_at_the_same_time_are_not_parted(home, made, tmp_path):
    write(tmp_path / "burst.parquet", [(START.isoformat(), 1.0, "TA", "web")] * 30)
    made(source=str(tmp_path / "burst.parquet"), schedule="every 10 requests")
    assert [e.rows for e in ran(home, now=1)] == [30] and ran(home, now=2) == []


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [True, False])
def test_times_may_be_seconds_since_1970_or_dates(home, made, tmp_path, seconds):
    import pyarrow as pa
    import pyarrow.parquet as pq

    times = [START.timestamp() + 60 * i for i in range(120)]
    column = pa.array(times) if seconds else pa.array([int(t) for t in times], pa.timestamp("s", "UTC"))
    table = pa.table({"at": column, "lead": [float(i) for i in range(120)], "channel": ["TA"] * 120})
    pq.write_table(table, tmp_path / "other.parquet")
    made(source=str(tmp_path / "other.parquet"))
    assert [e.rows for e in ran(home, now=2)] == [60, 60]


@pytest.mark.slow
def test_a_window_may_be_asked_for_and_asked_for_again(home, made):
    made()
    window = {"name": "m", "start": "2026-11-02T02:00:00Z", "end": "2026-11-02T03:00:00Z"}
    first, second = (call("monitor.run", window, home=home) for _ in range(2))
    assert first["status"] == second["status"] == "CompletedWithViolations"
    assert second["key"] == first["key"] + ".2" and first["trigger"] == "asked"
    with pytest.raises(UsageError, match="ends before it begins"):
        call("monitor.run", {**window, "end": "2026-11-02T01:00:00Z"}, home=home)


def test_one_that_was_killed_is_taken_up_again_and_given_up_after_three_times(home, made):
    made()
    monitor = monitors.get(home.office, "m")
    due = windows.of(home, monitor, at(1))[0]
    with leased(home.office, "monitor/m") as lease:
        executing._begun(home, due, lease, "ada")  # and then the process was gone
    done = ran(home, now=1)
    assert [(e.status, e.attempt) for e in done] == [("Completed", 2)] and ran(home, now=1) == []
    due = windows.of(home, monitors.get(home.office, "m"), at(2))[0]
    for _ in range(executing.ATTEMPTS):
        with leased(home.office, "monitor/m") as lease:
            executing._begun(home, due, lease, "ada")
    (given_up,) = ran(home, now=2)
    assert (given_up.status, given_up.why) == ("Failed", "it was cut short 3 times")


def test_a_server_that_stood_still_writes_no_result_over_that_of_another(home, made, monkeypatch):
    made()
    due = windows.of(home, monitors.get(home.office, "m"), at(1))[0]
    looked = executing._looked_at

    def slow(home_, monitor, execution):
        if execution.attempt == 1:  # another takes it up while this one stands still
            with home.office.transaction() as tx:
                monitors.begin(
                    tx, monitor, replace(execution, attempt=2, holder="other"), actor="b", cursor=None
                )
        return looked(home_, monitor, execution)

    monkeypatch.setattr(executing, "_looked_at", slow)
    with leased(home.office, "monitor/m") as lease, pytest.raises(executing.Overtaken):
        executing.execute(home, due, lease, "ada")
    now = monitors.execution(home.office, due.key)
    assert (now.status, now.holder) == ("InProgress", "other")


@pytest.mark.slow
def test_one_that_is_under_way_when_its_monitor_is_deleted_is_stopped(home, made, monkeypatch):
    made()
    looked = executing._looked_at

    def deleting(home_, monitor, execution):
        assert call("monitor.delete", {"name": "m"}, home=home)["state"] == "deleted"
        assert monitors.execution(home.office, execution.key).status == "Stopping"
        return looked(home_, monitor, execution)

    monkeypatch.setattr(executing, "_looked_at", deleting)
    due = windows.of(home, monitors.get(home.office, "m"), at(1))[0]
    with leased(home.office, "monitor/m") as lease:
        assert executing.execute(home, due, lease, "ada").status == "Stopped"
    with pytest.raises(Missing, match="no monitor"):
        ran(home)
    assert made()["name"] == "m"  # the name is free again


@pytest.mark.slow
def test_an_interrupt_stops_it_and_the_next_looks_again(home, made, monkeypatch):
    made()

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("assay.works.checking.carry_out", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ran(home, now=1)
    assert monitors.executions(home.office, "m")[0].status == "Stopped"
    assert call("monitor.show", {"name": "m"}, home=home)["executions"][0]["why"] == "it was interrupted"


def _server(root, url, go, counts):
    environment = {"ASSAY_ACTOR": "server"} | ({"ASSAY_DATABASE_URL": url} if url else {})
    home = Home.open(Path(root), environment)
    go.wait()
    for _ in range(5):
        done = carrying.run_due(home, None, "server", at(3))
        with counts.get_lock():
            counts.value += len(done)
        time.sleep(0.02)
    home.close()


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_of_two_servers_just_one_looks_at_a_window(tmp_path, database, request):
    url = request.getfixturevalue("fresh_database") if database == "postgresql" else ""
    write(tmp_path / "log.parquet", rows(START, 3, 20))
    (tmp_path / "rules.yaml").write_text("rules:\n  - {range: lead, min: 0}\n")
    home = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"} | ({"ASSAY_DATABASE_URL": url} if url else {}))
    said = {
        "source": str(tmp_path / "log.parquet"),
        "time": "at",
        "check": "data.quality",
        "schedule": "0 * * * *",
    }
    said |= {"since": START.isoformat(), "params": {"rules": str(tmp_path / "rules.yaml")}}
    call("monitor.create", {"name": "m", **said}, home=home)
    go, counts = SPAWN.Event(), SPAWN.Value("i", 0)
    servers = [
        SPAWN.Process(target=_server, args=(str(tmp_path / ".assay"), url, go, counts)) for _ in range(2)
    ]
    for server in servers:
        server.start()
    go.set()
    for server in servers:
        server.join()
    assert [s.exitcode for s in servers] == [0, 0]
    done = monitors.executions(home.office, "m")
    assert counts.value == len(done) == 3 and {(e.status, e.attempt) for e in done} == {("Completed", 1)}
    assert len([s for s in _steps(home) if s["uses"] == "data.quality"]) == 3
    assert verification.verify(home.office).ok
    home.close()


def _hanging(root, began):
    home = Home.open(Path(root), {"ASSAY_ACTOR": "server"})
    from assay.works.monitoring import executing as at_work

    def forever(*_):
        began.set()
        time.sleep(60)

    at_work._looked_at = forever
    carrying.run_due(home, "m", "server", at(1))


@pytest.mark.slow
def test_a_server_killed_in_the_middle_is_followed_by_another_when_its_lease_runs_out(home, made):
    made()
    began = SPAWN.Event()
    server = SPAWN.Process(target=_hanging, args=(str(home.root), began))
    server.start()
    assert began.wait(30)
    assert ran(home, now=1) == []  # the lease is another's
    os.kill(server.pid, signal.SIGKILL)
    server.join()
    with home.office.engine.begin() as connection:  # half a minute goes by
        connection.execute(sa.update(schema.leases).values(until=time.time() - 1))
    done = ran(home, now=1)
    assert [(e.status, e.attempt) for e in done] == [("Completed", 2)]


def test_who_waits_for_many_windows_is_told_how_far_it_is(home, made):
    made(since="2026-11-02T01:00:00Z", schedule="cron(0 0-3 2 11 ? 2026)")
    heard = []
    call("monitor.due", {"name": "m", "progress": lambda *said: heard.append(said)}, home=home)
    assert heard == [(0, 2, "windows of m"), (1, 2, "windows of m")]


def test_violations_before_those_that_are_shown_are_counted(home, made, monkeypatch, capsys):
    made()
    ran(home, now=5)  # three hours, the last bad, and two in which nothing came
    shown = call("monitor.show", {"name": "m", "limit": 2}, home=home)
    assert [e["rows"] for e in shown["executions"]] == [0, 0]
    assert shown["earlier"] == {"executions": 3, "violating": 1}
    assert call("monitor.show", {"name": "m"}, home=home)["earlier"] == {"executions": 0, "violating": 0}
    monkeypatch.chdir(home.root.parent)
    with pytest.raises(SystemExit):
        main(["monitor", "show", "m", "--limit", "2"])
    assert "and 3 earlier, 1 of them with violations; see --limit 5" in capsys.readouterr().out
    call("monitor.delete", {"name": "m"}, home=home)
    made()
    assert call("monitor.show", {"name": "m"}, home=home)["earlier"]["executions"] == 0


def test_a_monitor_of_a_name_that_another_had_begins_anew(home, made):
    made()
    first = ran(home, now=2)
    call("monitor.delete", {"name": "m"}, home=home)
    made()
    assert call("monitor.show", {"name": "m"}, home=home)["executions"] == []
    second = ran(home, now=1)
    assert [e.key for e in second] == [first[0].key + ".2"] and second[0].status == "Completed"


@pytest.mark.slow
def test_a_monitor_that_another_server_is_at_was_said_to_have_nothing_due(home, made):
    made()
    with leased(home.office, "monitor/m"):
        told = call("monitor.due", {"name": "m"}, home=home)
    assert told["executions"] == [] and told["elsewhere"] == ["m"]
    assert call("monitor.due", {"name": "m"}, home=home, actor="ada")["elsewhere"] == []
