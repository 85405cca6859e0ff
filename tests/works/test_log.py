"""The log, asked through the one way in: proofs and checkpoints that are verified without a home."""

from __future__ import annotations

import json

import pytest

from assay.kernel.errors import Missing, UsageError
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
