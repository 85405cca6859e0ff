"""Endings that go wrong themselves: whatever of a job's end fails, nothing of the job is left, and it is told rightly."""

from __future__ import annotations

import os
import sys
import tempfile
import threading

import pytest

from assay.engines.egress.policy import Egress, Store
from assay.engines.isolation import Grant, prefer, prepare, run
from assay.engines.isolation.bubblewrap import found
from assay.engines.isolation.cgroups import _places
from assay.kernel.errors import Broken, Refused

_NOTHING = [sys.executable, "-I", "-S", "-c", "pass"]


@pytest.fixture
def nothing_left(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def now():
        own = f"assay-job-{os.getpid()}-"
        bases = {base for _, places in _places() for base in places.values()}
        return (
            [name for base in bases for name in os.listdir(base) if name.startswith(own)],
            [p.name for p in tmp_path.glob("assay-held-*")],
            [t.name for t in threading.enumerate() if t.name.startswith("assay-egress")],
            len(os.listdir("/proc/self/fd")),
        )

    before = now()
    assert before[:3] == ([], [], [])
    yield
    assert now() == before


def _egress():
    return Egress((Store.read("http://127.0.0.1:9"),))


def test_a_job_that_was_killed_before_its_word_leaves_nothing(nothing_left):
    prepared = prepare(_NOTHING, Grant(egress=_egress()))
    prepared.process.kill()
    prepared.process.wait()
    while prepared.channel.recv(64):  # until nobody has the other end any more
        pass
    with pytest.raises(Broken, match="before it could begin"):
        prepared.go()
    del prepared


def test_a_ledger_that_cannot_be_told_of_the_end_leaves_nothing(nothing_left, tmp_path):
    egress = _egress()

    def full():
        raise RuntimeError("database or disk is full")

    egress.closed = full
    with pytest.raises(RuntimeError, match="full"):
        run(_NOTHING, Grant(egress=egress), log=tmp_path / "log")


@pytest.mark.parametrize(
    "builder",
    [pytest.param("bubblewrap", marks=pytest.mark.skipif(not found(), reason="needs bubblewrap")), "kernel"],
)
def test_a_writable_folder_within_a_readable_one_is_refused_alike(builder, nothing_left, tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    grant = Grant(read=(tmp_path / "a",), write=(tmp_path / "a" / "b",))
    prefer(builder)
    try:
        with pytest.raises(Refused, match="writable folder lies within a readable one"):
            run(_NOTHING, grant, log=tmp_path / "log")
    finally:
        prefer("auto")


@pytest.mark.parametrize(("act", "code"), [("os._exit(255)", 255), ("os._exit(200)", 200), ("os.kill(os.getpid(), 15)", -15)])  # fmt: skip
def test_a_high_exit_code_is_no_signal(act, code, tmp_path):
    ended = run([sys.executable, "-I", "-S", "-c", f"import os; {act}"], Grant(), log=tmp_path / "log")
    assert (ended.code, ended.signal) == (code, "SIGTERM" if code < 0 else "")


def test_where_no_process_can_be_started_that_is_said(nothing_left, monkeypatch, tmp_path):
    prefer("kernel")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    try:
        with pytest.raises(Broken, match="/nowhere/python: no process can be started: No such file"):
            run(["/bin/true"], Grant(), log=tmp_path / "log")
    finally:
        prefer("auto")
