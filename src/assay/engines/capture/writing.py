"""Writing captured events: a bounded queue and one thread, which seals what came together and syncs it at once.

Whoever asks waits for nothing. An event counts as captured when it is on the disk; one that finds the queue full, or that
the disk does not take, counts as dropped.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assay.engines.capture.counters import Counted, Counters
from assay.engines.capture.sealing import LARGEST, Sealer
from assay.engines.durable import sync

if TYPE_CHECKING:
    from collections.abc import Iterable

COUNTERS = ".counters"  # the folder beside an endpoint's variants
MOST = 65_536  # events that wait
MOST_BYTES = 256 << 20
TOGETHER = 4_096  # events in a frame
LINGER = 0.005  # seconds that the first of a frame waits for others
FILE = 64 << 20  # bytes of a file, after which another is begun
SUFFIX = ".jsonl.sealed"

Line = tuple[str, bytes]  # the folder below the root, and the event as a line of JSON
Encode = Callable[[object], Line]


@dataclass
class _File:
    path: Path
    fd: int
    sealer: Sealer
    size: int


class Writer:
    """Writes the events of one endpoint, for one process. The thread starts with the first event.

    root: the endpoint's folder. encode: makes a line of whatever was put, on the thread.
    """

    def __init__(
        self,
        root: Path,
        secret: bytes,
        encode: Encode,
        *,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
        closed: Callable[[Path], None] | None = None,
    ) -> None:
        self.root, self._secret, self._encode, self._closed = root, secret, encode, closed
        self._most, self._most_bytes = most, most_bytes
        self._queue: deque[tuple[object, int]] = deque()
        self._waiting = 0  # bytes in the queue
        self._lock = threading.Lock()
        self._wake, self._idle = threading.Event(), threading.Event()
        self._idle.set()
        self._ending = False
        self._files: dict[str, _File] = {}
        self._counters: Counters | None = None
        self._thread: threading.Thread | None = None
        self.error = ""  # why the disk did not take the latest events, empty where it does
        self.unwritten = 0  # events that were taken and that the disk did not take

    def put(self, event: object, size: int) -> bool:
        """Take an event that holds so many bytes; False where there is no room, which is counted."""
        with self._lock:
            counters = self._counters or self._start()
            counters.add("taken", 1)
            if self._ending or len(self._queue) >= self._most or self._waiting + size > self._most_bytes:
                counters.add("dropped", 1)
                return False
            self._queue.append((event, size))
            self._waiting += size
            self._idle.clear()
        if not self._wake.is_set():
            self._wake.set()
        return True

    def _start(self) -> Counters:
        self._counters = Counters(self.root / COUNTERS)
        self._thread = threading.Thread(target=self._run, name="assay-capture", daemon=True)
        self._thread.start()
        return self._counters

    @property
    def counted(self) -> Counted:
        """What was counted so far."""
        return self._counters.read() if self._counters else Counted()

    @property
    def queued(self) -> int:
        """How many events wait."""
        return len(self._queue)

    def flush(self, seconds: float = 30.0) -> bool:
        """Wait until everything that was put is on the disk, or dropped; False where that took too long."""
        return self._idle.wait(seconds)

    def close(self, seconds: float = 30.0) -> bool:
        """Write what waits, and end; False where that took too long."""
        with self._lock:
            self._ending = True
        self._wake.set()
        done = True
        if self._thread is not None:
            self._thread.join(seconds)
            done = not self._thread.is_alive()
        if done and self._counters is not None:
            self._counters.close()
            self._counters = None
        return done

    def _run(self) -> None:
        while True:
            self._wake.wait()
            if not self._ending:
                time.sleep(LINGER)
            self._wake.clear()
            while self._queue:
                self._one_round()
            with self._lock:
                if not self._queue:
                    self._idle.set()
                    if self._ending:
                        break
        for name in list(self._files):
            self._finish(name)

    def _one_round(self) -> None:
        """Write what waits, a frame a folder, and sync every file of it."""
        with self._lock:
            taken = [self._queue.popleft() for _ in range(min(len(self._queue), TOGETHER))]
            self._waiting -= sum(size for _, size in taken)
        folders: dict[str, list[bytes]] = {}
        failed = 0
        for event, _ in taken:
            try:
                folder, line = self._encode(event)
                folders.setdefault(folder, []).append(line)
            except Exception as error:  # noqa: BLE001 - no event may end the thread, whatever it holds
                self.error, failed = f"{type(error).__name__}: {error}"[:300], failed + 1
        self._drop(failed)
        for folder, lines in folders.items():
            for part in _parts(lines):
                self._write(folder, part)
        latest = max((_hour(f) for f in folders), default="")
        for name in [n for n in self._files if _hour(n) < latest]:
            self._finish(name)  # its hour is over

    def _drop(self, count: int) -> None:
        if count and self._counters:
            self.unwritten += count
            self._counters.add("dropped", count)

    def _write(self, folder: str, lines: list[bytes]) -> None:
        data = b"\n".join(lines) + b"\n"
        try:
            if len(data) > LARGEST:
                raise ValueError("an event is larger than a frame")
            file = self._files.get(folder) or self._begin(folder)
            frame = file.sealer.frame(data)
            _all(file.fd, frame)
            os.fdatasync(file.fd)
        except (OSError, ValueError) as error:
            self.error = str(error)[:300]
            self._drop(len(lines))
            self._abandon(folder)
            return
        file.size += len(frame)
        self.error = ""
        if self._counters:
            self._counters.add("durable", len(lines))
            self._counters.add("bytes", len(frame))
        if file.size >= FILE:
            self._finish(folder)

    def _begin(self, folder: str) -> _File:
        where = self.root / folder
        new = [p for p in (where, *where.parents) if p.is_relative_to(self.root) and not p.exists()]
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        stamp = time.strftime("%M-%S", time.gmtime())
        name = self._counters.path.stem if self._counters else ""
        path = where / f"{stamp}-{name[:12]}-{os.urandom(6).hex()}{SUFFIX}"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        sealer = Sealer(self._secret)
        file = self._files[folder] = _File(path, fd, sealer, len(sealer.head))
        _all(fd, sealer.head)
        os.fsync(fd)
        for made in {where, *(p.parent for p in new)}:
            sync(made)
        return file

    def _abandon(self, folder: str) -> None:
        """Leave a file as it was before what could not be written, none where it held nothing; the next event begins another."""
        file = self._files.pop(folder, None)
        if file is not None:
            try:
                if file.size > len(file.sealer.head):
                    os.ftruncate(file.fd, file.size)
                else:
                    file.path.unlink()
            except OSError:  # a part of a frame stays, which no reader takes for one
                pass
            finally:
                os.close(file.fd)

    def _finish(self, folder: str) -> None:
        file = self._files.pop(folder)
        os.close(file.fd)
        if self._closed is not None:
            try:
                self._closed(file.path)
            except Exception as error:  # noqa: BLE001 - what is done to a finished file may be done later
                self.error = f"{type(error).__name__}: {error}"[:300]


def _hour(folder: str) -> str:
    """Return the hour that a folder is of: what stands after the variant."""
    return folder.partition("/")[2]


def _parts(lines: list[bytes]) -> Iterable[list[bytes]]:
    """Give lines in lots that fit into a frame."""
    lot: list[bytes] = []
    size = 0
    for line in lines:
        if lot and size + len(line) > LARGEST // 4:
            yield lot
            lot, size = [], 0
        lot.append(line)
        size += len(line) + 1
    if lot:
        yield lot


def _all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
