"""The pages of an rpmdb.sqlite, read here, against what SQLite itself writes and reads."""

import io
import random
import sqlite3

import pytest

from assay.methods.packages.package import Unreadable
from assay.methods.packages.rpm import sqlite

TABLE = "CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)"


def made(path, sizes, *, page=4096, table=TABLE, then=()):
    """Write a database as rpm lays it out: other tables and indexes beside the one of packages."""
    drawn = random.Random(len(sizes))
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute(f"PRAGMA page_size={page}")
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        db.execute(
            "CREATE TABLE IF NOT EXISTS 'Name' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)"
        )
        db.execute("CREATE INDEX IF NOT EXISTS 'Name_key_idx' ON 'Name'(key ASC)")
        db.execute(table)
        db.executemany("INSERT INTO Packages (blob) VALUES (?)", ((drawn.randbytes(n),) for n in sizes))
        db.executemany("INSERT INTO Name VALUES (?, ?, 0)", ((f"n{n}", n) for n in range(len(sizes))))
        db.execute("COMMIT")
        for statement in then:
            db.execute(statement)
    db.close()
    return path.read_bytes()


def read(raw):
    return list(sqlite.blobs(io.BytesIO(raw), len(raw)))


def by_sqlite(path):
    with sqlite3.connect(path) as db:
        return [blob for (blob,) in db.execute("SELECT blob FROM Packages ORDER BY hnum")]


@pytest.mark.parametrize("page", [512, 1024, 4096, 65_536])
@pytest.mark.parametrize(
    "sizes",
    [
        [],
        [0],
        [10] * 500,
        [*range(300, 700)],
        [1_000_003, 5, 70_000],
        [4061, 4062, 4063, 4057, 4058, 489, 477, 478],
    ],
    ids=["none", "empty", "many", "about a page", "long", "at the bounds"],
)
def test_what_sqlite_writes_is_read_as_sqlite_reads_it(tmp_path, sizes, page):
    raw = made(tmp_path / "a", sizes, page=page)
    assert read(raw) == by_sqlite(tmp_path / "a")


def test_a_tree_of_several_levels_with_holes_is_read(tmp_path):
    raw = made(
        tmp_path / "a", [n % 200 for n in range(6_000)], page=512,
        then=("DELETE FROM Packages WHERE hnum % 3 = 0", "UPDATE Packages SET blob = zeroblob(3000) WHERE hnum = 17",
              "INSERT INTO Packages VALUES (9223372036854775806, x'ff')", "INSERT INTO Packages VALUES (-5, x'fe')"),
    )  # fmt: skip
    told = read(raw)
    assert told == by_sqlite(tmp_path / "a") and len(told) == 4_002 and told[0] == b"\xfe"


def test_a_file_in_wal_mode_and_one_that_was_vacuumed_are_read(tmp_path):
    raw = made(
        tmp_path / "a",
        [900] * 50,
        then=(
            "PRAGMA journal_mode=WAL",
            "INSERT INTO Packages (blob) VALUES (x'01')",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        ),
    )
    assert raw[18] == 2 and read(raw) == by_sqlite(tmp_path / "a")
    for mode in ("FULL", "INCREMENTAL"):
        raw = made(
            tmp_path / mode,
            [90_000] * 20,
            then=("DELETE FROM Packages WHERE hnum < 9", f"PRAGMA auto_vacuum={mode}", "VACUUM"),
        )
        assert read(raw) == by_sqlite(tmp_path / mode)


@pytest.mark.parametrize(
    "table",
    [
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, decoy BLOB, blob BLOB)",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB) WITHOUT ROWID",
        "CREATE TABLE Packages (blob BLOB, hnum INTEGER PRIMARY KEY)",
        "CREATE VIEW Packages AS SELECT 1 AS hnum, x'00' AS blob",
        "CREATE TABLE other (hnum INTEGER PRIMARY KEY, blob BLOB)",
    ],
)
def test_a_table_that_is_not_rpms_is_unreadable(tmp_path, table):
    with sqlite3.connect(tmp_path / "a") as db:
        db.execute(table)
    db.close()
    with pytest.raises(Unreadable, match="not as rpm makes it|no table"):
        read((tmp_path / "a").read_bytes())


def test_a_row_of_another_kind_is_unreadable(tmp_path):
    raw = made(tmp_path / "a", [], then=("INSERT INTO Packages (blob) VALUES ('text')",))
    with pytest.raises(Unreadable, match="no header"):
        read(raw)


def test_a_text_of_two_bytes_a_letter_is_unreadable(tmp_path):
    with sqlite3.connect(tmp_path / "a") as db:
        db.execute("PRAGMA encoding='UTF-16le'")
        db.execute(TABLE)
    db.close()
    with pytest.raises(Unreadable):
        read((tmp_path / "a").read_bytes())


def test_pages_that_lead_to_one_another_end(tmp_path):
    """Every page that could be an overflow, or a child, of another is pointed at each page in turn."""
    raw = made(tmp_path / "a", [3_000] * 30, page=512)
    refused = 0
    for number in range(1, 60):
        changed = bytearray(raw)
        for page in range(1, len(raw) // 512):
            changed[page * 512 : page * 512 + 4] = number.to_bytes(4, "big")
        try:
            read(bytes(changed))
        except Unreadable:
            refused += 1
    assert refused > 50


def test_whatever_bytes_are_wrong_nothing_but_unreadable_is_raised(tmp_path):
    whole = made(tmp_path / "a", [n * 37 % 900 for n in range(120)], page=512)
    drawn, refused = random.Random(3), 0
    for _ in range(400):
        raw = bytearray(whole)
        for _ in range(drawn.randint(1, 40)):
            at = drawn.randrange(2_048) if drawn.random() < 0.5 else drawn.randrange(len(raw))
            raw[at] = drawn.choice((0, 255, 0x0D, 5, drawn.randrange(256)))
        raw = raw[: drawn.choice((len(raw), len(raw), 3 * 512, 99))]
        try:
            read(bytes(raw))
        except Unreadable:
            refused += 1
    assert 100 < refused < 400
