import hashlib

import pytest

from assay.methods.jupyter import passwords


@pytest.mark.parametrize(
    ("hashed", "strength"),
    [
        ("argon2:$argon2id$v=19$m=10240,t=10,p=8$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA", "strong"),
        ("argon2:$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA", "strong"),
        ("argon2:$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA", "weak"),
        ("argon2:$argon2d$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA", "weak"),
        ("sha1:67c9e60bb8b6:" + hashlib.sha1(b"x").hexdigest(), "broken"),
        ("md5:67c9e60bb8b6:" + hashlib.md5(b"x").hexdigest(), "broken"),
        ("sha256:67c9e60bb8b6:" + hashlib.sha256(b"x").hexdigest(), "weak"),
        ("tulip", "unknown"),
        ("argon2:tulip", "unknown"),
    ],
)
def test_each_form_is_judged(hashed, strength):
    assert passwords.judged(hashed)[0] == strength


def test_bits_of_a_token():
    assert passwords.bits("") == 0
    assert passwords.bits("aaaaaaaaaaaaaaaa") == 0
    assert passwords.bits("abcdefgh") == 24  # eight letters, each once: 8 times 3 bits
    assert passwords.bits(hashlib.sha256(b"1").hexdigest()[:48]) > passwords.LEAST_TOKEN
