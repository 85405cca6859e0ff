"""The history held against the log: each event's rows are there as it left them, and nothing else is.

Of pruned events the history keeps which rows they left and when, bound by a digest in the event that pruned them; of the
rows themselves only the last state of each, where that event vouches for it anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assay.kernel.canonical import sha256
from assay.office.problem import Problem
from assay.office.pruning import ACTION, Stub


@dataclass(frozen=True, slots=True)
class _Kept:
    seq: int
    by: int  # the event that pruned it
    digest: str | None  # of its state; None where that was pruned too


class Remembered:
    """Takes the events in order, beside the rows of the history in order of their events."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self._next: Any = next(rows, None)
        self._problems: list[Problem] = []
        self._last: dict[str, _Kept] = {}  # of rows that pruned events left: the latest
        self._digests: dict[int, Any] = {}  # by the event that pruned: what was left, and when
        self._said: dict[int, Mapping[str, Any]] = {}  # the events that pruned

    def event(self, seq: int, event: Mapping[str, Any]) -> None:
        """Hold the history against an event."""
        found, rows = self._of(seq), event["rows"]
        if event.get("action") == ACTION and "pruned" in (event.get("detail") or {}):
            self._said[seq] = event  # it vouches anew for what stands, and changes nothing
            rows = {}
        for key, digest in rows.items():
            if digest is not None and key not in found:
                self._wrong(
                    "history-deleted", f"what event {seq} left of {key} is gone from the history", seq
                )
        for key, (at, state) in found.items():
            if rows.get(key) is None:
                self._wrong(
                    "history-added", f"the history has a state of {key} that event {seq} did not leave", seq
                )
            elif at != event.get("time") or not isinstance(state, str) or sha256(_bytes(state)) != rows[key]:
                self._wrong(
                    "history-edited", f"what event {seq} left of {key} was edited in the history", seq
                )

    def pruned(self, stub: Stub) -> None:
        """Hold the history against an event whose body was pruned."""
        for key, (at, state) in sorted(self._of(stub.seq).items()):
            self._digests.setdefault(stub.by, hashlib.sha256()).update(line(stub.seq, key, at))
            before = self._last.get(key)
            if before is not None and before.digest is not None:
                self._leftover(key, before.seq)
            digest = sha256(_bytes(state)) if isinstance(state, str) else None
            self._last[key] = _Kept(stub.seq, stub.by, digest)

    def ended(self) -> list[Problem]:
        """Return every problem, now that all events are read, in order of their place."""
        for key, kept in self._last.items():
            vouched = (self._said.get(kept.by) or {}).get("rows", {}).get(key)
            if vouched is None and kept.digest is not None:
                self._leftover(key, kept.seq)
            elif vouched is not None and kept.digest is None:
                said = (
                    f"what event {kept.seq} left of {key} is gone from the history, and no policy pruned it"
                )
                self._wrong("history-deleted", said, kept.seq)
            elif vouched != kept.digest:
                said = f"what event {kept.seq} left of {key} was edited in the history"
                self._wrong("history-edited", said, kept.seq)
        for by, event in self._said.items():
            told = (event.get("detail") or {}).get("history")
            found = self._digests.get(by)
            if told != ("sha256:" + found.hexdigest() if found else None):
                said = f"the history of the events that event {by} pruned is not what it says"
                self._wrong("history-edited", said, by)
        while self._next is not None:
            self._stray()
        return sorted(self._problems, key=lambda p: p.seq if p.seq is not None else -1)

    def _of(self, seq: int) -> dict[str, tuple[Any, Any]]:
        out: dict[str, tuple[Any, Any]] = {}
        while self._next is not None and self._next.seq <= seq:
            if self._next.seq < seq:
                self._stray()
                continue
            out[f"{self._next.noun}/{self._next.key}"] = (self._next.at, self._next.state)
            self._next = next(self._rows, None)
        return out

    def _stray(self) -> None:
        row = self._next
        said = f"the history has a state of {row.noun}/{row.key} that no event left"
        self._wrong("history-added", said, row.seq)
        self._next = next(self._rows, None)

    def _leftover(self, key: str, seq: int) -> None:
        said = f"the history still has what the pruned event {seq} left of {key}"
        self._wrong("history-added", said, seq)

    def _wrong(self, kind: Any, said: str, seq: int) -> None:
        self._problems.append(Problem(kind, said, seq))


def line(seq: int, key: str, at: str) -> bytes:
    """Return what the digest of a pruned history is over, for one state: its event, its row and its time."""
    return _bytes(f"{seq} {at} {key}\n")


def digest(lines: Iterable[bytes]) -> str | None:
    """Return the digest of a pruned history; None where nothing was left."""
    made, some = hashlib.sha256(), False
    for part in lines:
        made.update(part)
        some = True
    return "sha256:" + made.hexdigest() if some else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
