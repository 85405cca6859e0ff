"""rpm's database in its three forms. Each is written here by hand; Berkeley DB's by its own tool as well, where that is at hand."""

import io
import shutil
import sqlite3
import struct
import subprocess

import pytest

from assay.methods.packages import rpm
from assay.methods.packages.package import Unreadable

PACKAGES = [("openssl-libs", "3.0.7", "27.el9", 1), ("bash", "5.1.8", "9.el9", None), ("big", "1", "2", 0)]


def header(name, version, release, epoch, pad=0, files=()):
    """A header as rpm's database has it: an index of tags over a store."""
    store, index = b"", []

    def add(tag, kind, raw, count=1):
        nonlocal store
        if kind == 4:
            store += bytes(-len(store) % 4)
        index.append(struct.pack(">IIII", tag, kind, len(store), count))
        store += raw

    for tag, text in (
        (1000, name),
        (1001, version),
        (1002, release),
        (1044, f"{name.split('-')[0]}-{version}-{release}.src.rpm"),
    ):
        add(tag, 6, text.encode() + b"\0")
    if epoch is not None:
        add(1003, 4, struct.pack(">I", epoch))
    if files:
        folders = [f.rpartition("/")[0] + "/" for f in files]
        add(1116, 4, b"".join(struct.pack(">I", n) for n in range(len(files))), len(files))
        add(1117, 8, b"".join(f.rpartition("/")[2].encode() + b"\0" for f in files), len(files))
        add(1118, 8, b"".join(f.encode() + b"\0" for f in folders), len(files))
    add(1004, 6, b"x" * pad + b"\0")
    return struct.pack(">II", len(index), len(store)) + b"".join(index) + store


def headers(pad=9_000):
    return [
        header(*p, pad=pad if p[0] == "big" else 10, files=["/usr/lib/a-1.dist-info/METADATA"])
        for p in PACKAGES
    ]


def in_sqlite(blobs, path):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        db.executemany("INSERT INTO Packages (blob) VALUES (?)", [(b,) for b in blobs])
    db.close()
    return path.read_bytes()


