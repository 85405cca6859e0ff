"""Forgeries that once went unseen, or that a later act would have covered up."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from assay.kernel.errors import AssayError, Broken
from assay.office import verification
from assay.office.office import Unreadable


def kinds(office):
    return {p.kind for p in verification.verify(office).problems}


def sql(tmp_path, statement, *values):
    connection = sqlite3.connect(tmp_path / "office.db")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def act(office, subject="late"):
    with office.transaction() as tx:
        tx.record("test.act", subject, actor="ada")


@pytest.fixture
def put_back(office, opened, tmp_path):
    """An office whose database is that of one event earlier."""
    office.close()
    shutil.copy(tmp_path / "office.db", tmp_path / "old.db")
    old = (tmp_path / "checkpoints" / "latest").read_text()
    later = opened()
    act(later)
    later.close()
    shutil.copy(tmp_path / "old.db", tmp_path / "office.db")
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"office.db{suffix}").unlink(missing_ok=True)
    return old


def test_nothing_is_written_onto_a_database_put_back(put_back, opened):
    """The next act would have signed the shorter history, and left no trace of the longer one."""
    office = opened()
    with pytest.raises(Broken, match="nothing is written"):
        act(office)
    assert kinds(office) == {"rolled-back"}


def test_an_old_checkpoint_announced_again_does_not_take_the_newer_ones_place(put_back, opened, tmp_path):
    (tmp_path / "checkpoints" / "pending").write_text(put_back)
    assert kinds(opened()) == {"rolled-back"}


def test_nothing_is_written_where_the_copy_outside_is_gone(office, opened, tmp_path):
    (tmp_path / "checkpoints" / "latest").unlink()
    with pytest.raises(Broken, match="nothing is written"):
        act(office)
    assert kinds(office) == {"missing"}


def test_nothing_is_written_onto_a_tree_whose_inner_nodes_were_changed(office, tmp_path):
    """The next checkpoint would have been signed over a root that no event gives."""
    act(office, "tenth")
    sql(tmp_path, "UPDATE tiles SET hashes = CAST(zeroblob(32 * 8) || substr(hashes, 257) AS BLOB)")
    with pytest.raises(AssayError, match="nothing is written"):
        act(office)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tiles WHERE level = 0 AND place = 1",
        "DELETE FROM tiles WHERE level = 1",
        "UPDATE tiles SET hashes = zeroblob(32) WHERE level = 1",
        "UPDATE tiles SET hashes = 'text' WHERE level = 1",
        "UPDATE tiles SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE level = 1",
        "UPDATE tiles SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE level = 0 AND place = 1",
        "UPDATE tiles SET hashes = CAST(substr(hashes, 1, 32) AS BLOB) WHERE level = 0 AND place = 1",
        "INSERT INTO tiles VALUES (0, 99, zeroblob(32))",
        "INSERT INTO tiles VALUES (1, 1, zeroblob(32))",
        "INSERT INTO tiles VALUES (9, 0, zeroblob(32))",
        "UPDATE tiles SET level = 2 WHERE level = 1",
    ],
)
def test_the_tree_that_proofs_are_read_from_is_verified_too(office, tmp_path, statement):
    with office.transaction() as tx:
        for n in range(260):
            tx.record("test.act", f"more/{n}", actor="ada")
    assert not kinds(office)
    sql(tmp_path, statement)
    assert kinds(office) == {"tree"}


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE events SET leaf = CAST(leaf AS BLOB) WHERE seq = 4", "edited"),
        ("UPDATE events SET leaf = '[1]' WHERE seq = 4", "edited"),
        ("UPDATE assets SET value = CAST(value AS BLOB) WHERE name = 't3'", "row-edited"),
        ("UPDATE assets SET at = x'ff00' WHERE name = 't3'", "row-edited"),
        ("UPDATE tiles SET hashes = 'x' WHERE level = 0 AND place = 0", "edited"),
    ],
)
def test_a_value_of_another_type_is_a_forgery_and_no_crash(office, tmp_path, statement, kind):
    sql(tmp_path, statement)
    assert kind in kinds(office)


def test_no_byte_of_the_copied_checkpoint_can_change_unseen(office, tmp_path):
    """Base64 leaves bits over in its last letter, and lines of others' signatures were skipped unread."""
    path = tmp_path / "checkpoints" / "latest"
    kept = path.read_bytes()
    for at in range(len(kept)):
        for bit in (1, 2, 4, 0x20):
            changed = bytearray(kept)
            changed[at] ^= bit
            path.write_bytes(bytes(changed))
            if bytes(changed) != kept:
                signed = verification.checkpoint.of(office, office.outside.read("latest"))
                assert signed is None or office.outside.read("latest") != office.about("checkpoint")
    for more in (b"x", b"\n", b"\n\xe2\x80\x94 other AAAA\n"):
        path.write_bytes(kept + more)
        assert not verification.verify(office).ok
    path.write_bytes(kept)
    assert verification.verify(office).ok


