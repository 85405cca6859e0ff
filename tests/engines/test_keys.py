"""The office's keys as files, and their signatures checked by OpenSSL's own command."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.engines.keys import FileKeyring, raw_ed25519, verifier
from assay.kernel.errors import Broken, Refused

DATA = b"what is signed"


@pytest.fixture
def keys(tmp_path):
    return FileKeyring(tmp_path / "keys")


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


def test_a_key_is_made_once(keys):
    again = FileKeyring(keys.folder)
    assert keys.public_pem("ledger") == again.public_pem("ledger")
    assert verifier(again.public_pem("ledger"))(keys.sign_ed25519(DATA), DATA)
    assert verifier(again.public_pem("hallmark"))(keys.sign_p256(DATA), DATA)


def test_whoever_comes_first_makes_the_key_and_all_use_it(tmp_path):
    rings = [FileKeyring(tmp_path / "keys") for _ in range(8)]
    start, found = threading.Barrier(8), []

    def ask(ring):
        start.wait()
        found.append(ring.public_pem("ledger"))

    threads = [threading.Thread(target=ask, args=(r,)) for r in rings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1 and len(found) == 8
    assert sorted(p.name for p in (tmp_path / "keys").iterdir()) == ["hallmark.pem", "ledger.pem"]


def test_a_damaged_key_is_one_sentence_and_is_not_made_anew(keys):
    keys.public_pem("ledger")
    (keys.folder / "ledger.pem").write_bytes(
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    )
    with pytest.raises(Broken, match="ledger.pem"):
        FileKeyring(keys.folder).public_pem("ledger")


def test_another_key_another_text_and_another_signature_do_not_verify(keys, tmp_path):
    other = FileKeyring(tmp_path / "other")
    for name, sign in (("ledger", keys.sign_ed25519), ("hallmark", keys.sign_p256)):
        check = verifier(keys.public_pem(name))
        assert check(sign(DATA), DATA)
        assert (
            not check(sign(DATA), DATA + b"!") and not check(b"", DATA) and not check(sign(DATA)[:-1], DATA)
        )
        assert not verifier(other.public_pem(name))(sign(DATA), DATA)


def test_the_raw_key_is_the_last_32_bytes_of_its_der(keys):
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    der = load_pem_public_key(keys.public_pem("ledger")).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    assert keys.public_raw() == raw_ed25519(keys.public_pem("ledger")) == der[-32:]
    with pytest.raises(ValueError, match="Ed25519"):
        raw_ed25519(keys.public_pem("hallmark"))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl command")
def test_openssl_accepts_both(keys, tmp_path):
    (tmp_path / "data").write_bytes(DATA)
    for name, sign in (("ledger", keys.sign_ed25519), ("hallmark", keys.sign_p256)):
        (tmp_path / "key").write_bytes(keys.public_pem(name))
        (tmp_path / "sig").write_bytes(sign(DATA))
        how = ["-rawin", *(["-digest", "sha256"] if name == "hallmark" else [])]
        command = [
            "openssl",
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "key",
            "-sigfile",
            "sig",
            "-in",
            "data",
            *how,
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        (tmp_path / "sig").write_bytes(sign(DATA + b"!"))
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


@given(st.binary(max_size=80))
def test_no_bytes_of_strangers_pass_for_a_signature(tmp_path_factory, raw):
    keys = FileKeyring(tmp_path_factory.getbasetemp() / "keys-of-strangers")
    assert not verifier(keys.public_pem("ledger"))(raw, DATA)
    assert not verifier(keys.public_pem("hallmark"))(raw, DATA)
