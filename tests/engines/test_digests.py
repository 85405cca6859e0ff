"""Digests that are remembered while a file lies still, and never past a change of it."""

import os

import pytest

from assay.engines import digests
from assay.engines.blobs import digest_tree
from assay.engines.digests import Remembered, digest_file


@pytest.fixture
def read(monkeypatch):
    monkeypatch.setattr(digests, "_TICK", 0)
    done, real = [], digests.digest_file
    monkeypatch.setattr(digests, "digest_file", lambda path: done.append(str(path)) or real(path))
    return done


def test_a_file_that_lies_still_is_read_once(tmp_path, read):
    """Lists of a hundred megabytes were hashed each half minute."""
    (tmp_path / "epss.csv").write_text("a,b\n")
    held = Remembered()
    first = held.digest(tmp_path / "epss.csv")
    assert (
        held.digest(tmp_path / "epss.csv") == first == digest_file(tmp_path / "epss.csv") and len(read) == 1
    )
    assert digest_tree(tmp_path, digest=held.digest) == digest_tree(tmp_path) and len(read) == 1


def test_a_change_of_the_same_length_whose_time_is_set_back_is_seen(tmp_path, read):
    path, held = tmp_path / "kev.json", Remembered()
    path.write_text("aaaa")
    before, known = held.digest(path), path.stat()
    path.write_text("bbbb")
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))
    assert held.digest(path) != before
    (tmp_path / "new").write_text("aaaa")
    os.replace(tmp_path / "new", path)
    assert held.digest(path) == before


def test_what_changed_a_moment_ago_is_read_again(tmp_path, read, monkeypatch):
    monkeypatch.setattr(digests, "_TICK", 10**18)
    (tmp_path / "a").write_text("a")
    held = Remembered()
    held.digest(tmp_path / "a")
    held.digest(tmp_path / "a")
    assert len(read) == 2


def test_no_more_is_remembered_than_may_be(tmp_path, read, monkeypatch):
    monkeypatch.setattr(digests, "_HELD", 3)
    held = Remembered()
    for n in range(9):
        (tmp_path / str(n)).write_text(str(n))
        held.digest(tmp_path / str(n))
    assert len(held._known) == 3