def in_ndb(blobs):
    slots, data, place = b"", b"", 4096 // 16
    for number, blob in enumerate(blobs, 1):
        count = -(-(16 + len(blob) + 12) // 16)
        slots += struct.pack("<4sIII", b"Slot", number, place, count)
        data += (struct.pack("<4sIII", b"BlbS", number, 1, len(blob)) + blob).ljust(count * 16, b"\0")
        place += count
    empty = struct.pack("<4sIII", b"Slot", 0, 0, 0)
    slots += empty * ((4096 - 32 - len(slots)) // 16)
    return struct.pack("<4sIII", b"RpmP", 0, 1, 1).ljust(32, b"\0") + slots + data


def in_bdb(blobs, order="<", page=4096):
    """A hash with its values on overflow pages, as rpm's headers lie."""
    pages, items = [b""], []
    for blob in [b"\1\0\0\0", *blobs]:
        if len(blob) < 100:
            items.append(b"\1" + blob)
            continue
        parts = [blob[i : i + page - 26] for i in range(0, len(blob), page - 26)]
        first = len(pages) + 1  # the hash page comes in between
        for n, part in enumerate(parts):
            after = first + n + 1 if n + 1 < len(parts) else 0
            head = struct.pack(order + "QIIIHHBB", 0, first + n, 0, after, 1, len(part), 0, 7)
            pages.append((head + part).ljust(page, b"\0"))
        items.append(b"\3\0\0\0" + struct.pack(order + "II", first, len(blob)))
    end, places, tail = page, [], b""
    for number, item in enumerate(items):
        for one in (b"\1" + struct.pack(order + "I", number), item):
            end -= len(one)
            places.append(end)
            tail = one + tail
    entries = struct.pack(order + "QIIIHHBB", 0, 1, 0, 0, len(places), end, 0, 13)
    entries += struct.pack(f"{order}{len(places)}H", *places)
    hashed = entries.ljust(end, b"\0") + tail
    meta = struct.pack(order + "QIIIIBBBB", 0, 0, 0x061561, 9, page, 0, 8, 0, 0) + struct.pack(
        order + "II", 0, len(pages)
    )
    return meta.ljust(page, b"\0") + hashed + b"".join(pages[1:])


def read(raw):
    return list(rpm.read(io.BytesIO(raw), "var/lib/rpm/x", len(raw)))


def forms(tmp_path, blobs):
    return [in_sqlite(blobs, tmp_path / "rpmdb.sqlite"), in_ndb(blobs), in_bdb(blobs), in_bdb(blobs, ">")]


def test_the_forms_say_the_same(tmp_path):
    for raw in forms(tmp_path, headers()):
        found = read(raw)
        assert [(p.name, p.version, p.epoch, p.source) for p in found] == [
            ("openssl-libs", "3.0.7-27.el9", "1", "openssl"),
            ("bash", "5.1.8-9.el9", "", "bash"),
            ("big", "1-2", "", "big"),
        ]
        assert found[0].about["files"] == ("usr/lib/a-1.dist-info/METADATA",)


@pytest.mark.skipif(not shutil.which("db5.3_load"), reason="there is no db5.3_load here to compare with")
def test_what_berkeley_db_itself_writes_is_read(tmp_path):
    blobs = [header(f"package{n}", "1", "1", None, pad=n * 300) for n in range(60)]
    lines = [f" {n:08x}\n {blob.hex()}\n" for n, blob in enumerate(blobs, 1)]
    told = (
        "VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END\n"
        + "".join(lines)
        + "DATA=END\n"
    )
    subprocess.run(["db5.3_load", str(tmp_path / "Packages")], input=told, text=True, check=True)
    found = read((tmp_path / "Packages").read_bytes())
    assert sorted(p.name for p in found) == sorted(f"package{n}" for n in range(60))


def test_a_key_that_is_kept_as_a_package_is_none(tmp_path):
    assert read(in_ndb([header("gpg-pubkey", "1", "1", None)])) == []


def test_whatever_byte_is_wrong_it_is_read_or_refused_and_never_fails_otherwise(tmp_path):
    """A thousand damaged databases: each is read to its end or told as unreadable."""
    import random

    drawn = random.Random(7)
    refused = 0
    for raw in forms(tmp_path, headers(pad=200)):
        for _ in range(120):
            damaged = bytearray(raw)
            for _ in range(drawn.randint(1, 20)):
                damaged[drawn.randrange(len(damaged))] = drawn.randrange(256)
            damaged = bytes(damaged[: drawn.choice([len(damaged), len(damaged) // 2, 100])])
            try:
                read(damaged)
            except (Unreadable, struct.error, IndexError):
                refused += 1
    assert refused > 100


@pytest.mark.parametrize("count", [0xFFFFFFFF, 1 << 17])
def test_an_absurd_header_is_refused_before_anything_is_laid_out_for_it(count):
    blob = struct.pack(">II", count, 0x7FFFFFFF) + bytes(64)
    with pytest.raises(Unreadable):
        read(in_ndb([blob]))


def test_a_chain_of_pages_that_goes_round_ends():
    raw = bytearray(in_bdb(headers()))
    page = 4096
    for number in range(2, len(raw) // page):
        struct.pack_into("<I", raw, number * page + 16, number)
    with pytest.raises(Unreadable):
        read(bytes(raw))


def test_slots_that_share_a_blob_are_not_read_for_hours():
    blob = header("a", "1", "1", None, pad=9_000)
    raw = bytearray(in_ndb([blob]))
    raw[48 : 48 + 100 * 16] = bytes(raw[32:48]) * 100
    with pytest.raises(Unreadable, match="longer together"):
        read(bytes(raw))


def test_a_folder_that_is_named_for_each_of_many_files_is_not_written_out_for_each():
    """A folder of 30 MB and a million files beside it were 30 TB of paths."""
    blob = header("a", "1", "1", None, files=["/" + "x" * 5_000 + "/a.jar"] * 3)
    with pytest.raises(Unreadable, match="longer than any"):
        read(in_ndb([blob]))
