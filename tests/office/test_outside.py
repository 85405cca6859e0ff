from __future__ import annotations

import subprocess
import sys
import time

from assay.office.outside import Outside


def test_a_checkpoint_is_announced_then_promoted_or_forgotten(tmp_path):
    outside = Outside(tmp_path / "deep" / "er")
    assert outside.read("latest") is None and outside.read("pending") is None
    outside.announce("one\n")
    assert (outside.read("pending"), outside.read("latest")) == ("one\n", None)
    outside.promote()
    assert (outside.read("pending"), outside.read("latest")) == (None, "one\n")
    outside.announce("two\n")
    outside.forget()
    outside.forget()
    assert (outside.read("pending"), outside.read("latest")) == (None, "one\n")


def test_bytes_that_are_no_text_are_damage_and_no_traceback(tmp_path):
    outside = Outside(tmp_path)
    (tmp_path / "latest").write_bytes(b"\xff\xfe")
    assert outside.read("latest") == "damaged"


def test_one_writer_at_a_time_across_processes(tmp_path):
    outside = Outside(tmp_path)
    code = (
        "import sys; from pathlib import Path; from assay.office.outside import Outside\n"
        "print('asks', flush=True)\n"
        "with Outside(Path(sys.argv[1])).locked(): print('has it', flush=True)\n"
    )
    with outside.locked():
        other = subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True)
        assert other.stdout.readline() == "asks\n"
        time.sleep(0.2)
        (tmp_path / "released").touch()
    assert other.stdout.readline() == "has it\n" and other.wait(30) == 0
    other.stdout.close()
