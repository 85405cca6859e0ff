"""Rows that were read before are the same when they are looked up, sealed where the capture is, and never trusted to be whole."""

from __future__ import annotations

import os

import pytest
from tests.engines.capture.test_handle import event, written

from assay.engines.capture import handle, kept, sources
from assay.engines.capture.kept import Kept
from assay.kernel.asset import Asset

SECRET = bytes(range(32))


@pytest.fixture
def capture(tmp_path):
    events = [event(f"{i},PRT,{i / 2}\n", "0.5\n", f"e{i}", meta={"inferenceId": f"i{i}"}) for i in range(50)]
    return written(tmp_path / "c", *events, "{no event", event("x\n", "1\n", "odd"))


@pytest.fixture
def opened(capture, tmp_path):
    """Open the capture; return what is in it, and whether it was read anew."""

    def open_(secret=None, digest="sha256:ab"):
        scratch = tmp_path / f"s{len(list(tmp_path.iterdir()))}"
        scratch.mkdir()
        asset = Asset("traffic", "capture", str(capture), "", "capture")
        where = Kept(tmp_path / "cache", digest, secret)
        read, made = handle._gathered, []
        handle._gathered = lambda *given: (made.append(1), read(*given))[1]
        try:
            with handle.open_traffic(
                asset, sources.pinned(str(capture)), scratch=scratch, kept=where
            ) as found:
                table = found.table.arrow().to_pylist()
                about = found.about.to_pylist()
                said = (found.features, found.outputs, found.events, [str(f.message) for f in found.problems])
        finally:
            handle._gathered = read
        return (table, about, said), bool(made)

    open_.folder = tmp_path / "cache"
    return open_


@pytest.mark.parametrize("secret", [None, SECRET])
def test_rows_are_read_once_and_are_the_same(opened, secret):
    first, fresh = opened(secret)
    again, anew = opened(secret)
    assert fresh and not anew and again == first
    assert len(first[0]) == 50 and len(first[2][3]) == 2  # what was damaged is told of again
    (file,) = opened.folder.glob(f"*.{kept._FORM}")
    assert (b"PRT" in file.read_bytes()) == (secret is None)
    assert file.stat().st_mode & 0o777 == 0o600
    assert opened(secret, "sha256:cd")[1], "other bytes are another capture"


@pytest.mark.parametrize("harm", ["cut", "turned", "empty", "other key"])
def test_what_cannot_be_read_is_as_if_it_were_not_there(opened, harm):
    first, _ = opened(SECRET)
    (file,) = opened.folder.glob(f"*.{kept._FORM}")
    raw = bytearray(file.read_bytes())
    if harm == "turned":
        raw[len(raw) // 2] ^= 1
    file.write_bytes({"cut": raw[:-5], "turned": raw, "empty": b"", "other key": raw}[harm])
    again, anew = opened(bytes(32) if harm == "other key" else SECRET)
    assert anew and again == first


def test_many_rows_are_put_away_as_when_they_are_read(opened, monkeypatch):
    first, _ = opened(SECRET)
    monkeypatch.setattr("assay.engines.capture.gathering.HELD", 10)
    again, anew = opened(SECRET)
    assert not anew and again == first


def test_the_oldest_make_room(opened, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 1)
    opened(digest="sha256:01")
    (old,) = opened.folder.glob(f"*.{kept._FORM}")
    earlier = old.with_name("00.1")  # as an earlier version left it
    earlier.write_bytes(b"x")
    for path in (old, earlier):
        os.utime(path, (1, 1))
    opened(digest="sha256:02")
    assert [p.name for p in opened.folder.glob("*.[0-9]")] == [f"02.{kept._FORM}"]
