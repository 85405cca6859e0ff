"""A text's shape: which of its characters are encrypted, in which alphabet, and which stay as they are.

Digits stay digits and letters letters of their case; spaces and ASCII punctuation stay. A text with any other letter or
sign has no shape here, and is not encrypted.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST = 128  # characters of a text that is encrypted in its format
SEPARATORS = frozenset(string.punctuation + " ")
ALPHABETS = {
    "digits": (string.digits,),
    "upper": (string.ascii_uppercase,),
    "lower": (string.ascii_lowercase,),
    "letters": (string.ascii_letters,),
    "alphanumeric": (string.digits + string.ascii_letters,),
    "hex": (string.hexdigits[:16],),
    "HEX": (string.hexdigits[:10] + string.hexdigits[16:],),
    "shape": (string.digits, string.ascii_uppercase, string.ascii_lowercase),
}


@dataclass
class Group:
    """Texts of as many characters, all in one alphabet (its radix) or, with radix 0, in several.

    rows: which texts they are. numerals, classes: (rows, characters), a character's place in its alphabet, and which.
    """

    rows: NDArray[np.int64]
    numerals: NDArray[np.int64]
    classes: NDArray[np.int8]
    radix: int


class Shapes:
    """Texts read by their shapes, and written again in the same ones. alphabets: disjoint sets of characters."""

    def __init__(self, alphabets: Sequence[str]) -> None:
        self.radices = tuple(len(a) for a in alphabets)
        points = [
            (ord(c), number, place) for number, a in enumerate(alphabets, 1) for place, c in enumerate(a)
        ]
        points += [(ord(c), 0, 0) for c in SEPARATORS if not any(c in a for a in alphabets)]
        points.sort()
        self._codes = np.array([p[0] for p in points], np.uint32)
        self._class = np.array([p[1] for p in points], np.int8)
        self._index = np.array([p[2] for p in points], np.int64)
        widest = max(self.radices)
        self._letters = np.zeros((len(alphabets) + 1, widest), np.uint32)
        for number, alphabet in enumerate(alphabets, 1):
            self._letters[number, : len(alphabet)] = [ord(c) for c in alphabet]

    def read(self, texts: Sequence[str]) -> Shaped:
        """Read texts; those without a shape are in no group."""
        fit = np.array([len(t) <= LONGEST and "\x00" not in t for t in texts], bool)
        held = [t if f else "" for t, f in zip(texts, fit.tolist(), strict=True)]
        longest = max(1, max(map(len, held), default=1))
        codes = np.array(held, f"U{longest}").view(np.uint32).reshape(len(texts), longest)
        place = np.searchsorted(self._codes, codes).clip(max=len(self._codes) - 1)
        known = self._codes[place] == codes
        fit &= (known | (codes == 0)).all(axis=1)
        classes = np.where(known, self._class[place], 0).astype(np.int8)
        return Shaped(self, codes, classes, self._index[place], fit)

    def letters(self, classes: NDArray[np.int8], numerals: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Return the characters' code points."""
        return self._letters[classes, numerals]


@dataclass
class Shaped:
    """Texts as tables of characters. fit: which have a shape."""

    shapes: Shapes
    codes: NDArray[np.uint32]
    classes: NDArray[np.int8]
    index: NDArray[np.int64]
    fit: NDArray[np.bool_]

    def groups(self) -> Iterator[Group]:
        """Give the texts by how many characters they have in which alphabet, separators left out."""
        size = (self.classes > 0).sum(axis=1)
        for length in np.unique(size[self.fit & (size > 0)]).tolist():
            rows = np.flatnonzero(self.fit & (size == length))
            chosen = self.classes[rows] > 0
            numerals = self.index[rows][chosen].reshape(-1, length)
            classes = self.classes[rows][chosen].reshape(-1, length)
            pure = (classes == classes[:, :1]).all(axis=1)
            kinds = np.where(pure, classes[:, 0], 0)
            for kind in np.unique(kinds).tolist():
                own = kinds == kind
                radix = self.shapes.radices[kind - 1] if kind else 0
                yield Group(rows[own], numerals[own], classes[own], radix)

    def put(self, group: Group, numerals: NDArray[np.int64]) -> None:
        """Put other characters of the same classes in a group's places."""
        rows = self.codes[group.rows]
        chosen = self.classes[group.rows] > 0
        rows[chosen] = self.shapes.letters(group.classes, numerals).reshape(-1)
        self.codes[group.rows] = rows

    def texts(self) -> list[str]:
        """Return all the texts as they now are."""
        width = self.codes.shape[1]
        out: list[str] = np.ascontiguousarray(self.codes).view(f"U{width}").reshape(-1).tolist()
        return out
