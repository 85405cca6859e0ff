"""Requests recorded in durable batches: each refusal a line of a file at once, counts a line now and then, one leaf a batch.

A gateway writes ``NAME.jsonl`` and closes it now and then as ``NAME-N.batch``; whoever looks after the gateways takes what is
closed, puts it into the store, and records one event with its digest and its counts. Files of gateways that are gone are
taken too. A batch whose event was recorded before its files were removed is known by its files' names in the log.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.canonical import sha256
from assay.office.alive import taken

if TYPE_CHECKING:
    from assay.office.office import Office
    from assay.works.home import Home

LARGEST = 4 << 20  # bytes of a journal before it is closed
_TOLD = 50  # rules that an event names
_LOOK_BACK = 2_000  # events in which a batch that was cut short is looked for
ACTION = "endpoint.requests"


class Journal:
    """What one gateway writes. Each entry is with the operating system when ``put`` returns: killing the process loses none."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder, self.name = folder, f"{name}-{os.getpid()}-{secrets.token_hex(4)}"
        self._lock = (folder / f"{self.name}.lock").open("w")
        _hold(self._lock.fileno())
        self._number = 0
        self._open()

    def _open(self) -> None:
        self._path = self.folder / f"{self.name}.jsonl"
        self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._size = 0

    def put(self, entry: dict[str, Any]) -> None:
        """Write an entry."""
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        os.write(self._fd, line)
        self._size += len(line)
        if self._size >= LARGEST:
            self.turn()

    def turn(self) -> None:
        """Close what is written so far, to be recorded."""
        if not self._size:
            return
        os.close(self._fd)
        self._path.rename(self.folder / f"{self.name}-{self._number:06d}.batch")
        self._number += 1
        self._open()

    def close(self) -> None:
        """Close it for good."""
        self.turn()
        os.close(self._fd)
        self._path.unlink(missing_ok=True)
        self._lock.close()
        (self.folder / f"{self.name}.lock").unlink(missing_ok=True)


def _hold(fd: int) -> None:
    import fcntl

    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def record(home: Home, actor: str) -> int | None:
    """Record all batches that are closed, and those of gateways that are gone; return the event's seq, None for nothing.

    Of several servers that share a home one does so at a time; the others leave it to that one.
    """
    folder = home.root / "serving" / "journal"
    with closed(folder) as files:
        return _record(home, actor, folder, files) if files else None


@contextlib.contextmanager
def closed(folder: Path) -> Iterator[list[Path]]:
    """Give the batches of a folder that are closed, those of gateways that are gone too, to one server at a time.

    Nothing where there is no such folder, or another server has them.
    """
    if not folder.is_dir():
        yield []
        return
    lock = folder / "recording"
    lock.touch(mode=0o600)
    with taken(lock) as free:
        if free:
            _bury(folder)
        yield sorted(folder.glob("*.batch")) if free else []


def _record(home: Home, actor: str, folder: Path, files: list[Path]) -> int | None:
    known = _recorded(home.office, folder)
    for path in [p for p in files if p.name in known]:
        path.unlink()
    files = [p for p in files if p.name not in known]
    if not files:
        return None
    raw = b"".join(p.read_bytes() for p in files)
    digest = home.store.put_bytes(raw)
    (folder / "begun").write_text(str(time.time()))
    detail = {**summary(raw), "files": [p.name for p in files][:1000], "bytes": len(raw)}
    with home.office.transaction() as tx:
        seq = tx.record(ACTION, "endpoint://", actor=actor, inputs={"batch": digest}, detail=detail)
    for path in files:
        path.unlink()
    (folder / "begun").unlink(missing_ok=True)
    return seq


def _bury(folder: Path) -> None:
    """Close the journals of gateways that are gone."""
    for lock in folder.glob("*.lock"):
        with taken(lock) as free:
            if not free:
                continue
            path = lock.with_suffix(".jsonl")
            if path.exists() and path.stat().st_size:
                path.rename(lock.with_name(f"{lock.stem}-last.batch"))
            path.unlink(missing_ok=True)
            lock.unlink(missing_ok=True)


def _recorded(office: Office, folder: Path) -> set[str]:
    """Return the files of batches that the log has already, where one was cut short before its files were removed."""
    from assay.office import ledger

    if not (folder / "begun").exists():
        return set()
    found = [e for e in ledger.tail(office, _LOOK_BACK) if e.action == ACTION]
    return {str(name) for e in found for name in e.detail.get("files", ())}


def summary(raw: bytes) -> dict[str, Any]:
    """Return what a batch holds: answered by endpoint, variant and status; refused by endpoint and rule; noted by guards
    that only detect; first and last time.

    A line that was cut short by a crash is counted as ``damaged``.
    """
    answered: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    noted: Counter[str] = Counter()
    times: list[float] = []
    damaged = 0
    for line in raw.splitlines():
        try:
            entry = json.loads(line)
            times.append(float(entry["at"]))
            if "answered" in entry:
                answered.update({str(k): int(v) for k, v in entry["answered"].items()})
            elif "noted" in entry:
                noted[f"{entry['endpoint']}/{entry['noted']}"] += 1
            else:
                refused[f"{entry['endpoint']}/{entry['rule']}"] += int(entry.get("count", 1))
        except (ValueError, KeyError, TypeError, AttributeError):
            damaged += 1
    out: dict[str, Any] = {"answered": _most(answered), "refused": _most(refused)}
    out |= {"from": _written(min(times)), "to": _written(max(times))} if times else {}
    out |= {"digest": sha256(raw)} | ({"noted": _most(noted)} if noted else {})
    return out | ({"damaged": damaged} if damaged else {})


def _most(counts: Counter[str]) -> dict[str, int]:
    out = dict(counts.most_common(_TOLD))
    rest = sum(counts.values()) - sum(out.values())
    return out | ({"others": rest} if rest else {})


def _written(at: float) -> str:
    from datetime import UTC, datetime

    from assay.methods.search.moments import written

    return written(datetime.fromtimestamp(at, UTC))
