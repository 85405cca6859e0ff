from __future__ import annotations

import os
import stat

import pytest

from assay.engines.keys import FileKeyring, verifier
from assay.kernel.errors import Broken, Refused


def test_keys_are_made_for_their_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        keys = FileKeyring(tmp_path / "keys")
        assert verifier(keys.public_pem("ledger"))(keys.sign_ed25519(b"x"), b"x")
        assert verifier(keys.public_pem("hallmark"))(keys.sign_p256(b"x"), b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "keys").iterdir()} == {0o600}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_signs_nothing(tmp_path, mode):
    FileKeyring(tmp_path).public_pem("ledger")
    (tmp_path / "ledger.pem").chmod(mode)
    with pytest.raises(Refused, match="chmod 600"):
        FileKeyring(tmp_path).sign_ed25519(b"x")


def test_a_key_that_has_signed_is_not_made_anew(tmp_path):
    with pytest.raises(Broken, match="is gone"):
        FileKeyring(tmp_path, lambda _: False).public_pem("ledger")
    assert not list(tmp_path.iterdir())
