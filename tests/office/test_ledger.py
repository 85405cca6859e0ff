"""Each forgery is made behind the office's back, by SQL or by files, and must be found and named."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from assay.kernel.errors import AssayError, Missing, UsageError
from assay.office import checkpoint, ledger, verification
from assay.office.leaf import Leaf, leaf_bytes


def _sql(tmp_path, *statements):
    connection = sqlite3.connect(tmp_path / "office.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def _kinds(office):
    found = verification.verify(office)
    assert not found.ok
    return {p.kind for p in found.problems}


def test_an_untouched_log_verifies(office):
    found = verification.verify(office)
    assert found.ok and found.size == 10 and found.problems == ()


def test_an_empty_log_is_nothing_to_verify(opened):
    with pytest.raises(Missing):
        verification.verify(opened())


@pytest.mark.parametrize(
    ("statements", "kind"),
    [
        (["UPDATE events SET leaf = replace(leaf, 'ada', 'eve') WHERE seq = 4"], "edited"),
        (["DELETE FROM events WHERE seq = 4"], "deleted"),
        (["DELETE FROM events WHERE seq = 9"], "deleted"),
        (
            [
                "INSERT INTO events SELECT 10, replace(leaf, '\"seq\":9', '\"seq\":10') FROM events WHERE seq = 9"
            ],
            "appended",
        ),
        (
            [
                "UPDATE events SET seq = 100 WHERE seq = 3",
                "UPDATE events SET seq = 3 WHERE seq = 5",
                "UPDATE events SET seq = 5 WHERE seq = 100",
            ],
            "reordered",
        ),
        (["UPDATE assets SET value = replace(value, 't3.csv', 'x.csv') WHERE name = 't3'"], "row-edited"),
        (["UPDATE assets SET at = 'never' WHERE name = 't3'"], "row-edited"),
        (["DELETE FROM assets WHERE name = 't3'"], "row-deleted"),
        (
            ["INSERT INTO assets SELECT 'new', name, digest, at, value FROM assets WHERE name = 't3'"],
            "row-added",
        ),
        (["DELETE FROM about WHERE name = 'checkpoint'"], "deleted"),
        (
            ["UPDATE about SET value = replace(value, 'assay/test', 'assay/else') WHERE name = 'checkpoint'"],
            "bad-signature",
        ),
    ],
)
def test_a_forgery_by_sql_is_found_and_named(office, tmp_path, statements, kind):
    _sql(tmp_path, *statements)
    assert kind in _kinds(office)


def test_an_edit_that_mends_the_tree_too_is_found(office, tmp_path):
    from assay.methods.merkle import leaf_hash

    connection = sqlite3.connect(tmp_path / "office.db")
    leaf = connection.execute("SELECT leaf FROM events WHERE seq = 4").fetchone()[0].replace("ada", "eve")
    connection.execute("UPDATE events SET leaf = ? WHERE seq = 4", (leaf,))
    hashes = bytearray(connection.execute("SELECT hashes FROM tiles WHERE level = 0").fetchone()[0])
    hashes[4 * 32 : 5 * 32] = leaf_hash(leaf.encode())
    connection.execute("UPDATE tiles SET hashes = ? WHERE level = 0", (bytes(hashes),))
    connection.commit()
    connection.close()
    assert "edited" in _kinds(office)


def test_a_database_put_back_is_found(office, opened, tmp_path):
    office.close()
    shutil.copy(tmp_path / "office.db", tmp_path / "old.db")
    office = opened()
    with office.transaction() as tx:
        tx.record("test.act", "late", actor="ada")
    office.close()
    shutil.copy(tmp_path / "old.db", tmp_path / "office.db")
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"office.db{suffix}").unlink(missing_ok=True)
    assert _kinds(opened()) == {"rolled-back"}


def test_a_history_written_anew_with_the_key_is_found_by_the_copy_outside(office, opened, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shutil.copytree(tmp_path / "keys", other / "keys")
    forged = opened(other)
    for number in range(12):
        with forged.transaction() as tx:
            tx.record("test.act", f"forged{number}", actor="eve")
    forged.close()
    office.close()
    for path in tmp_path.glob("office.db*"):
        path.unlink()
    shutil.copy(other / "office.db", tmp_path / "office.db")
    assert "rewritten" in _kinds(opened())


def test_rows_that_no_event_vouches_for_are_refused(office):
    with pytest.raises(AssayError, match="no event"), office.transaction() as tx:
        tx.write("assets", "x", {"name": "x"}, name="x", digest="", at="")
    assert verification.verify(office).ok


def test_a_transaction_that_fails_leaves_nothing(office):
    with pytest.raises(RuntimeError), office.transaction() as tx:
        tx.record("test.act", "never", actor="ada")
        raise RuntimeError
    assert verification.verify(office).size == 10


def test_a_crash_between_the_announcement_and_the_commit_is_no_forgery(office, opened):
    office.outside.announce("a note that the database never reached\n")
    office.close()
    again = opened()
    assert verification.verify(again).ok
    assert again.outside.read("pending") is None


def test_a_crash_between_the_commit_and_the_promotion_is_no_forgery(office, opened, monkeypatch):
    def die():
        raise OSError("power cut")

    monkeypatch.setattr(office.outside, "promote", die)
    with pytest.raises(OSError), office.transaction() as tx:
        tx.record("test.act", "last", actor="ada")
    assert verification.verify(office).ok  # before anything settles it
    office.close()
    again = opened()
    assert verification.verify(again).ok and verification.verify(again).size == 11


def test_kill_at_any_moment_leaves_a_log_that_verifies(tmp_path, opened):
    code = textwrap.dedent(
        f"""
        from pathlib import Path
        from assay.engines.keys import FileKeyring
        from assay.office.office import Office
        folder = Path({str(tmp_path)!r})
        office = Office.open(f"sqlite:///{{folder / 'office.db'}}", keyring=FileKeyring(folder / "keys"),
            checkpoints=folder / "checkpoints", clock=lambda: "2026-01-01T00:00:00.000Z", origin="assay/test")
        while True:
            with office.transaction() as tx:
                tx.record("test.act", "x", actor="ada")
            print("committed", flush=True)
        """
    )
    size = 0
    for wait in (0.05, 0.11, 0.17):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(wait)
            os.kill(process.pid, signal.SIGKILL)
        office = opened()
        found = verification.verify(office)
        assert found.ok and found.size > size
        size = found.size
        office.close()


def test_every_event_is_proved_offline(office):
    pem = office.keyring.public_pem("ledger")
    for seq in range(10):
        proof = ledger.prove(office, seq)
        assert proof.event["seq"] == seq
        assert ledger.verify_proof(proof, pem)
        from dataclasses import replace

        assert not ledger.verify_proof(replace(proof, leaf=proof.leaf.replace("ada", "eve")), pem)
    with pytest.raises(Missing):
        ledger.prove(office, 10)


def test_an_export_is_verified_with_nothing_but_the_key_and_a_checkpoint(office, tmp_path):
    kept = checkpoint.current(office)
    with office.transaction() as tx:
        tx.record("test.act", "late", actor="ada")
    out = io.StringIO()
    ledger.export(office, out)
    path = tmp_path / "log.jsonl"
    path.write_text(out.getvalue())
    pem = office.keyring.public_pem("ledger")
    assert verification.verify_export(path, kept, pem).ok
    # Not "t3": a signature may hold it, one time in a hundred
    changed = out.getvalue().replace('"subject":"t3"', '"subject":"tx"')
    assert changed != out.getvalue()
    path.write_text(changed)
    assert {p.kind for p in verification.verify_export(path, kept, pem).problems} == {"rewritten"}
    path.write_text("\n".join(out.getvalue().splitlines()[:5]) + "\n")
    assert {p.kind for p in verification.verify_export(path, kept, pem).problems} == {"rolled-back"}


def test_a_checkpoint_of_another_home_is_refused(office, opened, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    stranger = opened(other)
    with stranger.transaction() as tx:
        tx.record("test.act", "x", actor="eve")
    with pytest.raises(UsageError, match="another home"):
        verification.verify_against(office, checkpoint.current(stranger), office.keyring.public_pem("ledger"))


def test_the_quick_leaf_is_rfc_8785():
    from hypothesis import given
    from hypothesis import strategies as st

    from assay.kernel.event import Event

    value = st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text()
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )

    @given(st.text(), st.dictionaries(st.text(), value, max_size=4))
    def same(subject, detail):
        try:
            event = Event(1, "t", "a", "b", subject, detail=detail)
            expected = event.leaf()
        except UnicodeEncodeError:  # a lone surrogate is no text
            return
        assert leaf_bytes(Leaf(**event.to_dict())) == expected

    same()


def test_an_event_survives_its_leaf(office):
    last = ledger.tail(office, 3)
    assert [e.seq for e in last] == [7, 8, 9]
    assert json.loads(leaf_bytes(Leaf(**last[-1].to_dict())))["detail"] == {"number": 9}


def test_a_newer_office_is_refused_in_one_sentence(office, opened, tmp_path):
    office.close()
    _sql(tmp_path, "UPDATE about SET value = '99' WHERE name = 'schema'")
    with pytest.raises(AssayError, match="newer Assay"):
        opened()


def test_a_schema_cut_off_in_its_making_leaves_nothing(opened, tmp_path, monkeypatch):
    from assay.office import schema

    whole = schema.metadata.create_all

    def cut(connection, **given):
        whole(connection, tables=list(schema.metadata.sorted_tables)[:3], **given)
        raise KeyboardInterrupt

    monkeypatch.setattr(schema.metadata, "create_all", cut)
    with pytest.raises(KeyboardInterrupt):
        opened()
    monkeypatch.undo()
    connection = sqlite3.connect(tmp_path / "office.db")
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
    assert opened().about("schema") == str(schema.VERSION)
