from __future__ import annotations

import hmac
import os
import stat

import pytest

from assay.engines.secretkeys import SecretKey, SecretKeys, read_key
from assay.kernel.errors import Missing, Refused, UsageError
from assay.kernel.handles import Key


def private(path, content):
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_a_named_key_is_made_once_and_is_private(tmp_path):
    keys = SecretKeys(tmp_path / "secrets")
    first = keys.open("tests", make=True)
    assert first == SecretKeys(tmp_path / "secrets").open("tests", make=False)
    assert first.id != keys.open("other", make=True).id
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "secrets" / "tests.key").stat().st_mode) == 0o600
    assert isinstance(first, Key)
    assert first.mac(b"x") == hmac.digest(first.secret, b"x", "sha256")


def test_it_never_shows_itself(tmp_path):
    key = SecretKeys(tmp_path).open("tests", make=True)
    secret = (tmp_path / "tests.key").read_text().strip()
    shown = f"{key!r} {key.id} {key.asset} {key.asset.to_dict()}"
    assert secret not in shown and str(key.secret) not in shown
    assert key.asset.digest.startswith(f"sha256:{key.id}")


def test_a_key_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(Missing, match="there is none"):
        SecretKeys(tmp_path / "secrets").open("tests", make=False)
    assert not (tmp_path / "secrets").exists()
    SecretKeys(tmp_path).open("tests", make=True)
    with pytest.raises(Missing, match="there is tests"):
        SecretKeys(tmp_path).open("tets", make=False)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a.b", "-x", "é", "x" * 70])
def test_a_name_is_no_path(tmp_path, name):
    with pytest.raises(UsageError, match="cannot name a key"):
        SecretKeys(tmp_path).open(name, make=True)


def test_a_file_holds_hex_or_bytes(tmp_path):
    raw = bytes(range(32))
    assert read_key(private(tmp_path / "a.key", raw)).secret == raw
    assert read_key(private(tmp_path / "b.key", raw.hex().encode() + b"\n")) == SecretKey("b", raw)
    for wrong in (b"", b"abc", b"0" * 63, b"0" * 65, bytes(33), bytes(10_000)):
        with pytest.raises(UsageError, match="holds no key"):
            read_key(private(tmp_path / "c.key", wrong))


def test_a_file_that_others_may_read_is_refused(tmp_path):
    path = private(tmp_path / "a.key", bytes(32))
    for mode in (0o640, 0o604, 0o620, 0o644):
        path.chmod(mode)
        with pytest.raises(Refused, match="chmod 600"):
            read_key(path)
    with pytest.raises(Missing, match="openssl rand"):
        read_key(tmp_path / "none.key")
    with pytest.raises(UsageError):
        read_key(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give a file away")
def test_another_users_file_is_refused_but_to_root_as_owner(tmp_path):
    path = private(tmp_path / "a.key", bytes(32))
    os.chown(path, 12_345, 12_345)
    with pytest.raises(Refused, match="another user"):
        read_key(path)
