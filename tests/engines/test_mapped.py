"""Mapped files that somebody cuts short: in a process of its own, since what went wrong would end it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from assay.methods.pickles.compiled import built

pytestmark = pytest.mark.skipif(
    built() is None, reason="the guard was not built: python -m assay.engines.compiling"
)

READS = """
import os, sys
from assay.engines.mapped import cut, mapped
path = sys.argv[1]
with open(path, "rb") as handle:
    data, other = mapped(handle), mapped(handle)
assert bytes(data[:4]) == b"aaaa" and not cut(data)
os.truncate(path, 100)
assert cut(data)
assert bytes(data[5_000_000:5_000_004]) == bytes(4)
os.truncate(path, 8_000_000)
assert cut(data)
del data
assert other.find(b"b") == -1
print("alive")
"""
SCANS = """
import os, sys
from pathlib import Path
from assay.checks.model.scan import check
from assay.engines.blobs import Store
from assay.kernel.asset import Asset
from assay.works.bench import FileTree
from assay.works.work import LocalWork
path = Path(sys.argv[1])
asked = []
class Cutting(LocalWork):
    @property
    def stopped(self):
        asked.append(1)
        if len(asked) == 3:  # the file is mapped by then
            os.truncate(path, 4096)
        return False
work = Cutting(seed=1, scratch=path.parent, store=Store(str(path.parent / "store")), cores=1)
report = check(FileTree(Asset("tree", "m", str(path), "sha256:0"), path), work=work)
print([f.message for f in report.findings])
"""
OUTSIDE = """
import os, signal, sys
from assay.engines.mapped import mapped
import mmap
path = sys.argv[1]
with open(path, "rb") as handle:
    guarded, bare = mapped(handle), mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
os.truncate(path, 0)
bytes(bare[5_000_000:5_000_004])
"""


def run(script, path):
    return subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )


def test_a_file_cut_short_is_read_on_as_zeros(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(b"a" * 8_000_000)
    done = run(READS, path)
    assert done.stdout == "alive\n", done.stderr


def test_a_pickle_cut_short_while_it_is_walked_is_a_finding(tmp_path):
    path = tmp_path / "m.pkl"
    path.write_bytes(b"\x80\x04](" + b"K\x01" * 4_000_000 + b"e.")
    done = run(SCANS, path)
    assert "cut short while it was read" in done.stdout, (done.returncode, done.stderr)


def test_what_nobody_guards_still_ends_the_process(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(b"a" * 8_000_000)
    assert run(OUTSIDE, path).returncode == -7
