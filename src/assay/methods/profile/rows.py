"""Rows that are the same in every column."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from assay.methods.profile.codes import Encoded, Ints


class RowKeys:
    """Which rows are the same in every column added so far: exact, since codes are combined and never hashed.

    The codes of the columns are the digits of one number a row; whenever it would outgrow 62 bits, the distinct
    numbers are numbered anew. Rows already known to be like no other are dropped.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._keys: Ints | None = None
        self._size = 1
        self._left: Ints | None = None  # the rows still in question; None: all

    def add(self, column: Encoded) -> None:
        """Take one more column into account."""
        codes = column.places if self._left is None else column.places[self._left]
        width = column.distinct + 1
        if self._keys is None:
            self._keys, self._size = codes.astype(np.int64), width
            return
        if not len(self._keys):
            return
        if self._size > (1 << 62) // width:
            self._renumber()
            codes = column.places if self._left is None else column.places[self._left]
        self._keys *= width
        self._keys += codes
        self._size *= width

    def _renumber(self) -> None:
        assert self._keys is not None
        whole = pa.array(self._keys).dictionary_encode()
        keys = whole.indices.to_numpy().astype(np.int64)
        size = len(whole.dictionary)
        counts = np.bincount(keys, minlength=size)
        alone = int((counts == 1).sum())
        if alone > len(keys) // 4:
            keep = counts[keys] > 1
            left = np.arange(self.rows) if self._left is None else self._left
            self._left, keys = left[keep], keys[keep]
        self._keys, self._size = keys, max(1, size)

    def duplicates(self) -> Ints:
        """Return the numbers (from 0, ascending) of the rows that repeat an earlier row in every column."""
        if self._keys is None or not len(self._keys):
            return np.empty(0, np.int64)
        codes = pa.array(self._keys).dictionary_encode().indices.to_numpy()
        # Codes are given in order of first appearance: a row is the first of its kind where its code is a new high.
        highest = np.maximum.accumulate(codes)
        again = np.ones(len(codes), bool)
        again[0] = False
        again[1:] = codes[1:] <= highest[:-1]
        at = np.flatnonzero(again)
        return at if self._left is None else self._left[at]
