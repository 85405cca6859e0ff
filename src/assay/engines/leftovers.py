"""Files and folders of a process's own, and what was left of those whose process is gone: its lock tells them apart."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


@contextlib.contextmanager
def living(make: Callable[[], Path]) -> Iterator[Path]:
    """Make a file or folder and hold its lock, so that nobody takes it for a leftover. It is not removed at the end."""
    while True:
        path = make()
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:  # swept before it was opened
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink and path.exists():
            break
        os.close(descriptor)  # swept before it was locked
    try:
        yield path
    finally:
        os.close(descriptor)


def sweep(paths: Iterable[Path]) -> None:
    """Remove each whose lock nobody holds; what cannot be removed now is left to the next time."""
    for path in paths:
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
            finally:
                os.close(descriptor)
