"""Rows shared among processes of one's own. Runs inside the sandbox only.

numpy gives up the interpreter's lock for moments that are too short to be worth another thread (two took longer than
one), so the process is copied as it stands. Nobody else's process is ever copied: only a worker's that allowed it.
"""

from __future__ import annotations

import mmap
import os
import signal
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

_allowed = False


def allow() -> None:
    """Let this process be copied: it is a worker that answers one message after another, and has no threads at work."""
    global _allowed
    _allowed = hasattr(os, "fork") and hasattr(os, "sched_getaffinity")


def processes() -> int:
    """Return how many processes rows may be shared among."""
    return len(os.sched_getaffinity(0)) if _allowed else 1


def filled(wide: int, rows: int, work: Callable[[Any, int, int], None], *, least: int) -> Any:
    """Return wide × rows, zeros to which ``work`` has added what it has for the rows from one to another.

    work: given what is returned, and the two rows; it may ask numpy for nothing that has threads of its own. least: rows
    that are worth a process.
    """
    import numpy as np

    count = max(1, min(processes(), rows // max(least, 1)))
    if count == 1:
        out = np.zeros((wide, rows))
        work(out, 0, rows)
        return out
    out = np.frombuffer(mmap.mmap(-1, 8 * wide * rows)).reshape(wide, rows)
    ends = [rows * i // count for i in range(count + 1)]
    shares = [(_begun(work, out, b, e), b, e) for b, e in pairwise(ends[1:])]
    try:
        work(out, 0, ends[1])
        while shares:
            child, begin, end = shares[-1]
            done = child and os.waitpid(child, 0)[1] == 0
            shares.pop()
            if not done:  # there was no process for it, or it came to grief: it is done here
                out[:, begin:end] = 0
                work(out, begin, end)
    finally:
        for child, _, _ in shares:
            if child:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
    return out


def _begun(work: Callable[[Any, int, int], None], out: Any, begin: int, end: int) -> int:
    """Return the process that does a share, 0 where none can be had."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads: none is at work
            child = os.fork()
    except OSError:
        return 0
    if child:
        return child
    try:
        work(out, begin, end)
        os._exit(0)
    finally:
        os._exit(1)
