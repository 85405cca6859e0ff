"""The unmodified OpenSSF verifier, in an environment of its own, on a package that Assay exported."""

from __future__ import annotations

import subprocess

import pytest

from assay.engines.keys import FileKeyring
from assay.office import signing

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def verifier(environment):
    # Alone it lacks OpenSSL
    return environment("model-signing-1.1.1", "model-signing==1.1.1", "pyOpenSSL").with_name("model_signing")


def test_it_accepts_what_assay_signs_and_refuses_a_change(verifier, tmp_path):
    package = tmp_path / "package"
    (package / "code").mkdir(parents=True)
    (package / "model.tar.gz").write_bytes(bytes(range(256)) * 10)
    (package / "code" / "train.py").write_text("print(1)\n")
    (package / "empty").write_bytes(b"")
    keys = FileKeyring(tmp_path / "keys")
    (tmp_path / "key.pub").write_bytes(keys.public_pem("hallmark"))
    (tmp_path / "model.sig").write_bytes(
        signing.sign(package.name, signing.file_digests(package), keys.sign_p256, keys.public_pem("hallmark"))
    )

    def verify():
        call = [
            verifier,
            "verify",
            "key",
            package,
            "--signature",
            tmp_path / "model.sig",
            "--public_key",
            tmp_path / "key.pub",
        ]
        return subprocess.run(call, capture_output=True, text=True, check=False).returncode

    assert verify() == 0
    (package / "code" / "train.py").write_text("print(2)\n")
    assert verify() == 1
    (package / "code" / "train.py").write_text("print(1)\n")
    assert verify() == 0
    (package / "added").write_text("x")
    assert verify() == 1


def test_assay_accepts_what_it_signs_itself(verifier, tmp_path):
    """The other way round: a bundle that model_signing made is one that Assay reads."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "w.bin").write_bytes(b"1234")
    keys = FileKeyring(tmp_path / "keys")
    keys.public_pem("hallmark")
    call = [
        verifier,
        "sign",
        "key",
        package,
        "--private_key",
        tmp_path / "keys" / "hallmark.pem",
        "--signature",
        tmp_path / "s",
    ]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    from assay.engines.keys import verifier as check

    found = signing.signed_digests((tmp_path / "s").read_bytes(), check(keys.public_pem("hallmark")))
    assert found == signing.file_digests(package)
