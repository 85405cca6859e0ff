"""A folder that is looked at: what has landed, what is still being written, and what somebody lays there."""

import os

import pytest

from assay.engines.watching.folder import Folder
from assay.kernel.errors import Missing


def names(entries):
    return [e.path.name for e in entries]


def test_what_changes_has_not_landed_and_what_does_not_has(tmp_path):
    folder = Folder(tmp_path, settle=3600)
    (tmp_path / "a.bin").write_bytes(b"x")
    assert names(folder.look()[1]) == ["a.bin"] and names(folder.look()[0]) == []
    quick = Folder(tmp_path, settle=0)
    assert names(quick.look()[0]) == ["a.bin"]


def test_a_time_of_change_that_was_set_back_is_not_believed(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"x")
    os.utime(tmp_path / "a.bin", (1, 1))
    assert names(Folder(tmp_path, settle=3600).look()[1]) == ["a.bin"]


def test_the_same_size_and_time_with_other_bytes_is_another_sign(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"x")
    folder = Folder(tmp_path, settle=0)
    (before,), _ = folder.look()
    known = path.stat()
    path.write_bytes(b"y")
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))
    assert not folder.same(before)


def test_a_folder_is_one_arrival_and_changes_with_anything_in_it(tmp_path):
    inner = tmp_path / "model" / "weights"
    inner.mkdir(parents=True)
    (inner / "w.bin").write_bytes(b"x")
    folder = Folder(tmp_path, settle=0)
    (entry,), _ = folder.look()
    assert entry.folder and entry.path.name == "model" and folder.same(entry)
    (inner / "more.bin").write_bytes(b"x")
    assert not folder.same(entry)
    deep = Folder(tmp_path, settle=0, depth=2)
    assert names(deep.look()[0]) == ["weights"]


def test_links_pipes_and_the_home_are_not_read(tmp_path):
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / ".assay").mkdir()
    found, _ = Folder(tmp_path, settle=0, without=tmp_path / ".assay").look()
    assert {e.path.name: e.odd.partition(",")[0] for e in found} == {
        "link": "it is a link",
        "loop": "it is a link",
        "pipe": "it is neither a file nor a folder",
    }


def test_a_folder_that_grew_past_what_is_looked_at_ended_the_watch(tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    folder = Folder(tmp_path, settle=0)
    (entry,), _ = folder.look()
    for name in "abc":
        (tmp_path / "model" / name).touch()
    monkeypatch.setattr("assay.engines.watching.folder.MOST", 2)
    assert not folder.same(entry)


def test_what_goes_meanwhile_is_gone(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    folder = Folder(tmp_path, settle=0)
    (entry,), _ = folder.look()
    (tmp_path / "a").unlink()
    assert not folder.same(entry) and folder.look() == ([], [])
    with pytest.raises(Missing):
        Folder(tmp_path / "none")


def test_a_name_that_is_no_text_and_a_tree_without_end_are_told(tmp_path):
    """The first ended the watch; below the second nothing that changed was noticed."""
    with open(os.fsencode(tmp_path) + b"/\xff.pkl", "wb") as out:  # noqa: PTH123
        out.write(b"x")
    os.makedirs(tmp_path / "deep" / "/".join("n" * 70))  # noqa: PTH103
    found, _ = Folder(tmp_path, settle=0).look()
    assert [e.odd for e in found] == [
        "it nests deeper than 64 folders",
        "its name is no UTF-8: give it another",
    ]
    assert "\\xff.pkl" in found[1].sign
