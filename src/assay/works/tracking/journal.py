"""The journal of a run that is under way: a file that is only appended to, an entry a line, whole or not at all.

An entry is with the operating system when ``write`` returns, so that the death of the process loses nothing. It is on
the disk when ``write`` returns where the journal is durable, else within ``INTERVAL`` seconds, or after ``sync``.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from assay.engines.durable import sync
from assay.kernel.errors import Broken, UsageError, of_the_machine

INTERVAL = 1.0  # seconds that a power failure may lose where the journal is not durable
LONGEST = 4 << 20  # bytes of an entry
LARGEST = 8 << 30  # bytes of a journal


class Entry(msgspec.Struct, omit_defaults=True):
    """What was said at once. t: milliseconds since 1970. m: metrics, a number that is none as text; s: their step.

    p: parameters. g: tags. i, o: an input or an output, as an asset's JSON. d: what is known of it, a table's columns.
    """

    t: int
    m: dict[str, float | str] | None = None
    s: int | None = None
    p: dict[str, Any] | None = None
    g: dict[str, str] | None = None
    i: dict[str, str] | None = None
    o: dict[str, str] | None = None
    d: dict[str, Any] | None = None


class Journal:
    """An open journal. Threads may write at once; those that wait for the disk together are synced together."""

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.durable = path, durable
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = self._synced = os.fstat(self._fd).st_size
        self._writing, self._syncing = threading.Lock(), threading.Lock()
        self._encode = msgspec.json.Encoder().encode
        self._closed = threading.Event()
        self._hash, self._hashed = hashlib.sha256(), 0
        self._owner = os.getpid()
        sync(path.parent)
        if not durable:
            threading.Thread(target=self._now_and_then, name="assay-journal", daemon=True).start()

    def write(self, entry: Entry) -> None:
        """Append an entry; UsageError for one that is too large, Broken where the disk does not take it."""
        try:
            line = self._encode(entry) + b"\n"
        except (UnicodeEncodeError, RecursionError, OverflowError):
            raise UsageError(
                "what was logged is no plain text or nests too deep", remedy="log it as text"
            ) from None
        if len(line) > LONGEST:
            raise UsageError(
                f"what was logged at once is {len(line):,} bytes, and at most {LONGEST:,} are kept"
            )
        with self._writing:
            if self._closed.is_set():
                raise UsageError("the run has ended, so nothing more is recorded in it")
            if self._size + len(line) > LARGEST:
                raise UsageError(
                    f"the run's journal holds {LARGEST >> 30} GB, and takes no more", remedy="end the run"
                )
            try:
                written = os.write(self._fd, line)
                while written < len(line):  # a full disk takes a part, and the next says why
                    written += os.write(self._fd, line[written:])
            except OSError as error:
                if os.getpid() == self._owner:
                    os.ftruncate(self._fd, self._size)  # half an entry would hide what comes after it
                raise _told(error, self.path) from error
            self._size += len(line)
            mine = self._size
        if self.durable:
            self._until(mine)

    def said(self) -> tuple[int, str]:
        """Return how many bytes it holds, and their digest; what processes wrote that were forked of this one is in it too."""
        with self._syncing, self.path.open("rb") as source:
            source.seek(self._hashed)
            while part := source.read(1 << 20):
                self._hash.update(part)
                self._hashed += len(part)
            return self._hashed, f"sha256:{self._hash.copy().hexdigest()}"

    def sync(self) -> None:
        """Return when all that was written is on the disk."""
        self._until(self._size)

    def _until(self, size: int) -> None:
        """Wait until the first ``size`` bytes are on the disk: whoever comes first syncs for those who wait."""
        with self._syncing:
            if self._synced >= size:
                return
            upto = self._size
            try:
                os.fdatasync(self._fd)
            except OSError as error:
                raise _told(error, self.path) from error
            self._synced = upto

    def _now_and_then(self) -> None:
        while not self._closed.wait(INTERVAL):
            try:
                self.sync()
            except Broken:  # whoever ends the run is told; what was written may still be read
                return

    def close(self) -> None:
        """Sync and close it."""
        if self._closed.is_set():
            return
        self.sync()
        with self._writing, self._syncing:
            self._closed.set()
            os.close(self._fd)


def now() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def read(path: Path) -> Iterator[Entry]:
    """Give the entries of a journal, up to the first that is not whole: what follows it was never acknowledged."""
    decode = msgspec.json.Decoder(Entry).decode
    try:
        source = path.open("rb")
    except FileNotFoundError:
        return
    with source:
        while line := source.readline(LONGEST + 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                return


def holds(path: Path, size: int, digest: str) -> bool:
    """Whether a journal still begins with what was said of it: so many bytes, of that digest."""
    found, left = hashlib.sha256(), size
    try:
        with path.open("rb") as source:
            while left and (part := source.read(min(left, 1 << 20))):
                found.update(part)
                left -= len(part)
    except OSError:
        return False
    return not left and f"sha256:{found.hexdigest()}" == digest


def _told(error: OSError, path: Path) -> Broken:
    known = of_the_machine(error)
    what = known.what if known else str(error.strerror)
    return Broken(
        f"what was logged cannot be kept: {what}",
        where=str(path),
        remedy="what was logged before is kept; make room, and go on",
    )
