"""Zips that anybody may have made: unpacked whole, or named and not unpacked."""

from __future__ import annotations

import struct
import zipfile

import pytest

from assay.engines import zips
from assay.engines.archives import Bounds
from assay.kernel.errors import BadInput, Missing


def made(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name, content)
    return path


def test_what_is_in_it_is_unpacked_under_its_name(tmp_path):
    path = made(tmp_path / "a.zip", **{"b/c.txt": b"1", "d": b"22", "empty/": b""})
    found = zips.unpack(path, tmp_path / "out")
    assert {n: p.read_bytes() for n, p in found.items()} == {"b/c.txt": b"1", "d": b"22"}


def test_bounds_hold_before_anything_is_written(tmp_path):
    path = made(tmp_path / "a.zip", a=b"1" * 100, b=b"2" * 100)
    with pytest.raises(BadInput, match="more than 1 members"):
        zips.unpack(path, tmp_path / "out", Bounds(members=1))
    with pytest.raises(BadInput, match="allowed|unpacks to"):
        zips.unpack(path, tmp_path / "out", Bounds(size=150))
    assert not (tmp_path / "out").exists()


def test_a_member_whose_bytes_are_not_those_of_its_sum_is_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr("a", b"honest bytes")
    raw = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(raw.replace(b"honest", b"forged", 1))
    with pytest.raises(BadInput, match="cannot be unpacked: Bad CRC"):
        zips.unpack(tmp_path / "a.zip", tmp_path / "out")


def test_encrypted_members_and_other_ways_of_packing_are_named(tmp_path):
    path = made(tmp_path / "a.zip", a=b"1")
    raw = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + at] |= 1
    path.write_bytes(raw)
    with pytest.raises(BadInput, match="'a' is encrypted"):
        zips.members(path)
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_LZMA) as out:
        out.writestr("a", b"1")
    with pytest.raises(BadInput, match="packed in a way that is not read here"):
        zips.members(tmp_path / "b.zip")


def test_what_is_no_zip_and_what_is_not_there_are_told(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(BadInput, match="is no zip, or is cut short"):
        zips.members(tmp_path / "a.zip")
    with pytest.raises(Missing):
        zips.members(tmp_path / "none.zip")


@pytest.mark.parametrize("plain", [46, 0xFFFFFFFF])
@pytest.mark.parametrize("comment", [b"", b"c" * 65_535])
@pytest.mark.parametrize("apart", [0, 8])
def test_a_list_of_members_that_only_the_record_of_64_bits_calls_large_is_not_read(
    tmp_path, plain, comment, apart
):
    """Whatever the plain end said, the other number counted, and so many bytes were read at once."""
    path, large = tmp_path / "a.zip", 80 << 20
    with path.open("wb") as out:
        out.truncate(large)
        out.seek(large)
        out.write(
            struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44 + apart, 45, 45, 0, 0, 1, 1, large, 0)
            + bytes(apart)
        )
        out.write(struct.pack("<4sLQL", b"PK\x06\x07", 0, large, 1))
        out.write(
            struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, plain, 0xFFFFFFFF, len(comment)) + comment
        )
    with pytest.raises(BadInput, match="lists members over 80 MiB"):
        zips.members(path)


def test_a_locator_that_points_nowhere_is_told(tmp_path):
    path = tmp_path / "a.zip"
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, (1 << 64) - 1, 1)
    path.write_bytes(locator + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0))
    with pytest.raises(BadInput, match="cannot be unpacked"):
        zips.members(path)


def test_a_zip_of_64_bits_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    path = made(tmp_path / "a.zip", a=b"1", b=b"2")
    assert b"PK\x06\x06" in path.read_bytes()
    assert sorted(zips.unpack(path, tmp_path / "out")) == ["a", "b"]
