"""Keccak-256 as Ethereum uses it: the sponge as it was submitted, padded with 0x01 and not with SHA-3's 0x06 (FIPS 202).

A check digit of some addresses and nothing else here: what is to be kept secret is hashed by `cryptography`.
"""

from __future__ import annotations

RATE = 136  # bytes that are taken in at once: 1600 bits less twice 256
_MASK = (1 << 64) - 1


def _constants() -> tuple[int, ...]:
    """Return the 24 round constants, from the shift register of section 3.2.5 of FIPS 202."""
    out, state = [], 1
    for _ in range(24):
        constant = 0
        for k in range(7):
            if state & 1:
                constant |= 1 << ((1 << k) - 1)
            state = (state << 1) ^ (0x171 if state & 0x80 else 0)
        out.append(constant)
    return tuple(out)


_ROUNDS = _constants()


def _permuted(a: list[int]) -> list[int]:  # written out lane by lane: four times as fast as loops
    """Return the state of 25 lanes after Keccak-f[1600]; lane x, y is at x + 5 y."""
    a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, \
        a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24 = a  # fmt: skip
    for constant in _ROUNDS:
        # theta
        c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20
        c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21
        c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22
        c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23
        c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24
        d0 = c4 ^ (c1 << 1 & _MASK | c1 >> 63)
        d1 = c0 ^ (c2 << 1 & _MASK | c2 >> 63)
        d2 = c1 ^ (c3 << 1 & _MASK | c3 >> 63)
        d3 = c2 ^ (c4 << 1 & _MASK | c4 >> 63)
        d4 = c3 ^ (c0 << 1 & _MASK | c0 >> 63)
        # rho and pi
        b0 = a0 ^ d0
        t = a6 ^ d1
        b1 = t << 44 & _MASK | t >> 20
        t = a12 ^ d2
        b2 = t << 43 & _MASK | t >> 21
        t = a18 ^ d3
        b3 = t << 21 & _MASK | t >> 43
        t = a24 ^ d4
        b4 = t << 14 & _MASK | t >> 50
        t = a3 ^ d3
        b5 = t << 28 & _MASK | t >> 36
        t = a9 ^ d4
        b6 = t << 20 & _MASK | t >> 44
        t = a10 ^ d0
        b7 = t << 3 & _MASK | t >> 61
        t = a16 ^ d1
        b8 = t << 45 & _MASK | t >> 19
        t = a22 ^ d2
        b9 = t << 61 & _MASK | t >> 3
        t = a1 ^ d1
        b10 = t << 1 & _MASK | t >> 63
        t = a7 ^ d2
        b11 = t << 6 & _MASK | t >> 58
        t = a13 ^ d3
        b12 = t << 25 & _MASK | t >> 39
        t = a19 ^ d4
        b13 = t << 8 & _MASK | t >> 56
        t = a20 ^ d0
        b14 = t << 18 & _MASK | t >> 46
        t = a4 ^ d4
        b15 = t << 27 & _MASK | t >> 37
        t = a5 ^ d0
        b16 = t << 36 & _MASK | t >> 28
        t = a11 ^ d1
        b17 = t << 10 & _MASK | t >> 54
        t = a17 ^ d2
        b18 = t << 15 & _MASK | t >> 49
        t = a23 ^ d3
        b19 = t << 56 & _MASK | t >> 8
        t = a2 ^ d2
        b20 = t << 62 & _MASK | t >> 2
        t = a8 ^ d3
        b21 = t << 55 & _MASK | t >> 9
        t = a14 ^ d4
        b22 = t << 39 & _MASK | t >> 25
        t = a15 ^ d0
        b23 = t << 41 & _MASK | t >> 23
        t = a21 ^ d1
        b24 = t << 2 & _MASK | t >> 62
        # chi and iota
        a0 = b0 ^ (~b1 & b2) ^ constant
        a1 = b1 ^ (~b2 & b3)
        a2 = b2 ^ (~b3 & b4)
        a3 = b3 ^ (~b4 & b0)
        a4 = b4 ^ (~b0 & b1)
        a5 = b5 ^ (~b6 & b7)
        a6 = b6 ^ (~b7 & b8)
        a7 = b7 ^ (~b8 & b9)
        a8 = b8 ^ (~b9 & b5)
        a9 = b9 ^ (~b5 & b6)
        a10 = b10 ^ (~b11 & b12)
        a11 = b11 ^ (~b12 & b13)
        a12 = b12 ^ (~b13 & b14)
        a13 = b13 ^ (~b14 & b10)
        a14 = b14 ^ (~b10 & b11)
        a15 = b15 ^ (~b16 & b17)
        a16 = b16 ^ (~b17 & b18)
        a17 = b17 ^ (~b18 & b19)
        a18 = b18 ^ (~b19 & b15)
        a19 = b19 ^ (~b15 & b16)
        a20 = b20 ^ (~b21 & b22)
        a21 = b21 ^ (~b22 & b23)
        a22 = b22 ^ (~b23 & b24)
        a23 = b23 ^ (~b24 & b20)
        a24 = b24 ^ (~b20 & b21)
    return [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24]  # fmt: skip


def keccak256(data: bytes) -> bytes:
    """Return the 32 bytes of the hash."""
    return _sponge(data, 0x01)


def _sponge(data: bytes, suffix: int) -> bytes:
    """Return 32 bytes of the sponge. suffix: the bits that are put behind the data; 0x06 makes it SHA3-256."""
    padded = bytearray(data + bytes(RATE - len(data) % RATE))
    padded[len(data)] |= suffix
    padded[-1] |= 0x80
    state = [0] * 25
    for start in range(0, len(padded), RATE):
        for k in range(RATE // 8):
            at = start + 8 * k
            state[k] ^= int.from_bytes(padded[at : at + 8], "little")
        state = _permuted(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])
