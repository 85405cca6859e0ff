"""Digests that are remembered while a file lies still, and never past a change of it; and those of copies."""

import hashlib
import os
import shutil
import subprocess

import pytest

from assay.engines import digests
from assay.engines.blobs import digest_tree
from assay.engines.digests import Remembered, copied, digest_file


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


@pytest.mark.slow
@pytest.mark.parametrize("made", (("mkfs.xfs", "-q"), ("mkfs.btrfs", "-q")))
def test_where_blocks_are_shared_a_copy_takes_none_and_keeps_its_bytes(tmp_path, made):
    if os.geteuid() or shutil.which(made[0]) is None:
        pytest.skip(f"needs root and {made[0]}")
    image, disk = tmp_path / "disk.img", tmp_path / "disk"
    with image.open("wb") as out:
        out.truncate(400 << 20)
    disk.mkdir()
    subprocess.run([*made, str(image)], check=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(disk)], check=False).returncode:
        pytest.skip("needs a loop device, and the kernel's own driver of that file system")
    try:
        held, copy = disk / "held", disk / "copy"
        held.write_bytes(os.urandom(64 << 20))
        os.sync()
        before = os.statvfs(disk).f_bfree
        with held.open("rb", buffering=0) as given, copy.open("wb") as out:
            digest = copied(given, out)
        assert digest == digest_file(held) == digest_file(copy)
        os.sync()
        assert (before - os.statvfs(disk).f_bfree) * os.statvfs(disk).f_frsize < 8 << 20
        with held.open("r+b") as written:
            written.write(b"changed")
        assert digest_file(copy) == digest != digest_file(held)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_file_with_holes_has_the_digest_of_its_bytes(tmp_path):
    path = tmp_path / "holes"
    with path.open("wb") as file:
        for place in (0, 70 << 20, (90 << 20) + 7, (150 << 20) - 3):
            file.seek(place)
            file.write(b"abcdef")
        file.truncate(180 << 20)
    assert digest_file(path) == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    path.unlink()
