"""Files that a person named, read within bounds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.kernel.errors import Missing, UsageError
from assay.methods.plainfile import read_plain


def test_what_is_there_is_read_and_what_is_too_large_is_not(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"x" * 100)
    assert read_plain(path, 100, "the file") == b"x" * 100
    with pytest.raises(UsageError, match="the file is larger than 0 KiB"):
        read_plain(path, 99, "the file")


def test_devices_pipes_folders_and_nothing_are_one_sentence_at_once(tmp_path):
    """/dev/zero has no size and no end, and a pipe that nobody writes to never opens."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, said in ((Path("/dev/zero"), "no plain file"), (pipe, "no plain file"), (tmp_path, "a folder")):
        with pytest.raises(UsageError, match=said):
            read_plain(path, 10, "the rules")
    for path in (tmp_path / "none", Path("a\0b"), Path("x" * 5000)):
        with pytest.raises(Missing, match="the rules cannot be read"):
            read_plain(path, 10, "the rules")


def test_what_a_shell_hands_over_is_read():
    read, write = os.pipe()
    os.write(write, b"rules: []")
    os.close(write)
    assert read_plain(Path(f"/dev/fd/{read}"), 100, "the rules") == b"rules: []"
    os.close(read)
