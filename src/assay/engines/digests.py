"""The digest of a file's bytes, as it is read or as it is copied."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import sys
import time
from pathlib import Path
from typing import BinaryIO

from assay.engines.regular import opened

_PIECE = 1 << 18
_TICK = 2_000_000_000  # nanoseconds: no clock of a file system is coarser
_HELD = 10_000  # digests that are remembered
_HOLES = 64 << 20  # bytes of zeros that are worth being looked for
_CLONE = 0x40049409  # FICLONE of <linux/fs.h>: _IOW(0x94, 9, int)


def digest_file(path: Path | str) -> str:
    """Return ``sha256:<hex>`` of a file's bytes, streamed."""
    with opened(path, follow=True) as source:
        known = os.fstat(source.fileno())
        if hasattr(os, "SEEK_HOLE") and known.st_blocks * 512 + _HOLES < known.st_size:
            return f"sha256:{_hashed(source, known.st_size)}"
        return "sha256:" + hashlib.file_digest(source, "sha256").hexdigest()


def _hashed(source: io.BufferedReader, size: int) -> str:
    """Hash a file with holes: the kernel need not make the zeros of one, page by page, for them to be hashed."""
    handle, hasher = source.fileno(), hashlib.sha256()
    zeros = bytes(4 * _PIECE)
    at = 0
    while at < size:
        try:
            data = os.lseek(handle, at, os.SEEK_DATA)
        except OSError:  # a hole to the end
            data = size
        for left in range(data - at, 0, -len(zeros)):
            hasher.update(zeros[:left] if left < len(zeros) else zeros)
        at = data
        end = os.lseek(handle, at, os.SEEK_HOLE) if at < size else at
        os.lseek(handle, at, os.SEEK_SET)
        while at < end:
            piece = os.read(handle, min(_PIECE, end - at))
            if not piece:  # it was cut short meanwhile
                return hasher.hexdigest()
            hasher.update(piece)
            at += len(piece)
    return hasher.hexdigest()


class Remembered:
    """Digests of files that are asked for again and again: one that lies still is read once.

    It is known by device, inode, size and its times; ctime cannot be set back by whoever writes it. What changed a moment ago may
    change again within the same tick of the clock, and is not remembered.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], str] = {}

    def digest(self, path: Path | str) -> str:
        """Return ``sha256:<hex>`` of a file's bytes."""
        seen = sign(Path(path).stat())
        found = self._known.pop(seen, "")
        made = found or digest_file(path)
        settled = time.time_ns() - seen[-1] > _TICK and sign(Path(path).stat()) == seen
        if settled:
            self._known[seen] = made
            if len(self._known) > _HELD:
                self._known.pop(next(iter(self._known)))
        return made


def sign(known: os.stat_result) -> tuple[int, ...]:
    """Return what changes with any change of a file: device, inode, size and times in nanoseconds, ctime last."""
    return known.st_dev, known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns


def copied(given: io.BufferedReader, out: BinaryIO) -> str:
    """Copy a file's bytes into an empty file and return their digest.

    A large one is hashed on a thread beside the copying, as both let go of Python meanwhile; its bytes pass through
    two buffers in turn, small enough for the processor's own memory: fresh or larger ones cost more than the copy.
    What is all zeros takes no room on the disk: a file that says it has terabytes need not have any. Where the file
    system shares blocks between files (XFS, Btrfs) nothing is copied, and the copy is read.
    """
    hasher = hashlib.sha256()
    if os.fstat(given.fileno()).st_size <= 16 * _PIECE:
        while chunk := given.read(_PIECE):
            hasher.update(chunk)
            out.write(chunk)
        return f"sha256:{hasher.hexdigest()}"
    if _cloned(given, out):
        return digest_file(out.name)
    from concurrent.futures import Future, ThreadPoolExecutor

    zeros, held = bytes(_PIECE), (bytearray(_PIECE), bytearray(_PIECE))
    buffers = memoryview(held[0]), memoryview(held[1])
    hashed: Future[None] | None = None
    with ThreadPoolExecutor(1) as beside:
        for turn in itertools.count():
            size = given.readinto(buffers[turn % 2])
            if not size:
                break
            piece = buffers[turn % 2][:size]
            if hashed is not None:  # so that its buffer is free for the next turn
                hashed.result()
            hashed = beside.submit(hasher.update, piece)
            if size == _PIECE and held[turn % 2] == zeros:
                out.seek(size, os.SEEK_CUR)
            else:
                out.write(piece)
    out.truncate()
    return f"sha256:{hasher.hexdigest()}"


def _cloned(given: io.BufferedReader, out: BinaryIO) -> bool:
    """Let an empty file have a file's bytes without copying them, as its own from then on; False where that cannot be."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(out.fileno(), _CLONE, given.fileno())
    except OSError:  # another file system, or one that cannot
        return False
    return True
