"""Files and folders of a process's own, and what was left of those whose process is gone: its lock tells them apart."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

PREFIX = "assay-held-"  # of folders outside of any home: while one is used, its lock is held


def hold(make: Callable[[], Path]) -> tuple[Path, int]:
    """Make a file or folder and take its lock; return it with the descriptor that holds the lock until it is closed."""
    while True:
        path = make()
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:  # swept before it was opened
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink and path.exists():
            return path, descriptor
        os.close(descriptor)  # swept before it was locked


@contextlib.contextmanager
def living(make: Callable[[], Path]) -> Iterator[Path]:
    """Make a file or folder and hold its lock, so that nobody takes it for a leftover. It is not removed at the end."""
    path, descriptor = hold(make)
    try:
        yield path
    finally:
        os.close(descriptor)


def outside(what: str) -> tuple[Path, int]:
    """Return a private folder outside of any home and the descriptor that holds its lock. what: for whom, in its name."""
    return hold(lambda: Path(tempfile.mkdtemp(prefix=f"{PREFIX}{what}-")))


def removed(path: Path, descriptor: int) -> None:
    """Remove such a folder, and let go of its lock."""
    shutil.rmtree(path, ignore_errors=True)
    os.close(descriptor)


def sweep_outside() -> None:
    """Remove the folders of ``outside`` that this user made in processes that are gone."""
    sweep(p for p in Path(tempfile.gettempdir()).glob(f"{PREFIX}*") if _ours(p))


def _ours(path: Path) -> bool:
    try:
        return path.lstat().st_uid == os.geteuid()
    except OSError:
        return False


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
