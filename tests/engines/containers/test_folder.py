"""A root directory that is read where it lies: walked again and again, and changed meanwhile."""

from __future__ import annotations

import os
import shutil
import zipfile

from tests.images import DEBIAN, NoWork, stanza

from assay.engines.containers import beneath
from assay.engines.containers.folder import FolderImage, listing
from assay.engines.containers.inventory import take
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


def image(root):
    return FolderImage(Asset("image", "host", str(root), listing(root), "root"), root)


def test_names_of_one_file_are_read_once_and_say_the_same_as_copies(tmp_path, monkeypatch):
    """A host with many environments has the same archives, programs and models a hundred times."""
    first, root = tmp_path / "first", tmp_path / "root"
    first.mkdir()
    with zipfile.ZipFile(first / "lib-1.2.jar", "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Implementation-Vendor-Id: org.example\n")
        archive.writestr("inner-3.jar", b"")
    (first / "weights.gguf").write_bytes(b"GGUF" + bytes(40))
    (first / "program").write_bytes(b"#!/bin/sh" + bytes(20_000))
    (first / "native").write_bytes(b"\x7fELF" + bytes(20_000))
    for place in ("a", "b/c"):
        shutil.copytree(first, root / place, copy_function=os.link)
    os.link(first / "lib-1.2.jar", root / "a" / "other-9.jar")  # its own name is part of what it says
    opened = []
    real = beneath.opened
    monkeypatch.setattr(beneath, "opened", lambda root, name: opened.append(name) or real(root, name))
    found = take(image(root), NoWork())
    reads = [name.rpartition("/")[2] for name in opened]
    assert sorted(set(reads)) == ["lib-1.2.jar", "native", "other-9.jar", "program", "weights.gguf"]
    assert reads.count("lib-1.2.jar") == reads.count("weights.gguf") == reads.count("program") == 1
    named = {(p.name, p.version, p.path) for p in found.packages if p.kind == "maven"}
    assert {
        ("lib", "1.2", "a/lib-1.2.jar"),
        ("lib", "1.2", "b/c/lib-1.2.jar"),
        ("other", "9", "a/other-9.jar"),
    } <= named
    shutil.copytree(root, tmp_path / "copied")
    assert take(image(tmp_path / "copied"), NoWork()) == found


def test_a_name_whose_file_cannot_be_read_is_a_gap_each_time(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "bad.jar").write_bytes(b"PK" + bytes(100))
    (root / "more").mkdir()
    os.link(root / "bad.jar", root / "more" / "bad.jar")
    assert sorted(what for what, _ in take(image(root), NoWork()).gaps) == ["bad.jar", "more/bad.jar"]


def test_what_links_lead_to_is_looked_for_where_it_lies_through_any_number_of_links(tmp_path):
    """A link on the way that no record is named by was not noted: the packages behind two of them were missed."""
    root = tmp_path / "root"
    for folder in ("etc", "usr/lib", "data/db", "var/lib/docker"):
        (root / folder).mkdir(parents=True)
    (root / "usr/lib/os-release").write_text(DEBIAN)
    (root / "etc/os-release").symlink_to("../usr/lib/os-release")
    (root / "data/db/status").write_text(stanza("zlib1g", "1.2.13"))
    (root / "var/lib/docker/x").write_text("x")
    (root / "var/lib/dpkg").symlink_to("/data/one")
    (root / "data/one").symlink_to("db")
    os.mkfifo(root / "data/pipe")
    places = {
        "etc/os-release", "usr/lib/os-release", "data/db/status", "data/one/status", "var/lib/dpkg/status", "data/pipe", "data/db",
        "gone/x", "usr/lib/os-release/x", "var/lib/docker/x", "a/../b",
    }  # fmt: skip
    looked = image(root)
    assert sorted(f.path for f in looked.at(places)) == ["data/db/status", "usr/lib/os-release"]
    assert looked.links() == {
        "etc/os-release": "../usr/lib/os-release", "var/lib/dpkg": "/data/one", "data/one": "db",
    }  # fmt: skip
    assert [what for what, _ in looked.gaps] == ["data/pipe"]
    found = take(image(root), NoWork())
    assert [(p.name, p.version) for p in found.packages] == [("zlib1g", "1.2.13")]
