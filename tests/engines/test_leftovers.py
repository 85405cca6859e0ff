"""What a process that is gone has left is swept; what a living one is making is not."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from assay.engines.blobs import Store
from assay.engines.leftovers import living, outside, removed, sweep, sweep_outside
from assay.works.home import Home

HELD = """
import sys, time
from pathlib import Path
from assay.engines.blobs import Store
from assay.works.home import Home
home = Home.open(Path(sys.argv[1]), {})
with home.scratch() as folder, home.store._fresh() as (temporary, out):
    (folder / "large").write_bytes(b"x" * 100)
    out.write(b"half")
    out.flush()
    print("there", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_left_in_a_home_is_gone_when_it_is_opened(tmp_path):
    home = Home.create(tmp_path, {})
    command = [sys.executable, "-c", HELD, str(home.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "there\n"
        left = [*home.root.glob("objects/.new-*"), *home.root.glob("scratch/assay-*")]
        assert len(left) == 2
        assert home.office and all(p.exists() for p in left)  # its maker lives
        home.close()
        os.kill(process.pid, signal.SIGKILL)
    assert home.office and not any(p.exists() for p in left)
    home.close()


def test_a_link_is_not_followed_and_what_is_held_stays(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "kept")
    made = tmp_path / "made"

    def make() -> Path:
        made.mkdir()
        return made

    with living(make):
        sweep([link, made, tmp_path / "never"])
        assert made.is_dir()
    sweep([made])
    assert not made.exists() and (tmp_path / "kept" / "file").exists()


@pytest.mark.parametrize("turn", [0, 1])  # its making opens it too
def test_one_that_is_swept_before_it_is_locked_is_made_again(tmp_path, monkeypatch, turn):
    made, opened, turns = tmp_path / "made", os.open, iter(range(9))

    def make() -> Path:
        made.touch()
        return made

    def open_(path, flags, *rest, **more):
        descriptor = opened(path, flags, *rest, **more)
        if next(turns) == turn:
            made.unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_)
    with living(make) as path:
        assert path.exists() and next(turns) > 2


def test_a_store_keeps_whole_objects_while_it_is_swept(tmp_path):
    store, until = Store(str(tmp_path)), time.monotonic() + 0.5
    digests = []
    while time.monotonic() < until:
        digests.append(store.put_bytes(os.urandom(64)))
        Store(str(tmp_path)).sweep()
    assert all(store.has(d) for d in digests) and not list(tmp_path.glob(".new-*"))


OUTSIDE = """
import sys, time
from assay.engines.leftovers import outside
print(outside("serve")[0], flush=True)
time.sleep(60)
"""


def test_what_a_killed_server_left_outside_of_a_home_stayed(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", OUTSIDE], stdout=subprocess.PIPE, text=True) as process:
        left = Path(process.stdout.readline().strip())
        (left / "published.json").write_text("{}")
        mine, lock = outside("job")
        stranger = tmp_path / "assay-else"
        stranger.mkdir()
        sweep_outside()
        assert left.is_dir() and mine.is_dir()  # their makers live
        os.kill(process.pid, signal.SIGKILL)
    Home.create(tmp_path / "h", {}).sweep()
    assert not left.exists() and mine.is_dir() and stranger.is_dir()
    removed(mine, lock)
    assert not mine.exists()


def test_a_folder_of_somebody_else_is_not_swept(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    theirs = tmp_path / "assay-held-serve-x"
    theirs.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: theirs.stat().st_uid + 1)
    sweep_outside()
    assert theirs.is_dir()
