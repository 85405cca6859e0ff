"""Whether something that was begun is still under way: a lock file that its process holds for as long as it lives."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(lock: Path, *, readonly: bool = False) -> Iterator[None]:
    """Wait for the lock and hold it: whoever can take it knows that its last holder has ended or died.

    readonly: the file is not made where there is none.
    """
    if readonly and not lock.exists():
        yield
        return
    if not readonly:
        lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("r" if readonly else "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)  # closing alone leaves it with whoever was forked meanwhile


@contextmanager
def taken(lock: Path) -> Iterator[bool]:
    """Hold the lock if nobody else does, and say whether that is so; one that was never made is free."""
    try:
        handle = lock.open("r")
    except FileNotFoundError:
        yield True
        return
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            try:
                yield True
            finally:
                fcntl.flock(handle, fcntl.LOCK_UN)
