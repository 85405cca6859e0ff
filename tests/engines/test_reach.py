"""What several workers wrote, put together, where one of them is hostile."""

from __future__ import annotations

import os

import pytest

from assay.engines.reach import merged


@pytest.fixture
def two(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    return first, second


def test_a_link_in_one_workers_folder_leads_no_file_of_another_out_of_it(two, tmp_path):
    """The second's file was moved through the first's link, to any place that whoever runs Assay may write."""
    first, second = two
    outside = tmp_path / "outside"
    outside.mkdir()
    (first / "part").symlink_to(outside)
    (second / "part").mkdir()
    (second / "part" / "authorized_keys").write_text("theirs")
    assert merged([second], first) == "part is a link or no regular file"
    assert list(outside.iterdir()) == []


def test_links_and_pipes_of_any_worker_are_told(two):
    first, second = two
    os.mkfifo(second / "pi\x1bpe")
    assert merged([second], first) == "pi·pe is a link or no regular file"
    (second / "pi\x1bpe").unlink()
    (second / "there").symlink_to("/etc/passwd")
    assert "there is a link" in merged([second], first)


def test_parts_come_together_and_one_name_is_one_workers(two):
    first, second = two
    (first / "part").mkdir()
    (first / "part" / "0.csv").write_text("0")
    (second / "part" / "deep").mkdir(parents=True)
    (second / "part" / "1.csv").write_text("1")
    (second / "part" / "deep" / "2.csv").write_text("2")
    assert merged([second], first) == ""
    assert sorted(str(p.relative_to(first)) for p in first.rglob("*.csv")) == [
        "part/0.csv",
        "part/1.csv",
        "part/deep/2.csv",
    ]
    (second / "part" / "0.csv").write_text("other")
    assert merged([second], first) == "two workers wrote part/0.csv"
    assert (first / "part" / "0.csv").read_text() == "0"


def test_a_folder_where_another_wrote_a_file_is_told(two):
    """It raised, and was taken for a fault of ours."""
    first, second = two
    (first / "part").write_text("a file")
    (second / "part").mkdir()
    assert merged([second], first) == "two workers wrote part"
