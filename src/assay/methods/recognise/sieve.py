"""Which texts a pattern lets through, asked once for the columns of a table together.

Most of what a sieve costs on a small table is compiling its pattern: RE2 does so at each call, for as long as it then
takes to search some thousand texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.places import take, true

BYTES = 32 << 20  # of texts that are put together


class Sieve:
    """Texts of several columns. columns: Arrow arrays of strings without nulls."""

    def __init__(self, columns: Sequence[pa.Array]) -> None:
        self._texts = columns[0] if len(columns) == 1 else pa.concat_arrays(columns)
        self._ends = np.cumsum([0, *(len(c) for c in columns)])
        self._known: dict[tuple[str, ...], Any] = {}

    def places(self, column: int, *patterns: str) -> Any:
        """Return the places of a column's texts that match each of the patterns, the cheapest first."""
        found = self._all(patterns)
        low, high = self._ends[column], self._ends[column + 1]
        first, last = np.searchsorted(found, (low, high))
        return found[first:last] - low

    def _all(self, patterns: tuple[str, ...]) -> Any:
        known = self._known.get(patterns)
        if known is None:
            among = self._all(patterns[:-1]) if len(patterns) > 1 else None
            known = self._known[patterns] = matching(self._texts, patterns[-1], among)
        return known


def matching(texts: pa.Array, pattern: str, among: Any = None) -> Any:
    """Return the places of texts that match a pattern, among those at the places given."""
    if among is not None:
        if not len(among):
            return among
        texts = take(texts, among)
    passed = true(pc.match_substring_regex(texts, pattern))
    return passed if among is None else among[passed]
