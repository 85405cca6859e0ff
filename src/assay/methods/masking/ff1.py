"""FF1, format-preserving encryption (NIST SP 800-38G): many values of one length at once, AES doing the work.

A value is a string of numerals below a radix, and so is its ciphertext, of the same length. The mode alone is ours; the
cipher is AES of `cryptography`. Draft revision 1 asks for at least a million values (radix^length), and so do we.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_DOMAIN = 1_000_000  # SP 800-38G rev. 1 (draft), section 5.1
MOST_RADIX = 1 << 16
LONGEST = 4_096  # numerals; the standard allows 2^32, no column does
_ROUNDS = 10
_WIDE = 1 << 63  # halves at or above it are Python's own integers
_CHUNK = 8_192  # values at once: measured best, as all of their rounds stay in the processor's cache


class FF1:
    """The cipher under one key and radix. key: 16, 24 or 32 bytes. ValueError outside the standard's bounds."""

    def __init__(self, key: bytes, radix: int) -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        if not 2 <= radix <= MOST_RADIX:
            raise ValueError(f"the radix is {radix}; it lies between 2 and {MOST_RADIX}")
        self.radix = radix
        # One block after another is chained below; ECB is the bare cipher that the standard calls CIPH.
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305

    @cached_property
    def _aes(self) -> Any:
        return self._cipher.encryptor()

    def encrypt(self, numerals: NDArray[Any], tweak: bytes | NDArray[np.uint8] = b"") -> NDArray[np.int64]:
        """Return the ciphertexts of numerals (values, length), most significant first.

        tweak: public bytes that separate uses, one for all, or one a value (values, bytes).
        """
        return self._strings(numerals, tweak, forward=True)

    def decrypt(self, numerals: NDArray[Any], tweak: bytes | NDArray[np.uint8] = b"") -> NDArray[np.int64]:
        """Return what encrypt was given."""
        return self._strings(numerals, tweak, forward=False)

    def _strings(self, numerals: Any, tweak: Any, forward: bool) -> NDArray[np.int64]:
        given = np.asarray(numerals, np.int64)
        if given.ndim != 2:
            raise ValueError("numerals are a table of values by length")
        if given.size and (given.min() < 0 or given.max() >= self.radix):
            raise ValueError(f"a numeral lies outside 0 to {self.radix - 1}")
        length = given.shape[1]
        half = length // 2
        out = np.empty_like(given)
        for start in range(0, max(1, len(given)), _CHUNK):
            part = given[start : start + _CHUNK]
            left, right = self._number(part[:, :half]), self._number(part[:, half:])
            part_tweak = tweak if isinstance(tweak, bytes) else tweak[start : start + _CHUNK]
            left, right = self.halves(left, right, length, part_tweak, forward=forward)
            self._numerals(left, out[start : start + _CHUNK, :half])
            self._numerals(right, out[start : start + _CHUNK, half:])
        return out

    def _number(self, numerals: NDArray[np.int64]) -> NDArray[Any]:
        wide = self.radix ** numerals.shape[1] >= _WIDE
        out: NDArray[Any] = np.zeros(len(numerals), object if wide else np.uint64)
        radix = self.radix if wide else np.uint64(self.radix)
        for place in range(numerals.shape[1]):
            step = numerals[:, place]
            out = out * radix + (step.astype(object) if wide else step.astype(np.uint64))
        return out

    def _numerals(self, numbers: NDArray[Any], out: NDArray[np.int64]) -> None:
        radix = self.radix if numbers.dtype == object else np.uint64(self.radix)
        for place in reversed(range(out.shape[1])):
            out[:, place] = (numbers % radix).astype(np.int64)
            numbers = numbers // radix

    def halves(
        self,
        left: NDArray[Any],
        right: NDArray[Any],
        length: int,
        tweak: bytes | NDArray[np.uint8] = b"",
        *,
        forward: bool = True,
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Encrypt (or decrypt) values given as the numbers of their halves, of length // 2 and the rest of the numerals."""
        if length < 2 or self.radix**length < LEAST_DOMAIN:
            raise ValueError(
                f"{length} numerals of radix {self.radix} have fewer than {LEAST_DOMAIN:,} values"
            )
        if length > LONGEST:
            raise ValueError(f"{length} numerals are more than {LONGEST:,}")
        if not len(left):
            return left, right
        if len(left) > _CHUNK:
            cuts = [slice(start, start + _CHUNK) for start in range(0, len(left), _CHUNK)]
            shared = isinstance(tweak, bytes)
            parts = [
                self.halves(left[c], right[c], length, tweak if shared else tweak[c], forward=forward)
                for c in cuts
            ]
            return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
        rounds = _Rounds(self, length, _tweaks(tweak, len(left)))
        order = range(_ROUNDS) if forward else reversed(range(_ROUNDS))
        for number in order:
            odd = number % 2
            modulus = rounds.sizes[odd]
            if forward:
                left, right = right, _plus(left, rounds.function(number, right, modulus), modulus)
            else:
                left, right = _minus(right, rounds.function(number, left, modulus), modulus), left
        return left, right

    def block(self, blocks: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return AES of each row of 16 bytes."""
        done = self._aes.update(np.ascontiguousarray(blocks).tobytes())
        return np.frombuffer(done, np.uint8).reshape(-1, 16)


class _Rounds:
    """What stays the same in all ten rounds: the chain up to the last block of 16 bytes."""

    def __init__(self, cipher: FF1, length: int, tweaks: NDArray[np.uint8]) -> None:
        self.cipher = cipher
        half = length // 2
        self.sizes = (cipher.radix**half, cipher.radix ** (length - half))
        self.bytes = ((self.sizes[1] - 1).bit_length() + 7) // 8
        self.taken = 4 * -(-self.bytes // 4) + 4
        size = tweaks.shape[1]
        about = b"\x01\x02\x01" + cipher.radix.to_bytes(3, "big") + bytes([10, half % 256])
        about += length.to_bytes(4, "big") + size.to_bytes(4, "big")
        tail = self.bytes + 1  # the round's number and the half
        whole = np.zeros((len(tweaks), size + tail + (-size - tail) % 16), np.uint8)
        whole[:, :size] = tweaks
        fixed = (whole.shape[1] - tail) // 16 * 16
        chain = cipher.block(np.frombuffer(about, np.uint8).reshape(1, 16))
        for start in range(0, fixed, 16):
            chain = cipher.block(chain ^ whole[:, start : start + 16])
        self.chain, self.rest = chain, whole[:, fixed:]

    def function(self, number: int, half: NDArray[Any], modulus: int) -> NDArray[Any]:
        """Return the round function of a half, below modulus."""
        count, width = len(half), self.rest.shape[1]
        last = np.empty((count, width), np.uint8)
        last[:] = self.rest
        last[:, width - self.bytes - 1] = number
        last[:, width - self.bytes :] = _big_endian(half, self.bytes)
        chain = self.chain
        for start in range(0, width, 16):
            chain = self.cipher.block(chain ^ last[:, start : start + 16])
        drawn = [chain]
        for counter in range(1, -(-self.taken // 16)):
            more = np.frombuffer(counter.to_bytes(16, "big"), np.uint8)
            drawn.append(self.cipher.block(chain ^ more))
        stream = drawn[0] if len(drawn) == 1 else np.concatenate(drawn, axis=1)
        return _modulo(stream[:, : self.taken], modulus, half.dtype == object or modulus >= _WIDE)


def _tweaks(tweak: bytes | NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    if isinstance(tweak, bytes):
        return np.frombuffer(tweak, np.uint8).reshape(1, -1)
    if tweak.ndim != 2 or len(tweak) != count:
        raise ValueError("a tweak a value is wanted, all of one length")
    return tweak.astype(np.uint8, copy=False)


def _big_endian(numbers: NDArray[Any], size: int) -> NDArray[np.uint8]:
    if numbers.dtype != object:
        raw = numbers.astype(">u8").view(np.uint8).reshape(-1, 8)
        if size <= 8:
            return raw[:, 8 - size :]
        wide = np.zeros((len(raw), size), np.uint8)
        wide[:, size - 8 :] = raw
        return wide
    joined = b"".join(int(n).to_bytes(size, "big") for n in numbers)
    return np.frombuffer(joined, np.uint8).reshape(-1, size)


def _modulo(stream: NDArray[np.uint8], modulus: int, wide: bool) -> NDArray[Any]:
    """Return each row, read as a big-endian number, modulo ``modulus``; machine words wherever they hold it."""
    step = next((s for s in (4, 2, 1) if modulus <= 1 << (64 - 8 * s)), 0)
    if wide or not step:
        raw, size = stream.tobytes(), stream.shape[1]
        numbers = [int.from_bytes(raw[i : i + size], "big") % modulus for i in range(0, len(raw), size)]
        return np.array(numbers, object if wide else np.uint64)
    words = np.ascontiguousarray(stream).view(f">u{step}").astype(np.uint64)
    out = words[:, 0] % np.uint64(modulus)
    for place in range(1, words.shape[1]):
        out = ((out << np.uint64(8 * step)) | words[:, place]) % np.uint64(modulus)
    return out


def _plus(one: NDArray[Any], other: NDArray[Any], modulus: int) -> NDArray[Any]:
    one, other, size = _alike(one, other, modulus)
    out: NDArray[Any] = (one + other) % size
    return out


def _minus(one: NDArray[Any], other: NDArray[Any], modulus: int) -> NDArray[Any]:
    one, other, size = _alike(one, other, modulus)
    out: NDArray[Any] = (one + (size - other)) % size
    return out


def _alike(one: NDArray[Any], other: NDArray[Any], modulus: int) -> tuple[NDArray[Any], NDArray[Any], Any]:
    if modulus >= _WIDE or one.dtype == object or other.dtype == object:
        return one.astype(object), other.astype(object), modulus
    return one, other, np.uint64(modulus)
