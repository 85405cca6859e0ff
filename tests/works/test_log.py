"""The log, asked through the one way in: proofs and checkpoints that are verified without a home."""

from __future__ import annotations

import json
import sqlite3

import pytest

from assay.kernel.errors import Broken, Missing, UsageError
from assay.works.call import call
from assay.works.home import Home


@pytest.fixture
def kept(tmp_path):
    """A proof and the log's public key, and nothing of the home they come from."""
    home = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    for number in range(5):
        with home.office.transaction() as tx:
            tx.record("test.act", f"t{number}", actor="ada")
    proof, key = tmp_path / "proof.json", tmp_path / "ledger.pub"
    proof.write_text(json.dumps(call("log.prove", {"seq": 3}, home=home)))
    key.write_bytes(home.keyring.public_pem("ledger"))
    home.close()
    return proof, key


def verified(proof, key):
    return call("log.verify_proof", {"proof": str(proof), "key": str(key)}, home=None)


def test_a_proof_is_verified_with_nothing_but_the_key(kept):
    found = verified(*kept)
    assert found["ok"] and found["event"]["subject"] == "t3" and found["size"] == 5


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p | {"event": p["event"] | {"actor": "eve"}},
        lambda p: p | {"leaf": p["leaf"].replace("ada", "eve"), "event": p["event"] | {"actor": "eve"}},
        lambda p: p | {"index": 2},
        lambda p: p | {"size": 4},
        lambda p: p | {"path": p["path"][:-1]},
        lambda p: p | {"path": ["!", *p["path"][1:]]},
        lambda p: p | {"checkpoint": p["checkpoint"].replace("\n5\n", "\n6\n")},
        lambda p: p | {"origin": "assay/other"},
    ],
)
def test_one_change_of_a_proof_and_it_does_not_hold(kept, change):
    proof, key = kept
    proof.write_text(json.dumps(change(json.loads(proof.read_text()))))
    found = verified(proof, key)
    assert not found["ok"] and found["problems"][0]["kind"] == "bad-proof"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"event": 1}', '"x"', "{" * 5000])
def test_what_is_no_proof_is_said_to_be_none(kept, text):
    kept[0].write_text(text)
    with pytest.raises(UsageError, match="this is no proof"):
        verified(*kept)


def test_a_key_that_is_missing_or_none_is_the_users_mistake(kept, tmp_path):
    with pytest.raises(Missing, match="there is no file"):
        verified(kept[0], tmp_path / "nowhere.pub")
    (tmp_path / "other.pub").write_text("no key")
    with pytest.raises(UsageError, match="not the log's public key"):
        verified(kept[0], tmp_path / "other.pub")
    with pytest.raises(UsageError, match="public key is needed"):
        call("log.verify_proof", {"proof": str(kept[0]), "key": None}, home=None)


@pytest.fixture
def damaged(tmp_path):
    """A home with a log, closed; what opens it again, and what verifies it."""
    home = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    with home.office.transaction() as tx:
        for number in range(600):
            tx.record("test.act", f"t{number}", actor="ada", detail={"of": "x" * 250})
    (tmp_path / "kept.txt").write_text(call("log.checkpoint", {}, home=home)["checkpoint"])
    with home.office.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    home.close()

    def verify(checkpoint=None):
        home = Home.find(tmp_path, {"ASSAY_ACTOR": "ada"})
        if checkpoint:
            given = {"checkpoint": str(checkpoint), "export": None, "key": None}
            return call("log.verify_against", given, home=home)
        return call("log.verify", {}, home=home)

    return tmp_path / ".assay", verify


@pytest.mark.parametrize("left", [100, 4096, 0.3, 0.7, 0.99])
def test_a_database_that_was_cut_short_is_found_and_named(damaged, left):
    """It was a fault of ours (exit 3), as if nothing could be said of it."""
    root, verify = damaged
    place = root / "office.db"
    whole = place.read_bytes()
    place.write_bytes(whole[: left if isinstance(left, int) else int(len(whole) * left)])
    found = verify()
    assert not found["ok"] and found["problems"]
    assert {p["kind"] for p in found["problems"]} <= {"damaged", "deleted"}
    assert not verify(root.parent / "kept.txt")["ok"]


