"""One file of a tree that cannot be read is a gap, and the others are examined."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from assay.engines import regular

EVIL = b"cos\nsystem\n."
_RUN = """
import os, sys
root, check = sys.argv[1:]
from assay.kernel.verdict import Gate
from assay.works.scanning import scan
from assay.works.settings import Settings
from assay.works.checking import carry_out
if os.geteuid() == 0:  # a root whom permissions bind: capset(2) of no capability at all
    import ctypes
    assert ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()) == 0
if check == "scan":
    found = scan([root], {}, home=None, settings=Settings(), gate=Gate())
else:
    found = [carry_out("check", check, root, {}, home=None)]
for one in found:
    for left in one.report.coverage.skipped:
        print("left", left.what.rpartition("/")[2], left.why)
    for f in one.report.findings:
        print("found", f.rule, f.where.get("file"))
"""


@pytest.mark.parametrize("check", ["model.scan", "code.secrets", "code.review", "scan"])
def test_one_that_is_closed_to_us_is_a_gap_and_the_others_are_examined(tmp_path, check):
    """Whoever closed one file kept all others from being looked at."""
    tree = tmp_path / "t"
    tree.mkdir()
    for name in ("a.pkl", "m.pkl", "a.py", "b.py"):
        (tree / name).write_bytes(EVIL if name.endswith("pkl") else b"import os\nos.system(input())\n")
    (tree / "shut").mkdir()
    for name in ("a.pkl", "a.py", "shut"):
        (tree / name).chmod(0)
    done = subprocess.run([sys.executable, "-c", _RUN, str(tree), check], capture_output=True, text=True)
    (tree / "shut").chmod(0o755)
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    closed = "a.py" if check == "code.review" else "a.pkl"
    assert any(line.startswith(f"left {closed} ") and "permission is denied" in line for line in told), told
    assert any(line.startswith("left shut ") for line in told)
    if check in ("model.scan", "scan"):
        assert any(line.startswith("found model.scan.unsafe_callable") for line in told)


def test_a_pipe_or_a_link_in_a_files_place_is_not_waited_for(tmp_path):
    """It was opened to be read, and nobody wrote into it."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "to").symlink_to("file")
    for name in ("pipe", "link", "to"):
        with pytest.raises(OSError, match="regular file|symbolic links"):
            regular.opened(tmp_path / name)
    with pytest.raises(OSError, match="regular file"):
        regular.opened(tmp_path / "link", follow=True)
    for name, follow in (("file", False), ("to", True)):
        with regular.opened(tmp_path / name, follow=follow) as source:
            assert source.read() == b"abc"
