"""A Merkle tree grown while a log is read, with what is wrong with the events on the way."""

from __future__ import annotations

import json
from typing import Any

from assay.methods import merkle
from assay.office.problem import Problem
from assay.office.pruning import ACTION, Stub, stub
from assay.office.remembered import Remembered


class Growing:
    """Takes events in order; keeps the root at the sizes asked for, and the last digest of every row."""

    def __init__(self, at: set[int], remembered: Remembered | None = None) -> None:
        """remembered: the history, which is held against each event on the way; None where it is not at hand."""
        self.at, self.remembered = at, remembered
        self.size = 0
        self.roots: dict[int, bytes] = {}
        self.rows: dict[str, str | None] = {}
        self.problems: list[Problem] = []
        self.history: list[Problem] = []  # what is wrong with the history, where it was at hand
        self.pruned: list[Stub] = []
        self.policies: dict[
            int, tuple[str, list[list[int]]]
        ] = {}  # event of a policy → its name, and what it pruned
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
        held = self._stub(seq, leaf)
        value = held.hash if held else merkle.leaf_hash(leaf.encode("utf-8", "surrogatepass"))
        matched = known is not None and known[0] == seq
        self.unmatched += not matched
        if matched and known[1] != value:
            self._wrong(seq, leaf)
        elif held:
            self.pruned.append(held)
            if self.remembered is not None:
                self.remembered.pruned(held)
        else:
            self._read(seq, leaf)
        self._push(value)

    def _stub(self, seq: int, leaf: str) -> Stub | None:
        """Return the stub that stands in a body's place; one of another place is none."""
        try:
            found = stub(leaf)
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return found if found is not None and found.seq == seq else None

    def unexplained(self) -> list[Problem]:
        """Return the bodies that are gone and that no policy pruned."""
        out = []
        for held in self.pruned:
            policy, spans = self.policies.get(held.by, ("", []))
            if policy != held.policy or not any(first <= held.seq <= last for first, last in spans):
                said = f"the body of event {held.seq} is gone, and no policy pruned it"
                out.append(Problem("deleted", said, held.seq))
        return out

    def by_policy(self) -> dict[str, int]:
        """Return how many bodies each policy pruned."""
        out: dict[str, int] = {}
        for held in self.pruned:
            out[held.policy] = out.get(held.policy, 0) + 1
        return out

    def _policy(self, seq: int, raw: dict[str, Any]) -> None:
        try:
            spans = [[int(first), int(last)] for first, last in raw["detail"]["pruned"]]
            self.policies[seq] = (str(raw["detail"]["policy"]), spans)
        except (ValueError, KeyError, TypeError, RecursionError):
            return

    def _read(self, seq: int, leaf: str) -> None:
        try:
            raw = json.loads(leaf)
            said, rows = raw["seq"], raw["rows"]
        except (ValueError, KeyError, TypeError, RecursionError):
            self.problems.append(Problem("edited", f"event {seq} is no longer an event", seq))
            return
        if said != seq:
            self.problems.append(Problem("reordered", f"at place {seq} of the log stands event {said}", seq))
        if not isinstance(rows, dict):
            self.problems.append(Problem("edited", f"event {seq} is no longer an event", seq))
            return
        self.rows.update(rows)
        if self.remembered is not None:
            self.remembered.event(seq, raw)
        if raw.get("action") == ACTION:
            self._policy(seq, raw)

    def _wrong(self, seq: int, leaf: str) -> None:
        try:
            said = json.loads(leaf)["seq"]
        except (ValueError, KeyError, TypeError, RecursionError):
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
