from __future__ import annotations

import os

import pytest

from assay.engines import folders
from assay.kernel.errors import BadInput


def test_nothing_is_followed_and_everything_is_named(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("x")
    (tmp_path / "away").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    found = {e.path: (e.is_file, e.is_folder) for e in folders.entries(tmp_path)}
    assert found == {
        "a": (False, True),
        "a/b": (False, True),
        "a/b/c": (True, False),
        "away": (False, False),
        "pipe": (False, False),
    }


def test_holes_and_empty_files_have_a_size(tmp_path):
    with (tmp_path / "holes").open("wb") as out:
        out.truncate(10 << 20)
    assert folders.size(tmp_path, 1 << 40) >= 10 << 20
    empty = tmp_path / "empty"
    empty.mkdir()
    for n in range(10):
        (empty / str(n)).touch()
    assert folders.size(empty, 1 << 40) >= 10 * 4096
    assert folders.size(tmp_path / "gone", 1) == 0


def _deep(folder, levels, name):
    before = os.getcwd()
    try:
        os.chdir(folder)
        for _ in range(levels):
            os.mkdir(name)
            os.chdir(name)
        with open("leaf", "w") as out:
            out.write("x")
    finally:
        os.chdir(before)


@pytest.mark.parametrize(("levels", "name"), [(1100, "d"), (40, "n" * 250)])
def test_a_folder_deeper_than_a_path_is_refused_and_swept(tmp_path, levels, name):
    folder = tmp_path / "deep"
    folder.mkdir()
    _deep(folder, levels, name)
    with pytest.raises(BadInput):
        folders.size(folder, 1 << 40)
    folders.sweep(folder)
    assert not folder.exists()


def test_sweeping_follows_no_link_and_opens_what_was_closed(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    folder = tmp_path / "f"
    (folder / "closed").mkdir(parents=True)
    (folder / "closed" / "x").write_text("x")
    (folder / "link").symlink_to(kept)
    (folder / "closed").chmod(0)
    folders.sweep(folder)
    assert not folder.exists() and (kept / "file").exists()
    (tmp_path / "link").symlink_to(kept)
    folders.sweep(tmp_path / "link")
    assert (kept / "file").exists() and not (tmp_path / "link").is_symlink()
