"""The journal: whole entries or none, whatever ends the process, and what a full disk leaves."""

from __future__ import annotations

import errno
import os
import threading

import pytest

from assay.kernel.errors import Broken, UsageError
from assay.works.tracking import journal
from assay.works.tracking.journal import Entry, Journal, read


def test_what_was_written_is_read_back_before_it_is_closed(tmp_path):
    kept = Journal(tmp_path / "j")
    kept.write(Entry(1, m={"loss": 0.5, "odd": "nan"}, s=3))
    kept.write(Entry(2, p={"depth": 6, "names": ["a", "ü"]}, g={"team": "fraud"}))
    assert [e.m for e in read(tmp_path / "j")] == [{"loss": 0.5, "odd": "nan"}, None]
    assert list(read(tmp_path / "j"))[1].p == {"depth": 6, "names": ["a", "ü"]}
    kept.close()
    with pytest.raises(UsageError, match="has ended"):
        kept.write(Entry(3))


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_line_that_was_cut_short_and_all_behind_it_is_left_out(tmp_path, cut):
    kept = Journal(tmp_path / "j")
    for number in range(3):
        kept.write(Entry(number, m={"x": float(number)}))
    kept.close()
    whole = (tmp_path / "j").read_bytes()
    last = whole.rstrip(b"\n").rpartition(b"\n")[0] + b"\n"
    (tmp_path / "j").write_bytes(last + whole[len(last) : len(last) + cut])
    assert [e.t for e in read(tmp_path / "j")] == [0, 1]


@pytest.mark.parametrize(
    "junk",
    [b"\0" * 600 + b"\n", b"[]\n", b'{"t":"x"}\n', b'{"t":1,"m":[1]}\n', b"\xff\n", b"[" * 5000 + b"\n"],
)
def test_blocks_that_a_power_failure_left_end_the_reading(tmp_path, junk):
    (tmp_path / "j").write_bytes(b'{"t":1}\n' + junk + b'{"t":2}\n')
    assert [e.t for e in read(tmp_path / "j")] == [1]


def test_a_full_disk_is_one_sentence_and_takes_nothing_back(tmp_path, monkeypatch):
    kept = Journal(tmp_path / "j", durable=True)
    kept.write(Entry(1))
    real = os.write

    def full(handle, data):
        if data[:1] == b"{":
            return real(handle, data[:7])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Broken, match="cannot be kept: no space is left there"):
        kept.write(Entry(2, m={"a name that is long enough to be cut": 1.0}))
    monkeypatch.setattr(os, "write", real)
    kept.write(Entry(3))
    kept.close()
    assert [e.t for e in read(tmp_path / "j")] == [1, 3]


def test_a_disk_that_refuses_to_sync_is_told_where_it_was_promised(tmp_path, monkeypatch):
    kept = Journal(tmp_path / "j", durable=True)

    def broken(_handle):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(Broken, match="the device fails"):
        kept.write(Entry(1))


def test_durable_entries_of_ten_threads_are_all_there_and_synced_together(tmp_path, monkeypatch):
    kept = Journal(tmp_path / "j", durable=True)
    calls, real = [], os.fdatasync

    def counted(handle):
        calls.append(1)
        return real(handle)

    monkeypatch.setattr(os, "fdatasync", counted)
    seen = []

    def write(who):
        for number in range(20):
            kept.write(Entry(who * 100 + number))
            seen.append(kept._synced >= 0 and sum(1 for _ in read(tmp_path / "j")) > number)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept.close()
    assert sorted(e.t for e in read(tmp_path / "j")) == sorted(
        w * 100 + n for w in range(10) for n in range(20)
    )
    assert all(seen) and len(calls) <= 201


def test_an_entry_that_is_too_large_is_refused(tmp_path):
    kept = Journal(tmp_path / "j")
    with pytest.raises(UsageError, match="at most"):
        kept.write(Entry(1, p={"x": "y" * (journal.LONGEST + 1)}))
    kept.close()
    assert list(read(tmp_path / "j")) == []
