"""Values encrypted in their own format: a card stays a card, an id an id. FF1 under it, and cycle walking.

Where a format has fewer than a million values (six digits, say), nobody is hidden by permuting it, and the value is left
to be hidden in another way. Cycle walking encrypts again until the result has the format (Black and Rogaway, 2002), which
keeps it a permutation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.methods.masking.ff1 import FF1, LEAST_DOMAIN
from assay.methods.masking.shape import Group, Shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INT64 = (1 << 63) - 1
_MACHINE = 1 << 63
Step = Callable[["NDArray[Any]", "NDArray[np.int64]"], "NDArray[Any]"]


def luhn_sums(digits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each row's Luhn sum modulo 10; 0 where its last digit checks the others (ISO/IEC 7812-1, annex B)."""
    turned = digits[:, ::-1].copy()
    doubled = turned[:, 1::2] * 2
    turned[:, 1::2] = doubled - 9 * (doubled > 9)
    out: NDArray[np.int64] = turned.sum(axis=1) % 10
    return out


class FormatCipher:
    """Texts encrypted character by character. alphabets: see shape. first, last: characters kept, and part of the tweak.

    luhn: digits whose last one checks the others get such digits, and others are unfit.
    """

    def __init__(
        self, key: bytes, alphabets: Sequence[str], *, first: int = 0, last: int = 0, luhn: bool = False
    ) -> None:
        self.key, self.first, self.last, self.luhn = key, first, last, luhn
        self.shapes = Shapes(alphabets)
        self._ciphers: dict[int, FF1] = {}

    def encrypt(self, texts: list[str]) -> list[str | None]:
        """Return each text encrypted, or None where it cannot be: another character, or too few values."""
        return self._all(texts, forward=True)

    def decrypt(self, texts: list[str]) -> list[str | None]:
        """Return what encrypt was given, or None where it can have made no such text."""
        return self._all(texts, forward=False)

    def _all(self, texts: list[str], forward: bool) -> list[str | None]:
        if not texts:
            return []
        shaped = self.shapes.read(texts)
        done = np.array([not t for t in texts], bool)  # an empty text holds nothing
        for group in shaped.groups():
            fit, numerals = self._group(group, forward)
            shaped.put(group, numerals)
            done[group.rows] = fit
        return [t if d else None for t, d in zip(shaped.texts(), done.tolist(), strict=True)]

    def _cipher(self, radix: int) -> FF1:
        if radix not in self._ciphers:
            self._ciphers[radix] = FF1(self.key, radix)
        return self._ciphers[radix]

    def _group(self, group: Group, forward: bool) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return which of a group's texts fit, and all of its numerals afterwards."""
        length = group.numerals.shape[1]
        checked = self.luhn and self.last == 0  # the check digit is then computed anew, not encrypted
        first, end = self.first, length - self.last - checked
        fit = np.zeros(len(group.rows), bool)
        if end <= first or (self.luhn and group.radix != 10):
            return fit, group.numerals
        sizes = self._sizes(group.classes[:, first:end])
        fit = np.array([size >= LEAST_DOMAIN * (10 if self.luhn and not checked else 1) for size in sizes])
        if self.luhn:
            fit &= luhn_sums(group.numerals) == 0
        out, rows = group.numerals.copy(), np.flatnonzero(fit)
        if not len(rows):
            return fit, out
        given = out[rows]
        tweaks = self._tweaks(group, rows, end)

        if group.radix:
            walk = self.luhn and not checked
            given[:, first:end] = self._pure(group.radix, given, first, end, tweaks, forward, walk)
        else:
            given[:, first:end] = self._mixed(
                given[:, first:end], group.classes[rows, first:end], sizes[rows], tweaks, forward
            )
        if checked:
            given[:, -1] = 0
            given[:, -1] = -luhn_sums(given) % 10
        out[rows] = given
        return fit, out

    def _pure(
        self, radix: int, given: Any, first: int, end: int, tweaks: Any, forward: bool, luhn: bool
    ) -> NDArray[np.int64]:
        """Return the characters from first to end of texts of one alphabet encrypted; luhn: until each text checks."""
        cipher = self._cipher(radix)

        def step(some: NDArray[Any], which: NDArray[np.int64]) -> NDArray[Any]:
            own = tweaks[which] if tweaks.shape[1] else b""
            return (cipher.encrypt if forward else cipher.decrypt)(some, own)

        def inside(some: NDArray[Any], which: NDArray[np.int64]) -> NDArray[Any]:
            whole = given[which].copy()
            whole[:, first:end] = some
            checks: NDArray[Any] = luhn_sums(whole) == 0
            return checks

        return walked(given[:, first:end], step, inside if luhn else None)

    def _sizes(self, classes: NDArray[np.int8]) -> NDArray[Any]:
        """Return how many texts there are of each row's classes."""
        radices: NDArray[Any] = np.array((0, *self.shapes.radices))[classes]
        small = float(max(self.shapes.radices)) ** classes.shape[1] < _MACHINE
        out: NDArray[Any] = np.multiply.reduce(radices.astype(np.uint64 if small else object), axis=1)
        return out

    def _tweaks(self, group: Group, rows: NDArray[np.int64], end: int) -> NDArray[np.uint8]:
        """Return what is public of each text: its kept characters, and its classes where there are several."""
        numerals, stop = group.numerals[rows], end + self.last
        kept = np.concatenate([numerals[:, : self.first], numerals[:, end:stop]], axis=1)
        raw = np.ascontiguousarray(kept.astype(">u2")).view(np.uint8).reshape(len(numerals), -1)
        if group.radix:
            return raw
        return np.concatenate([group.classes[rows].astype(np.uint8), raw], axis=1)

    def _mixed(
        self, numerals: Any, classes: NDArray[np.int8], sizes: NDArray[Any], tweaks: Any, forward: bool
    ) -> NDArray[np.int64]:
        """Encrypt texts of several alphabets as their rank among all of their shape, in bits."""
        radices = np.array((0, *self.shapes.radices))[classes].astype(sizes.dtype)
        ranks = np.zeros(len(numerals), sizes.dtype)
        for place in range(numerals.shape[1]):
            ranks = ranks * radices[:, place] + numerals[:, place].astype(sizes.dtype)
        bits = np.array([(int(size) - 1).bit_length() for size in sizes])
        for length in np.unique(bits).tolist():
            own = np.flatnonzero(bits == length)
            ranks[own] = self._ranks(ranks[own], length, sizes[own], tweaks[own], forward)
        out: NDArray[np.int64] = np.empty_like(numerals)
        for place in reversed(range(numerals.shape[1])):
            out[:, place] = (ranks % radices[:, place]).astype(np.int64)
            ranks = ranks // radices[:, place]
        return out

    def _ranks(
        self, ranks: NDArray[Any], bits: int, sizes: NDArray[Any], tweaks: NDArray[np.uint8], forward: bool
    ) -> NDArray[Any]:
        """Return ranks permuted, each among as many as it has texts of its shape."""

        def step(some: NDArray[Any], which: NDArray[np.int64]) -> NDArray[Any]:
            return permuted_number(self._cipher(2), some, bits, tweaks[which], forward)

        def inside(some: NDArray[Any], which: NDArray[np.int64]) -> NDArray[Any]:
            below: NDArray[Any] = some < sizes[which]
            return below

        return walked(ranks, step, inside)


