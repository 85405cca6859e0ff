"""A run that is killed again and again, at moments drawn by lot, still ends in one model, one history and no debris."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow


def test_a_run_killed_twelve_times_ends_as_if_it_never_was(assay, tmp_path):
    lot, command = random.Random(3), [sys.executable, "-c", "from assay.doors.cli import main; main()"]
    for number in range(12):
        with subprocess.Popen(
            [*command, "demo", "--to", "d"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            stop = time.monotonic() + 0.5 + lot.random() * 2 * (number + 1)
            while process.poll() is None and time.monotonic() < stop:
                time.sleep(0.02)
            if process.poll() is None:
                os.kill(process.pid, lot.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
            process.wait(60)
        if (tmp_path / "d" / ".assay" / "office.db").is_file():
            done = assay.run(tmp_path / "d", "log", "verify")
            assert done.returncode in (0, 2), done.stdout  # 2: nothing was recorded yet
    run = assay.json(tmp_path, "demo", "--to", "d")
    home = tmp_path / "d"
    assert run["outcome"] == "pass" and run["model"]["version"] == 1
    assert assay.json(home, "log", "verify")["ok"] and assay.json(home, "model", "verify", "bookings")["ok"]
    assert "running" not in {r["outcome"] for r in assay.json(home, "runs", "list")["runs"]}
    assert all(s["cached"] for s in assay.json(home, "run")["steps"])
    assert not list((home / ".assay" / "objects").glob(".new-*"))