def test_the_end_of_an_export_is_verified_too(office, tmp_path):
    """What followed the checkpoint's line was not read, and the line itself was believed."""
    from assay.office import ledger

    path = tmp_path / "log.jsonl"
    with path.open("w", encoding="utf-8") as out:
        ledger.export(office, out)
    note, key = office.about("checkpoint"), office.keyring.public_pem("ledger")
    whole = path.read_text(encoding="utf-8")
    assert verification.verify_export(path, note, key).ok
    lines = whole.splitlines(keepends=True)
    for forged in (
        whole + '{"seq":10}\n',
        whole + lines[-1],
        "".join(lines[:-1]),
        "".join(lines[:-2] + lines[-1:]),
        whole.replace('"checkpoint": "assay/test', '"checkpoint": "assay/else'),
        whole.replace("\\n10\\n", "\\n11\\n"),
    ):
        assert forged != whole
        path.write_text(forged, encoding="utf-8")
        assert not verification.verify_export(path, note, key).ok


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON assets BEGIN DELETE FROM assets WHERE name = 't1'; END", "extra"),
        ("CREATE VIEW v AS SELECT * FROM assets", "extra"),
        ("CREATE TABLE more (x)", "extra"),
        ("DROP INDEX ix_assets_name", "missing"),
    ],
)
def test_what_is_put_beside_the_tables_is_told(office, tmp_path, statement, kind):
    sql(tmp_path, statement)
    assert kinds(office) == {kind}


def test_an_index_that_hides_a_row_is_told(office, opened, tmp_path):
    """The row is there and vouched for, and no search finds it any more."""
    office.close()
    connection = sqlite3.connect(tmp_path / "office.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'ix_assets_name'"
    ).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    data = bytearray((tmp_path / "office.db").read_bytes())
    start = (page - 1) * size
    at = data.index(b"t3", start, start + size)
    data[at : at + 2] = b"zz"
    (tmp_path / "office.db").write_bytes(data)
    assert kinds(opened()) == {"damaged"}


def test_text_that_is_no_text_any_more_is_damage_and_no_crash(office, tmp_path):
    sql(tmp_path, "UPDATE assets SET value = CAST(x'ff7b7d' AS TEXT) WHERE name = 't3'")
    assert kinds(office) == {"damaged"}


def test_a_lost_key_is_told_as_a_lost_key(office, opened, tmp_path):
    """It is no damage of the database: what verifies nothing must say why."""
    office.close()
    (tmp_path / "keys" / "ledger.pem").write_bytes(b"nonsense")
    with pytest.raises(Broken, match="key cannot be read"):
        verification.verify(opened())


def test_an_event_that_nests_without_end_is_an_edited_one_and_no_crash(office, tmp_path):
    act(office)
    sql(tmp_path, "update events set leaf = ? where seq = 0", "[" * 200_000)
    assert kinds(office) == {"edited"}


def test_a_schema_damaged_beyond_text_is_told_in_one_sentence(office, opened, tmp_path):
    """SQLite quotes the damage in its error, which is then no text that can be read."""
    office.close()
    sql(tmp_path, "pragma journal_mode=delete")
    place, said = tmp_path / "office.db", b"CREATE TABLE history"
    whole = place.read_bytes()
    assert said in whole
    place.write_bytes(whole.replace(said, b"CREATE TABLE \x8c\xff\x8c \x8c\xff("))
    with pytest.raises(Broken, match="cannot be opened"):
        opened()


def test_a_database_that_was_emptied_was_made_anew_and_its_log_said_to_be_empty(office, opened, tmp_path):
    office.close()
    (tmp_path / "office.db-wal").unlink(missing_ok=True)
    for lost in ("emptied", "gone"):
        (tmp_path / "office.db").write_bytes(b"") if lost == "emptied" else (tmp_path / "office.db").unlink()
        with pytest.raises(Unreadable, match="is empty or gone.*restore the whole home"):
            opened()


def test_a_damaged_page_met_while_writing_is_told_as_damage_with_the_way_out(office, opened, tmp_path):
    office.close()
    sql(tmp_path, "pragma journal_mode=delete")
    place = tmp_path / "office.db"
    with sqlite3.connect(place) as con:
        root, size = (
            con.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()[0],
            con.execute("PRAGMA page_size").fetchone()[0],
        )
    data = bytearray(place.read_bytes())
    data[(root - 1) * size : root * size] = b"\x99" * size
    place.write_bytes(data)
    with pytest.raises(Unreadable, match="database is damaged: .*see `assay log verify`"):
        act(opened())
