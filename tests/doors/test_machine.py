"""What the machine forbids: a home that cannot be written, a disk that is full, a terminal without our letters."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

ASSAY = [sys.executable, "-c", "from assay.doors.cli import main; main()"]
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'


def _run(folder, *args, env=None, **how):
    given = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")} | (env or {})
    return subprocess.run(
        [*ASSAY, *args], cwd=folder, env=given, stderr=subprocess.PIPE, text=True, check=False, **how
    )


def _read_only(folder, *args):
    """Run where the folder is mounted read-only, in a namespace of its own."""
    inside = ["unshare", "--mount", "--map-root-user", "sh", "-c", READ_ONLY]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*inside, str(folder), "true"], check=False).returncode
    ):
        pytest.skip("mounting a folder read-only needs namespaces")
    return subprocess.run([*inside, str(folder), *ASSAY, *args], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_home_that_cannot_be_written_is_read_and_verified(copy):
    """Evidence is looked at where nothing can be written; every command was a fault of ours there."""
    for args in (("runs", "list"), ("log", "verify"), ("model", "verify", "bookings"), ("findings", "list")):
        done = _read_only(copy, *args)
        assert (done.returncode, done.stderr) == (0, ""), args
        assert done.stdout == _run(copy, *args, stdout=subprocess.PIPE).stdout
    for args in (
        ("run",),
        ("check", "data.profile", "bookings.csv.gz"),
        ("model", "approve", "bookings", "--reason", "r"),
    ):
        done = _read_only(copy, *args)
        assert done.returncode == 3 and done.stderr.count("\n") == 1, args
        assert "it can be read and not written" in done.stderr


def test_what_was_written_last_is_seen_in_a_home_that_cannot_be_written(copy):
    """SQLite keeps the latest in a log beside the database, which cannot be read in place there."""
    database = copy / ".assay" / "office.db"
    with sqlite3.connect(database) as connection:
        connection.execute(
            "SELECT count(*) FROM events"
        ).fetchone()  # who reads keeps the log from being put away
        _run(copy, "check", "data.profile", "bookings.csv.gz", "--fail-on", "none", stdout=subprocess.DEVNULL)
        assert database.with_name("office.db-wal").stat().st_size
        for name in ("office.db", "office.db-wal"):  # as a machine that lost its power leaves them
            shutil.copy(database.with_name(name), copy / name)
    connection.close()
    for name in ("office.db", "office.db-wal"):
        (copy / name).replace(database.with_name(name))
    done = _read_only(copy, "log", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert "check.data.profile" in _read_only(copy, "log", "tail", "--format", "json").stdout


def test_a_full_disk_under_the_output_is_one_sentence(copy):
    with open("/dev/full", "w") as full:
        done = _run(copy, "runs", "list", stdout=full)
    assert done.returncode == 3
    assert done.stderr == "assay: the output: no space is left there; make room, and run it again\n"


@pytest.mark.slow
def test_a_terminal_that_knows_ascii_only_gets_the_rest_in_question_marks(copy):
    """It got a fault of ours at the first arrow, and half a report."""
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = _run(copy, "check", "data.profile", "bookings.csv.gz", env=plain, stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "? drop it" in done.stdout
