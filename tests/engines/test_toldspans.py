from __future__ import annotations

import json
import os

import pytest

from assay.engines import toldspans


def told(tmp_path, *lines):
    path = tmp_path / "spans.jsonl"
    path.write_bytes(b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines))
    return toldspans.read_file(path)


def test_a_line_a_span(tmp_path):
    assert told(
        tmp_path, {"name": " fit ", "start": 5, "end": 9}, {"name": "save", "start": 9, "end": 9, "x": 1}
    ) == [
        ("fit", 5, 9),
        ("save", 9, 9),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[1]",
        {"name": "a"},
        {"name": "a", "start": 9, "end": 5},
        {"name": "a", "start": True, "end": 5},
        {"name": "a", "start": 1.5, "end": 5},
        {"name": "a", "start": -1, "end": 5},
        {"name": "a", "start": 1, "end": 1 << 70},
        {"name": "  ", "start": 1, "end": 2},
        {"name": ["a"], "start": 1, "end": 2},
    ],
)
def test_what_is_no_span_is_passed_over(tmp_path, line):
    assert told(tmp_path, line, {"name": "good", "start": 1, "end": 2}) == [("good", 1, 2)]


def test_a_name_is_short_and_moves_no_cursor(tmp_path):
    ((name, _, _),) = told(tmp_path, {"name": "\x1b[2J\u202e" + "a" * 500, "start": 1, "end": 2})
    assert len(name) == 80 and name.isprintable() and name.startswith("·[2J·aaa")


def test_many_lines_and_large_files_are_cut(tmp_path):
    lines = [{"name": "n", "start": 1, "end": 2}] * 5_000
    assert len(told(tmp_path, *lines)) == 500
    assert told(tmp_path, b"x" * (300 << 10), {"name": "n", "start": 1, "end": 2}) == []


def test_links_pipes_and_folders_are_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text('{"name": "secret", "start": 1, "end": 2}')
    (tmp_path / "link").symlink_to(secret)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder", "none"):
        assert toldspans.read_file(tmp_path / name) == []


def test_a_workers_message(tmp_path):
    assert toldspans.read_message(b'[["load", 1, 2], ["x", 2, 1], 3, ["a", 1], ["answer", 2, 3]]') == [
        ("load", 1, 2),
        ("answer", 2, 3),
    ]
    assert toldspans.read_message(b"[" * 4096) == toldspans.read_message(b"{}") == []
    assert len(toldspans.read_message(json.dumps([["n", 1, 2]] * 100).encode())) == 16
