"""One change of a file at a time, from whatever home or none: the file itself is locked, and its folder where it is yet to be made."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

from assay.kernel.errors import UsageError

WAIT = 10.0  # seconds that another's change is waited for
_PAUSE = 0.05


class FileLock:
    """A file held against every other change through here until it is let go; where a file system knows no locks, nothing is held."""

    def __init__(self, path: Path, where: str) -> None:
        self._held: list[int] = []
        until = time.monotonic() + WAIT
        while not self._taken(path):
            if time.monotonic() > until:
                raise UsageError(
                    "another load or repair of the file is under way",
                    where=where,
                    remedy="run this again when it is done",
                )
            time.sleep(_PAUSE)

    def _taken(self, path: Path) -> bool:
        of = path if path.exists() else path.parent
        try:
            held = os.open(of, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = (path if path.exists() else path.parent).stat()
            same = os.path.samestat(os.fstat(held), found)
        except BlockingIOError:
            same = False
        except OSError:  # a file system that knows no locks
            same = True
        if same:
            self._held.append(held)
        else:  # somebody has it, or renamed another over it meanwhile
            os.close(held)
        return same

    def follow(self, fresh: Path) -> None:
        """Hold the file that is about to be renamed over it, too: a rename alone lets the next one in."""
        held = os.open(fresh, os.O_RDONLY)
        self._held.append(held)
        with contextlib.suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def let_go(self) -> None:
        """Let others change it."""
        for held in self._held:
            with contextlib.suppress(OSError):
                fcntl.flock(held, fcntl.LOCK_UN)  # closing alone leaves it with whoever was forked meanwhile
            with contextlib.suppress(OSError):
                os.close(held)
        self._held = []
