"""The digest of a file's bytes, as it is read or as it is copied."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
from pathlib import Path
from typing import BinaryIO

_PIECE = 1 << 18


def digest_file(path: Path | str) -> str:
    """Return ``sha256:<hex>`` of a file's bytes, streamed."""
    with Path(path).open("rb") as source:
        return "sha256:" + hashlib.file_digest(source, "sha256").hexdigest()


def copied(given: io.FileIO, out: BinaryIO) -> str:
    """Copy a file's bytes and return their digest.

    A large one is hashed on a thread beside the copying, as both let go of Python meanwhile; its bytes pass through
    two buffers in turn, small enough for the processor's own memory: fresh or larger ones cost more than the copy.
    What is all zeros takes no room on the disk: a file that says it has terabytes need not have any.
    """
    hasher = hashlib.sha256()
    if os.fstat(given.fileno()).st_size <= 16 * _PIECE:
        while chunk := given.read(_PIECE):
            hasher.update(chunk)
            out.write(chunk)
        return f"sha256:{hasher.hexdigest()}"
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
