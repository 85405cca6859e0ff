from __future__ import annotations

import hmac

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode

from assay.methods.masking.subkey import LABEL, subkey

KEY = bytes(range(32))


def mac(data):
    return hmac.digest(KEY, data, "sha256")


@pytest.mark.parametrize("size", [16, 32, 33, 64])
@pytest.mark.parametrize("context", ["", "customer", "é\n"])
def test_like_the_kdf_of_cryptography(size, context):
    kdf = KBKDFHMAC(
        algorithm=hashes.SHA256(),
        mode=Mode.CounterMode,
        length=size,
        rlen=4,
        llen=4,
        location=CounterLocation.BeforeFixed,
        label=f"{LABEL}/token".encode(),
        context=context.encode(),
        fixed=None,
    )
    assert subkey(mac, "token", context, size) == kdf.derive(KEY)


def test_purposes_and_contexts_are_apart():
    made = {subkey(mac, p, c) for p in ("token", "ff1") for c in ("", "a", "b")}
    assert len(made) == 6
