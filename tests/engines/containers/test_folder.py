"""A root directory that is read where it lies: walked again and again, and changed meanwhile."""

from __future__ import annotations

from assay.engines.containers.folder import FolderImage, listing
from assay.kernel.asset import Asset

STATUS = "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"


def tree(root):
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").write_text(STATUS)
    return FolderImage(Asset("image", "host", str(root), listing(root), "root"), root)


def test_a_host_that_installs_while_it_is_examined_is_a_gap_and_no_end(tmp_path):
    image = tree(tmp_path)
    (tmp_path / "var/lib/dpkg/status").write_text(STATUS * 2)
    assert [f.path for f in image.files(lambda path, size: path.endswith("status"))] == [
        "var/lib/dpkg/status"
    ]
    assert [(what, "changed" in why) for what, why in image.gaps] == [("records of packages", True)]


def test_what_is_no_record_may_change_while_a_host_is_examined(tmp_path):
    image = tree(tmp_path)
    (tmp_path / "var/lib/dpkg/lock").write_text("")
    (tmp_path / "var/log").mkdir()
    (tmp_path / "var/log/syslog").write_text("x")
    assert len(list(image.files(lambda path, size: path.endswith("log")))) == 1
    assert image.gaps == []


def test_a_second_walk_has_the_room_of_the_first(tmp_path):
    image = tree(tmp_path)
    image.room.entries = 5  # var, lib, dpkg, status
    for _ in range(3):
        assert len(list(image.files(lambda path, size: path.endswith("status")))) == 1
    assert image.gaps == []