def permuted_number(
    cipher: FF1, numbers: NDArray[Any], length: int, tweak: Any, forward: bool
) -> NDArray[Any]:
    """Return numbers permuted among all of ``length`` numerals of the cipher's radix."""
    low = cipher.radix ** (length - length // 2)
    word: Any = np.uint64(low) if numbers.dtype != object else low
    left, right = cipher.halves(numbers // word, numbers % word, length, tweak, forward=forward)
    out: NDArray[Any] = left * word + right
    return out


def walked(values: NDArray[Any], step: Step, inside: Step | None) -> NDArray[Any]:
    """Return values stepped until each is inside; ``step`` and ``inside`` take values and which rows they are."""
    rows = np.arange(len(values))
    out = step(values, rows)
    while inside is not None:
        rows = rows[~inside(out[rows], rows).astype(bool)]
        if not len(rows):
            break
        out[rows] = step(out[rows], rows)
    return out


class NumberCipher:
    """Whole numbers encrypted to whole numbers of the same sign.

    digits: all are taken as of so many digits, with zeros before them; 0 keeps each number's own count of digits, of
    which seven are needed. The results fit in 64 bits.
    """

    def __init__(self, key: bytes, digits: int = 0) -> None:
        self.key, self.digits = key, digits

    @cached_property
    def _cipher(self) -> FF1:
        return FF1(self.key, 10)

    def encrypt(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the numbers encrypted, and which could be."""
        return self._all(numbers, forward=True)

    def decrypt(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return what encrypt was given."""
        return self._all(numbers, forward=False)

    def _all(self, numbers: NDArray[np.int64], forward: bool) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        fit = numbers != np.iinfo(np.int64).min
        size = np.abs(np.where(fit, numbers, 0)).astype(np.uint64)
        if self.digits:
            lengths = np.where(size < np.uint64(10**self.digits), self.digits, 0)
        else:
            powers = np.array([10**k for k in range(19)], np.uint64)
            lengths = np.searchsorted(powers, size, side="right")
        out = size.copy()
        for length in np.unique(lengths).tolist():
            rows = np.flatnonzero(fit & (lengths == length))
            low, high = self._range(length)
            if high - low < LEAST_DOMAIN:
                fit[rows] = False
            else:
                # A negative number never becomes 0, which has no sign to turn back by.
                lows = np.where(numbers[rows] < 0, max(low, 1), low).astype(np.uint64)
                out[rows] = self._numbers(size[rows], length, lows, high, forward)
        return np.where(numbers < 0, -out.astype(np.int64), out.astype(np.int64)), fit

    def _numbers(
        self, numbers: NDArray[np.uint64], length: int, lows: NDArray[np.uint64], high: int, forward: bool
    ) -> NDArray[Any]:
        def step(some: NDArray[Any], which: NDArray[np.int64]) -> NDArray[Any]:
            return permuted_number(self._cipher, some, length, b"", forward)

        def inside(some: NDArray[Any], which: NDArray[np.int64]) -> NDArray[Any]:
            within: NDArray[Any] = (some >= lows[which]) & (some < np.uint64(high))
            return within

        return walked(numbers, step, inside)

    def _range(self, length: int) -> tuple[int, int]:
        if self.digits:
            return 0, min(10**length, _INT64 + 1)
        return (10 ** (length - 1), min(10**length, _INT64 + 1)) if length else (0, 1)
