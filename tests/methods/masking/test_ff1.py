"""FF1 against the nine samples that NIST publishes, the standard's own words, and an independent library."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.masking.ff1 import FF1, LEAST_DOMAIN

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
KEY = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94"
SAMPLES = [  # key bytes, radix, tweak, plaintext, ciphertext: SP 800-38G, FF1 samples 1 to 9
    (16, 10, "", "0123456789", "2433477484"),
    (16, 10, "39383736353433323130", "0123456789", "6124200773"),
    (16, 36, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
    (24, 10, "", "0123456789", "2830668132"),
    (24, 10, "39383736353433323130", "0123456789", "2496655549"),
    (24, 36, "3737373770717273373737", "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
    (32, 10, "", "0123456789", "6657667009"),
    (32, 10, "39383736353433323130", "0123456789", "1001623463"),
    (32, 36, "3737373770717273373737", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
]


def numerals(text):
    return np.array([[DIGITS.index(c) for c in text]])


def text(row):
    return "".join(DIGITS[n] for n in row)


@pytest.mark.parametrize(("size", "radix", "tweak", "plain", "secret"), SAMPLES)
def test_nist_samples_both_ways(size, radix, tweak, plain, secret):
    cipher = FF1(bytes.fromhex(KEY)[:size], radix)
    assert text(cipher.encrypt(numerals(plain), bytes.fromhex(tweak))[0]) == secret
    assert text(cipher.decrypt(numerals(secret), bytes.fromhex(tweak))[0]) == plain


def by_the_book(key, radix, tweak, plain):
    """FF1.Encrypt as the standard writes it, one value and Python's integers, to hold the fast one against."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update
    num = lambda x: sum(d * radix**k for k, d in enumerate(reversed(x)))
    xor = lambda x, y: bytes(a ^ b for a, b in zip(x, y, strict=True))

    def prf(data):
        y = bytes(16)
        for k in range(0, len(data), 16):
            y = aes(xor(y, data[k : k + 16]))
        return y

    n, t = len(plain), len(tweak)
    u = n // 2
    v = n - u
    a, b = plain[:u], plain[u:]
    size = -(-(radix**v - 1).bit_length() // 8)
    d = 4 * -(-size // 4) + 4
    p = bytes([1, 2, 1]) + radix.to_bytes(3, "big") + bytes([10, u % 256]) + n.to_bytes(4, "big")
    p += t.to_bytes(4, "big")
    for i in range(10):
        q = tweak + bytes((-t - size - 1) % 16) + bytes([i]) + num(b).to_bytes(size, "big")
        r = prf(p + q)
        s = r + b"".join(aes(xor(r, j.to_bytes(16, "big"))) for j in range(1, -(-d // 16)))
        m = u if i % 2 == 0 else v
        c = (num(a) + int.from_bytes(s[:d], "big")) % radix**m
        a, b = b, [c // radix**k % radix for k in reversed(range(m))]
    return a + b


@settings(max_examples=50)
@given(
    st.binary(min_size=32, max_size=32),
    st.integers(2, 1 << 16),
    st.integers(2, 70),
    st.binary(max_size=40),
    st.randoms(use_true_random=False),
)
def test_like_the_standard_for_any_radix_length_and_tweak(key, radix, length, tweak, rng):
    if radix**length < LEAST_DOMAIN:
        return
    plain = [[rng.randrange(radix) for _ in range(length)] for _ in range(3)]
    cipher = FF1(key, radix)
    done = cipher.encrypt(np.array(plain), tweak)
    assert done.tolist() == [by_the_book(key, radix, tweak, p) for p in plain]
    assert cipher.decrypt(done, tweak).tolist() == plain


def test_like_libffx():
    peer = pytest.importorskip("ffx", reason="pip install libffx")
    rng = random.Random(5)
    for radix, length in ((10, 6), (10, 16), (16, 9), (26, 13), (36, 24), (2, 61), (10, 90)):
        key, tweak = rng.randbytes(32), rng.randbytes(rng.randrange(30))
        values = [[rng.randrange(radix) for _ in range(length)] for _ in range(20)]
        ours = FF1(key, radix).encrypt(np.array(values), tweak)
        theirs = peer.FF1(key, radix=radix)
        assert [text(r) for r in ours] == [theirs.encrypt(text(v), tweak=tweak) for v in values]


def test_a_tweak_a_value_and_more_values_than_one_chunk():
    rng = np.random.default_rng(1)
    plain = rng.integers(0, 10, (20_000, 8))
    tweaks = rng.integers(0, 256, (20_000, 21)).astype(np.uint8)
    cipher = FF1(bytes(32), 10)
    done = cipher.encrypt(plain, tweaks)
    for row in (0, 8_191, 8_192, 19_999):
        assert done[row].tolist() == cipher.encrypt(plain[row : row + 1], tweaks[row].tobytes())[0].tolist()
    assert (cipher.decrypt(done, tweaks) == plain).all()


def test_bounds():
    with pytest.raises(ValueError, match="1,000,000"):
        FF1(bytes(32), 10).encrypt(np.zeros((1, 5), int))
    with pytest.raises(ValueError, match="1,000,000"):
        FF1(bytes(32), 1 << 16).encrypt(np.zeros((1, 1), int))
    with pytest.raises(ValueError, match="radix"):
        FF1(bytes(32), 1)
    with pytest.raises(ValueError, match="outside"):
        FF1(bytes(32), 10).encrypt(np.array([[1, 2, 3, 4, 5, 10]]))
    with pytest.raises(ValueError, match="more than"):
        FF1(bytes(32), 10).encrypt(np.zeros((1, 5_000), int))
    with pytest.raises(ValueError, match="tweak"):
        FF1(bytes(32), 10).encrypt(np.zeros((2, 6), int), np.zeros((1, 4), np.uint8))
    assert FF1(bytes(32), 10).encrypt(np.zeros((0, 6), int)).shape == (0, 6)
