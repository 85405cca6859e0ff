"""A run whose process is killed: what it acknowledged is recorded as an interrupted run when the home is opened next."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from assay.office import runs, verification
from assay.works.home import Home
from assay.works.sidebyside import row

_SCRIPT = """
import sys, assay
with assay.run("long", params={"depth": 6}, durable=sys.argv[1] == "1") as run:
    number = 0
    while True:
        run.metric("x", number, step=number)
        number += 1
        print(number, flush=True)
"""


def _kill(folder, after, durable="0", signal_=signal.SIGKILL):
    """Start the script, kill it some entries on, and return how many it had acknowledged."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
    with subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, durable],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        said = 0
        for line in process.stdout:
            said = int(line)
            if said >= after:
                break
        os.kill(process.pid, signal_)
        for line in process.stdout:  # what it had said before it died
            said = int(line) if line.endswith("\n") else said
        process.wait(30)
    return said


def _recovered(folder):
    home = Home.open(folder / ".assay", {})
    try:
        (record,) = runs.listing(home.office, 1)
        assert verification.verify(home.office).ok
        return record, row(home, record)
    finally:
        home.close()


def test_a_killed_run_is_interrupted_and_keeps_what_it_acknowledged(tmp_path):
    Home.create(tmp_path, {}).close()
    said = _kill(tmp_path, 200)
    record, told = _recovered(tmp_path)
    assert record.outcome == "interrupted" and told["params"] == {"depth": 6}
    assert told["metrics"]["x"] >= said - 1
    again, same = _recovered(tmp_path)  # settled once
    assert again == record and same == told


def test_two_that_open_the_home_at_once_settle_a_run_once(tmp_path):
    """The one that comes second had seen the run under way, and must not record it anew from a journal that is gone."""
    from assay.works import recovery
    from assay.works.tracking.beginning import tracked

    home = Home.create(tmp_path, {})
    run = tracked(home, "r", params={"depth": 6})
    run._journal.close()
    run._held.close()  # as if its process were gone
    seen = runs.under_way(home.office)
    recovery.recover(home)
    before = row(home, runs.get(home.office, run.id))
    asked = []

    def late(_office):
        asked.append(1)
        return seen

    real, runs.under_way = runs.under_way, late
    try:
        recovery.recover(home)
    finally:
        runs.under_way = real
    assert asked and row(home, runs.get(home.office, run.id)) == before and before["params"] == {"depth": 6}
    home.close()


@pytest.mark.slow
def test_runs_killed_at_forty_instants_lose_nothing(tmp_path):
    lot = random.Random(1)
    for number in range(40):
        folder = tmp_path / str(number)
        folder.mkdir()
        Home.create(folder, {}).close()
        said = _kill(folder, lot.randrange(1, 2_000), "01"[number % 2])
        record, told = _recovered(folder)
        assert record.outcome == "interrupted" and told["metrics"]["x"] >= said - 1


@pytest.mark.slow
def test_runs_killed_while_they_begin_and_end_leave_none_half_done(tmp_path):
    script = "import assay\nfor n in range(50):\n  with assay.run('r', params={'n': n}) as run:\n    run.metric('x', n)\n    print(n, flush=True)\n"
    Home.create(tmp_path, {}).close()
    lot, ended = random.Random(2), 0
    for _ in range(20):
        with subprocess.Popen(
            [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        ) as process:
            time.sleep(0.7 + lot.random() * 1.5)
            process.kill()
            lines = process.stdout.read().split()
            process.wait(30)
        ended += max(0, len(lines) - 1)  # the last may not have ended
        home = Home.open(tmp_path / ".assay", {})
        assert verification.verify(home.office).ok
        found = runs.listing(home.office, 10_000)
        assert not runs.under_way(home.office)
        assert sum(r.outcome == "pass" for r in found) >= ended
        for record in found:
            steps = runs.steps_of(home.office, record.id)
            assert len(steps) == 1 and (record.outcome != "pass" or row(home, record)["metrics"])
        home.close()
