"""Clients and servers killed around the commit: a repair or load in PostgreSQL is there whole or not at all, and told rightly."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import pytest

psycopg = pytest.importorskip("psycopg")
pytestmark = pytest.mark.slow

ROWS, WRONG, BAD = 400, 40, 8
RULES = "rules:\n- {unique: id}\n- {range: n, min: 0, max: 9}\n"
# The client kills itself a moment that is drawn by lot after it began to commit, or before.
KILLED = """
import os, signal, sys, threading, time
from assay.engines.gate.postgressink import PostgresSink
from assay.engines.inplace.postgres import PostgresPlace
wait = float(sys.argv.pop(1))
def around(commit):
    def commits(self):
        threading.Thread(target=lambda: (time.sleep(max(0, wait)), os.kill(os.getpid(), signal.SIGKILL))).start()
        if wait < 0:
            time.sleep(5)
        commit(self)
        time.sleep(5)
    return commits
for kind in (PostgresSink, PostgresPlace):
    kind.commit = around(kind.commit)
from assay.doors.cli import main
main(sys.argv[1:])
"""
# The client says when it is about to commit, and waits until it is told to go on.
PAUSED = """
import sys
from assay.engines.gate.postgressink import PostgresSink
from assay.engines.inplace.postgres import PostgresPlace
after = sys.argv.pop(1) == "after"
def around(commit):
    def commits(self):
        if after:
            commit(self)
        print("at commit", flush=True)
        sys.stdin.readline()
        if not after:
            commit(self)
    return commits
for kind in (PostgresSink, PostgresPlace):
    kind.commit = around(kind.commit)
