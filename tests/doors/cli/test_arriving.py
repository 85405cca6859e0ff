"""`assay watch` as a person types it: lines for people, JSON for programs, exit codes, and its end by a signal."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from assay.doors.cli.main import cli


class Evil:
    def __reduce__(self):
        return (os.getpid, ())


@pytest.fixture
def box(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, ["init"]).exit_code == 0
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / "bad.pkl").write_bytes(pickle.dumps(Evil()))
    return tmp_path


def run(*args):
    return CliRunner().invoke(cli, ["watch", *args], standalone_mode=False)


def test_what_is_found_is_a_line_and_the_exit_code(box):
    done = run("incoming", "--once", "--settle", "0")
    assert done.return_value == 1 and done.stdout.startswith("FAIL        bad.pkl  1 critical")
    assert all(len(line) <= 80 for line in (done.stdout + done.stderr).splitlines())
    again = run("incoming", "--once", "--settle", "0", "--format", "json")
    found = json.loads(again.stdout)
    assert again.return_value == 1 and (found["schema"], found["scanned"], found["uncleared"]) == (
        "assay.watched/1",
        0,
        1,
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_well(box, number):
    command = [sys.executable, "-m", "assay", "watch", "incoming", "--settle", "0", "--every", "0.1"]
    # Begun by a shell in the background it would ignore an interrupt.
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert "watching; Ctrl-C ends it" in process.stderr.readline()
    assert "bad.pkl" in process.stdout.readline()
    time.sleep(0.3)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and "Traceback" not in err and "1 scanned, 0 known already" in err
    assert run("incoming", "--once", "--settle", "0").return_value == 1  # its lease was given back