def test_a_database_whose_bytes_are_others_is_found_and_named(damaged):
    root, verify = damaged
    place = root / "office.db"
    place.write_bytes(b"no database at all" * 4000)
    (problem,) = verify()["problems"]
    assert problem["kind"] == "damaged" and str(place) in problem["message"]


@pytest.mark.parametrize("said", ["x", "", "1.0", "-1", "²"])
def test_a_database_that_says_no_version_is_found(damaged, said):
    root, verify = damaged
    with sqlite3.connect(root / "office.db") as connection:
        connection.execute("UPDATE about SET value = ? WHERE name = 'schema'", [said])
    connection.close()
    assert [p["kind"] for p in verify()["problems"]] == ["damaged"]


@pytest.mark.parametrize("left", [None, b"", b"nonsense"])
def test_a_lost_key_is_found_and_named(damaged, left):
    """Nothing that it signed can be told from forgery any more."""
    root, verify = damaged
    key = root / "keys" / "ledger.pem"
    key.unlink() if left is None else key.write_bytes(left)
    found = verify()
    assert not found["ok"] and [p["kind"] for p in found["problems"]] == ["missing"]
    assert str(key) in found["problems"][0]["message"]


def test_a_database_that_is_out_of_reach_is_no_forgery(damaged):
    root, verify = damaged
    place = root / "office.db"
    place.unlink()
    place.mkdir()
    with pytest.raises(Broken, match="cannot be opened"):
        verify()


@pytest.fixture
def grown(tmp_path):
    """A checkpoint that was kept, a proof that the log only grew since, the key; the home goes on."""
    home = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    kept, proof, key = (tmp_path / n for n in ("kept.txt", "growth.json", "ledger.pub"))
    for number in range(11):
        if number == 5:
            kept.write_text(call("log.checkpoint", {}, home=home)["checkpoint"])
        with home.office.transaction() as tx:
            tx.record("test.act", f"t{number}", actor="ada")
    proof.write_text(json.dumps(call("log.prove", {"since": str(kept)}, home=home)))
    key.write_bytes(home.keyring.public_pem("ledger"))
    yield home, kept, proof, key
    home.close()


def test_a_log_that_only_grew_is_proved_with_no_event_of_it(grown):
    _, kept, proof, key = grown
    given = {"proof": str(proof), "key": str(key), "checkpoint": str(kept)}
    found = call("log.verify_proof", given, home=None)
    assert found["ok"] and (found["since"], found["size"]) == (5, 11)
    assert "t3" not in proof.read_text()


@pytest.mark.parametrize("change", ["path", "shorter", "swapped", "other"])
def test_a_forged_proof_of_growth_does_not_hold(grown, change):
    home, kept, proof, key = grown
    raw = json.loads(proof.read_text())
    if change == "path":
        raw["path"][0] = raw["path"][1]
    elif change == "shorter":
        raw["path"].pop()
    elif change == "swapped":
        raw["kept"], raw["checkpoint"] = raw["checkpoint"], raw["kept"]
    else:  # a proof that holds, from another checkpoint than the one that was kept
        later = kept.with_name("later.txt")
        later.write_text(call("log.checkpoint", {}, home=home)["checkpoint"])
        raw = call("log.prove", {"since": str(later)}, home=home)
    proof.write_text(json.dumps(raw))
    given = {"proof": str(proof), "key": str(key), "checkpoint": str(kept)}
    found = call("log.verify_proof", given, home=None)
    assert not found["ok"] and found["problems"]


def test_a_checkpoint_of_another_log_and_odd_proofs_are_refused(grown, tmp_path):
    home, kept, proof, key = grown
    (tmp_path / "else").mkdir()
    other = Home.create(tmp_path / "else", {"ASSAY_ACTOR": "eve"})
    with other.office.transaction() as tx:
        tx.record("test.act", "x", actor="eve")
    kept.write_text(call("log.checkpoint", {}, home=other)["checkpoint"])
    other.close()
    with pytest.raises(UsageError, match="not signed by this log's key"):
        call("log.prove", {"since": str(kept)}, home=home)
    with pytest.raises(UsageError, match="one event, or since one checkpoint"):
        call("log.prove", {}, home=home)
    for odd in ('{"kept": 1}', '{"kept": "", "checkpoint": "", "path": [1]}', "[" * 100_000, "{"):
        proof.write_text(odd)
        with pytest.raises(UsageError):
            call("log.verify_proof", {"proof": str(proof), "key": str(key)}, home=None)
