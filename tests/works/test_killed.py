"""Killed at 200 moments drawn by lot while it appends, runs and approves, on SQLite and PostgreSQL: what was acknowledged stays."""

from __future__ import annotations

import json
import os
import random
import signal
import struct
import threading
import traceback

import pytest

from assay.office import actions, ledger, registry, runs, verification
from assay.works.call import call
from assay.works.home import Home

pytestmark = pytest.mark.slow
KILLS = 200


def model(folder, number):
    """Write a small model, and return its path."""
    head = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    path = folder / f"m{number}.safetensors"
    path.write_bytes(struct.pack("<Q", len(head)) + head + struct.pack("<4I", number, 0, 0, 0))
    return str(path)


def toil(folder, environment, seed, say):
    """Do one act after another, and say of each that it was acknowledged."""
    lot, home, number = random.Random(seed), Home.open(folder / ".assay", environment), 0
    while True:
        number += 1
        name = f"{seed:03}-{number:04}"
        kind = lot.choice(["append", "append", "run", "approve"])
        if kind == "append":
            with home.office.transaction() as tx:
                seq = tx.record("test.act", name, actor="ada", detail={"n": number})
            say("event", seq, name)
        elif kind == "run":
            with home.office.transaction() as tx:
                runs.begin(tx, name, "p", "ada", {})
            say("run", name, "running")
            with home.office.transaction() as tx:
                runs.end(tx, name, "pass", None, None)
            say("run", name, "pass")
        else:
            path = model(folder, seed * 1000 + number)
            done = call("model.register", {"file": path, "name": "m", "owner": "ada"}, home=home)
            package = f"m@{done['version']}"
            say("package", package, "PENDING")
            status = lot.choice(["APPROVED", "REJECTED"])
            verb = "model.approve" if status == "APPROVED" else "model.reject"
            call(verb, {"name": package, "reason": "seen"}, home=home, actor="bob")
            say("package", package, status)


def killed(folder, environment, seed, wait):
    """Let a process toil, kill it after ``wait`` seconds, and return what it acknowledged."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(reading)
            toil(folder, environment, seed, lambda *a: os.write(writing, json.dumps(a).encode() + b"\n"))
        except BaseException:
            traceback.print_exc()
            os._exit(3)
    os.close(writing)
    threading.Timer(wait, os.kill, (pid, signal.SIGKILL)).start()
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), "it stopped by itself"
    return [json.loads(line) for line in said.splitlines()]


def held(home, acknowledged):
    """Look each acknowledged act up, as whoever was told of it would."""
    for kind, what, value in acknowledged:
        if kind == "event":
            assert ledger.event(home.office, what).subject == value
        elif kind == "run":
            assert runs.get(home.office, what).outcome in (
                {"pass"} if value == "pass" else {"pass", "interrupted"}
            )
        else:
            found = registry.get(home.office, what)
            assert found.status == value or value == "PENDING"


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_what_was_acknowledged_outlives_200_kills(where, tmp_path, request):
    environment = {"ASSAY_ACTOR": "ada"}
    if where == "postgresql":
        environment["ASSAY_DATABASE_URL"] = request.getfixturevalue("fresh_database")
    home = Home.create(tmp_path, environment)
    call("model.register", {"file": model(tmp_path, 0), "name": "m", "owner": "ada"}, home=home)
    call(
        "model.approve", {"name": "m@1", "reason": "seen"}, home=home, actor="bob"
    )  # all is loaded before the forks
    home.close()
    lot, acknowledged, kinds = random.Random(7), [], {}
    for number in range(KILLS):
        new = killed(tmp_path, environment, number, 0.05 + lot.random() * 0.6)
        acknowledged += new
        home = Home.open(tmp_path / ".assay", environment)  # which settles what was under way
        try:
            found = verification.verify(home.office) if home.office.about("checkpoint") else None
            assert found is None or found.ok, found.problems
            held(home, new)
            assert not runs.under_way(home.office)
            with actions.abandoned(home.office) as begun:
                assert not begun
        finally:
            home.close()
    home = Home.open(tmp_path / ".assay", environment)
    held(home, [a for a in acknowledged if a[2] != "PENDING"])
    for package in registry.listing(home.office):
        if package.status == "APPROVED":
            assert call("model.verify", {"name": f"m@{package.version}"}, home=home)["ok"]
    versions = [p.version for p in registry.listing(home.office)]
    assert versions == list(range(1, len(versions) + 1))
    assert not list((home.root / "objects").glob(".new-*"))
    for kind, _, value in acknowledged:
        kinds[kind if kind != "package" else value] = kinds.get(kind if kind != "package" else value, 0) + 1
    assert {"event", "run", "PENDING", "APPROVED", "REJECTED"} <= set(kinds), kinds
    home.close()
