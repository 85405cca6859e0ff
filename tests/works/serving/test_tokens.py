"""Tokens: shown once, kept as a hash, ended by time and by hand."""

from __future__ import annotations

import hashlib
import json

import pytest

from assay.kernel.errors import Missing, UsageError
from assay.methods import bearers
from assay.office import ledger, tokens, verification
from assay.works.call import call


@pytest.fixture
def token(home):
    return lambda verb, **given: call(f"token.{verb}", given, home=home, actor="bob")


def test_a_token_is_shown_once_and_kept_as_a_hash(home, token, tmp_path):
    made = token("create", subject="front desk", endpoints=["*"], expires="30d", rate=5)
    _, _, secret = made["token"].split("_", 2)
    kept = tokens.listing(home.office)[0]
    assert kept.hash == hashlib.sha256(secret.encode()).hexdigest() and bearers.matches(secret, kept.hash)
    assert not bearers.matches(secret[:-1] + ("A" if secret[-1] != "A" else "B"), kept.hash)
    listed = token("list")
    assert "hash" not in listed["tokens"][0] and "token" not in listed["tokens"][0]
    assert listed["tokens"][0]["expires"] == "2026-01-31T00:00:00.000Z"
    for path in (tmp_path / ".assay").rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path
    assert secret not in json.dumps([e.detail for e in ledger.tail(home.office, 100)], default=str)
    assert not verification.verify(home.office).problems


def test_a_token_ends_by_time(home, token, clock):
    token("create", subject="desk", endpoints=["*"], expires="10d")
    clock.day = 12
    assert token("list")["tokens"][0]["state"] == "expired"
    assert not tokens.listing(home.office)[0].live(clock())


def test_a_token_is_revoked_once_by_its_id_or_by_the_whole_of_it(token):
    first = token("create", subject="desk", endpoints=["*"])
    second = token("create", subject="desk", admin=True)
    assert token("revoke", which=first["id"], reason="lost")["tokens"][0]["revoked"]["reason"] == "lost"
    with pytest.raises(UsageError, match="revoked already"):
        token("revoke", which=first["id"])
    assert token("revoke", which=second["token"])["tokens"][0]["id"] == second["id"]
    with pytest.raises(Missing, match="no token 'nobody'"):
        token("revoke", which="nobody")


def test_all_tokens_of_a_subject_are_revoked_together(token):
    for _ in range(3):
        token("create", subject="desk", endpoints=["*"])
    other = token("create", subject="kitchen", endpoints=["*"])
    assert len(token("revoke", which="desk")["tokens"]) == 3
    assert [t["id"] for t in token("list")["tokens"]] == [other["id"]]
    assert len(token("list", revoked=True)["tokens"]) == 4


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"subject": "desk"}, "open nothing"),
        ({"subject": " ", "admin": True}, "a subject is up to"),
        ({"subject": "a\nb", "admin": True}, "a subject is up to"),
        ({"subject": "desk", "endpoints": ["nowhere"]}, "no endpoint 'nowhere'"),
        ({"subject": "desk", "admin": True, "expires": "never"}, "no time that a token runs out"),
        ({"subject": "desk", "admin": True, "expires": "2020-01-01"}, "is over"),
        ({"subject": "desk", "admin": True, "rate": -1}, "a rate from 0"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(token, given, said):
    with pytest.raises(UsageError, match=said):
        token("create", **given)
    assert token("list")["tokens"] == []


@pytest.mark.parametrize(
    "text", ["", "assay_", "assay_00_x", "Bearer x", "assay_" + "0" * 12 + "_" + "x" * 44]
)
def test_what_is_no_token_has_no_parts(text):
    assert bearers.parts(text) is None
