"""A Merkle tree grown while a log is read, with what is wrong with the events on the way."""

from __future__ import annotations

import json
from typing import Any

from assay.methods import merkle
from assay.office.problem import Problem


class Growing:
    """Takes events in order; keeps the root at the sizes asked for, and the last digest of every row."""

    def __init__(self, at: set[int]) -> None:
        self.at = at
        self.size = 0
        self.roots: dict[int, bytes] = {}
        self.rows: dict[str, str | None] = {}
        self.problems: list[Problem] = []
        self.unmatched = 0  # events whose leaf the tree in the database does not have
        self._peaks: list[tuple[int, bytes]] = []  # (level, hash), left to right
        self._expected = 0

    def add(self, seq: int, leaf: Any, known: Any) -> None:
        """Take the event at ``seq``. known: (place, leaf hash) as the tree in the database has it, or None."""
        if seq != self._expected:
            gone = (
                f"event {self._expected}"
                if seq == self._expected + 1
                else f"events {self._expected} to {seq - 1}"
            )
            self.problems.append(Problem("deleted", f"{gone} of the log is gone", self._expected))
        self._expected = seq + 1
        if not isinstance(leaf, str):
            self.problems.append(Problem("edited", f"event {seq} is no longer an event", seq))
            leaf = repr(leaf)
        value = merkle.leaf_hash(leaf.encode("utf-8", "surrogatepass"))
        matched = known is not None and known[0] == seq
        self.unmatched += not matched
        if matched and known[1] != value:
            self._wrong(seq, leaf)
        else:
            self._read(seq, leaf)
        self._push(value)

    def _read(self, seq: int, leaf: str) -> None:
        try:
            raw = json.loads(leaf)
            said, rows = raw["seq"], raw["rows"]
        except (ValueError, KeyError, TypeError):
            self.problems.append(Problem("edited", f"event {seq} is no longer an event", seq))
            return
        if said != seq:
            self.problems.append(Problem("reordered", f"at place {seq} of the log stands event {said}", seq))
        if not isinstance(rows, dict):
            self.problems.append(Problem("edited", f"event {seq} is no longer an event", seq))
            return
        self.rows.update(rows)

    def _wrong(self, seq: int, leaf: str) -> None:
        try:
            said = json.loads(leaf)["seq"]
        except (ValueError, KeyError, TypeError):
            said = seq
        if said != seq:
            self.problems.append(Problem("reordered", f"at place {seq} of the log stands event {said}", seq))
        else:
            self.problems.append(Problem("edited", f"event {seq} was edited", seq))

    def _push(self, value: bytes) -> None:
        level = 0
        peaks = self._peaks
        while peaks and peaks[-1][0] == level:
            value = merkle.node_hash(peaks.pop()[1], value)
            level += 1
        peaks.append((level, value))
        self.size += 1
        if self.size in self.at:
            self.roots[self.size] = self.root()

    def root(self) -> bytes:
        """Return the root of what was taken so far."""
        if not self._peaks:
            return merkle.EMPTY
        value = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            value = merkle.node_hash(left, value)
        return value
