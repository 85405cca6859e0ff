"""Killed at moments drawn by lot, written by ten at once, and on a disk that is full: nothing is lost, nothing half done."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from assay.office import logbook, verification
from assay.works.call import call
from assay.works.home import Home

COMMAND = [sys.executable, "-c", "from assay.doors.cli import main; main()"]
APPEND = """
import sys
from pathlib import Path
from assay.works.home import Home
home = Home.open(Path(sys.argv[1]), {"ASSAY_ACTOR": "ada"})
office = home.office
for n in range(int(sys.argv[2])):
    with office.transaction() as tx:
        seq = tx.record("test.act", f"{sys.argv[3]}/{n}", actor="ada")
    print(seq, f"{sys.argv[3]}/{n}", flush=True)
"""


def trails(folder, files=8, records=4000):
    folder.mkdir()
    for f in range(files):
        rows = [
            {
                "eventTime": f"2024-01-{1 + (f + n) % 9:02d}T00:00:00Z",
                "eventID": f"{f}-{n}",
                "eventName": "x" * 300,
            }
            for n in range(records)
        ]
        (folder / f"{f}.json").write_text(json.dumps({"Records": rows}))
    return files * records


def killed(lot, most, *words, cwd):
    """Begin a command and kill it, children left to themselves, at a moment drawn by lot."""
    with subprocess.Popen(
        [*COMMAND, *words], cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        stop = time.monotonic() + 0.3 + lot.random() * most
        while process.poll() is None and time.monotonic() < stop:
            time.sleep(0.01)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait(60)


@pytest.mark.slow
def test_an_import_killed_again_and_again_takes_each_record_once(tmp_path):
    expected, lot = trails(tmp_path / "in"), random.Random(5)
    home = Home.create(tmp_path, {})
    for _ in range(15):
        killed(lot, 4, "log", "import", "in", cwd=tmp_path)
        found = verification.verify(home.office) if home.office.about("checkpoint") else None
        assert found is None or found.ok, found.problems
    call("log.import", {"places": [str(tmp_path / "in")]}, home=home)
    files = list((home.root / "logs" / "cloudtrail").glob("day=*/*.parquet"))
    ids = [i for f in files for i in pq.read_table(f, columns=["id"])["id"].to_pylist()]
    assert len(ids) == len(set(ids)) == expected
    assert verification.verify(home.office).ok
    live = logbook.files(home.office)
    assert len(files) == len(live) and not list((home.root / "logs").glob(".staging/*"))
    home.close()


@pytest.mark.slow
def test_a_retention_killed_again_and_again_breaks_no_proof(tmp_path):
    trails(tmp_path / "in", files=2, records=500)
    home = Home.create(tmp_path, {})
    home.office.clock = lambda: "2024-01-01T00:00:00.000Z"
    for start in range(0, 20_000, 1000):
        with home.office.transaction() as tx:
            for n in range(start, start + 1000):
                tx.record("test.act", f"t{n}", actor="ada", detail={"text": "x" * 200})
    call("log.import", {"places": [str(tmp_path / "in")]}, home=home)
    note, lot = home.office.about("checkpoint"), random.Random(7)
    for _ in range(8):
        killed(lot, 5, "log", "retain", "--older-than", "2025-01-01", cwd=tmp_path)
        found = verification.verify(home.office)
        assert found.ok, found.problems
    call("log.retain", {"older_than": "2025-01-01"}, home=home)
    found = verification.verify_against(home.office, note, home.keyring.public_pem("ledger"))
    assert found.ok and sum(found.pruned.values()) == 20_001
    assert not list((home.root / "logs").glob("*/day=*/*.parquet"))
    home.close()


@pytest.mark.slow
def test_ten_writers_make_one_order(tmp_path):
    home = Home.create(tmp_path, {})
    assert home.office
    command = [sys.executable, "-c", APPEND, str(home.root), "30"]
    ten = [subprocess.Popen([*command, f"w{n}"], stdout=subprocess.PIPE, text=True) for n in range(10)]
    said = [line.split() for p in ten for line in p.communicate()[0].splitlines()]
    assert [p.returncode for p in ten] == [0] * 10
    assert sorted(int(seq) for seq, _ in said) == list(range(300))
    there = {e["seq"]: e["subject"] for e in call("log.tail", {"number": 1000}, home=home)["events"]}
    assert all(there[int(seq)] == subject for seq, subject in said)
    for n in range(10):
        own = [int(s.partition("/")[2]) for _, s in sorted(there.items()) if s.startswith(f"w{n}/")]
        assert own == list(range(30))
    assert verification.verify(home.office).ok
    home.close()


def test_a_disk_that_is_full_gives_a_sentence_and_no_damage(tmp_path):
    """No file may grow past 300 KB: neither the Parquet files nor the database's own log."""
    expected = trails(tmp_path / "in", files=1, records=3000)
    rows = [
        {"eventTime": "2024-01-01T00:00:00Z", "eventID": f"r{n}", "eventName": os.urandom(200).hex()}
        for n in range(3000)
    ]
    (tmp_path / "in" / "random.json").write_text(json.dumps({"Records": rows}))
    home = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    with home.office.transaction() as tx:
        tx.record("test.act", "before", actor="ada")
    home.close()

    def bounded():
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    done = subprocess.run(
        [*COMMAND, "log", "import", "in"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=bounded,
        check=False,
    )
    assert done.returncode in (2, 3) and done.stderr.startswith("assay: "), done.stderr
    assert "fault of ours" not in done.stderr and len(done.stderr.splitlines()) == 1
    assert verification.verify(home.office).ok
    assert not list((home.root / "logs").glob("*/day=*/*.parquet"))
    got = call("log.import", {"places": [str(tmp_path / "in")]}, home=home)["imports"][0]
    assert got["rows"] == expected + 3000 and verification.verify(home.office).ok
    home.close()