from assay.doors.cli import main
main(sys.argv[1:])
"""


@pytest.fixture
def folder(tmp_path, assay):
    """A home, the report of a rule, and a source of which some rows stay outside."""
    assay(tmp_path, "init")
    flags = [(n % 2 == 0) ^ (n % 10 == 0) for n in range(ROWS)]
    (tmp_path / "t.csv").write_text(
        "id,flag,n\n" + "".join(f"{n},{f},{n % 2}\n" for n, f in enumerate(flags))
    )
    (tmp_path / "i.yaml").write_text("rules:\n- holds: flag == (n == 0)\n  repair: {set: flag, to: n == 0}\n")
    args = ["--rules", "i.yaml", "--no-discover", "--fail-on", "none", "--format", "json", "-o", "r.json"]
    assay(tmp_path, "check", "data.integrity", "t.csv", *args)
    (tmp_path / "r.yaml").write_text(RULES)
    return tmp_path


def _table(url, folder):
    """A table of which some rows break the rule."""
    with psycopg.connect(url) as con:
        con.execute("DROP TABLE IF EXISTS t, t_quarantine, _assay_loads, _assay_releases")
        con.execute("CREATE TABLE t (id int, flag boolean, n int)")
        with con.cursor().copy("COPY t FROM STDIN (FORMAT csv, HEADER)") as copy:
            copy.write((folder / "t.csv").read_bytes())


def _wrong(url):
    with psycopg.connect(url) as con:
        return con.execute("SELECT count(*) FILTER (WHERE flag <> (n = 0)), count(*) FROM t").fetchone()


def _source(folder, number):
    lines = [f"{1000 * number + i},true,{i % 9 if i >= BAD else 99}" for i in range(100)]
    (folder / f"s{number}.csv").write_text("id,flag,n\n" + "\n".join(lines) + "\n")
    return f"s{number}.csv"


def _held(url):
    """Rows loaded, rows quarantined, and the loads that the store remembers."""
    with psycopg.connect(url) as con:
        (there,) = con.execute("SELECT to_regclass('t_quarantine') IS NOT NULL").fetchone()
        kept = con.execute("SELECT count(*) FROM t_quarantine").fetchone()[0] if there else 0
        (there,) = con.execute("SELECT to_regclass('_assay_loads') IS NOT NULL").fetchone()
        loads = con.execute("SELECT count(*) FROM _assay_loads").fetchone()[0] if there else 0
        return con.execute("SELECT count(*) FROM t").fetchone()[0] - ROWS, kept, loads


def _latest(folder, assay, action):
    events = assay.json(folder, "log", "tail")["events"]
    return [e["outcome"] for e in events if e["action"] == action][-1]


def _killed(folder, wait, *args):
    command = [sys.executable, "-c", KILLED, str(wait), *args]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr


def _moments():
    lot = random.Random(11)
    return [-1, 0.5, *(lot.random() * 0.004 for _ in range(8))]


def _repair(url):
    return ["treat", "data.repair", f"{url}::t", "--using", "r.json", "--in-place"]


def test_a_client_killed_while_it_commits_a_repair(postgres, folder, assay):
    _table(postgres, folder)
    seen = set()
    for wait in _moments():
        _killed(folder, wait, *_repair(postgres))
        wrong, rows = _wrong(postgres)
        assert wrong in (0, WRONG) and rows == ROWS
        happened = wrong == 0
        seen.add(happened)
        assert _latest(folder, assay, "data.repair") == ("done" if happened else "failed")
        if not happened:
            assert f"{WRONG} rows changed in place" in assay(folder, *_repair(postgres))
        assert _wrong(postgres) == (0, ROWS)
        assay(folder, "treat", "data.repair", f"{postgres}::t", "--undo")
        assert _wrong(postgres) == (WRONG, ROWS) and assay.json(folder, "log", "verify")["ok"]
    assert seen == {True, False}


def test_a_client_killed_while_it_commits_a_load(postgres, folder, assay):
    _table(postgres, folder)
    for number, wait in enumerate(_moments(), 1):
        load = ["data", "load", _source(folder, number), "--into", f"{postgres}::t", "--rules", "r.yaml"]
        before = _held(postgres)
        _killed(folder, wait, *load)
        happened = _held(postgres) != before
        assert _held(postgres) in (
            before,
            tuple(a + b for a, b in zip(before, (100 - BAD, BAD, 1), strict=True)),
        )
        assert _latest(folder, assay, "data.load") == ("done" if happened else "failed")
        if happened:
            assert "--again" in assay.fails(folder, *load)
        else:
            assert assay.json(folder, *load)["loaded"] == 100 - BAD
        assert _held(postgres) == ((100 - BAD) * number, BAD * number, number)
        assert assay.json(folder, "log", "verify")["ok"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_server_that_crashes_at_the_commit(when, postgres_server, folder, assay):
    url = postgres_server.url
    _table(url, folder)
    load = ["data", "load", _source(folder, 1), "--into", f"{url}::t", "--rules", "r.yaml"]
    for args, action in ((_repair(url), "data.repair"), (load, "data.load")):
        command = [sys.executable, "-c", PAUSED, when, *args]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, cwd=folder, **pipes) as client:
            assert client.stdout.readline() == "at commit\n"
            postgres_server.stop()
            out, err = client.communicate("\n", timeout=60)
        assert "Traceback" not in err and len(err.strip().splitlines()) <= 1
        if when == "before":
            assert client.returncode == 3 and "the server was lost while it committed" in err, (out, err)
            assert _latest(folder, assay, action) == "begun"  # nobody can tell while it is away
        else:
            assert client.returncode == 0, err
        postgres_server.start()
        assert _latest(folder, assay, action) == ("done" if when == "after" else "failed")
        if action == "data.repair":
            assert _wrong(url) == ((0 if when == "after" else WRONG), ROWS)
            if when == "before":
                assay(folder, *args)
            assay(folder, "treat", "data.repair", f"{url}::t", "--undo")
            assert _wrong(url) == (WRONG, ROWS)
        else:
            assert _held(url)[0] == (100 - BAD if when == "after" else 0)
            assert "again" in assay.fails(folder, *args) if when == "after" else assay(folder, *args)
            assert _held(url) == (100 - BAD, BAD, 1)
        assert assay.json(folder, "log", "verify")["ok"]


def test_a_server_that_crashes_at_moments_drawn_by_lot(postgres_server, folder, assay):
    url, lot = postgres_server.url, random.Random(4)
    _table(url, folder)
    command = [sys.executable, "-c", "from assay.doors.cli import main; main()", *_repair(url)]
    for _ in range(6):
        with subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as client:
            time.sleep(0.4 + lot.random() * 0.8)
            postgres_server.stop()
            assert b"Traceback" not in client.communicate(timeout=60)[1]
        postgres_server.start()
        wrong, rows = _wrong(url)
        assert wrong in (0, WRONG) and rows == ROWS
        if wrong == 0:
            assert _latest(folder, assay, "data.repair") == "done"
            assay(folder, "treat", "data.repair", f"{url}::t", "--undo")
            assert _wrong(url) == (WRONG, ROWS)
        assert assay.json(folder, "log", "verify")["ok"]
