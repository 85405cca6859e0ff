"""Where replicas are reached: Unix sockets in a folder of their own, which nobody else may enter."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from assay.engines.leftovers import outside, removed
from assay.kernel.errors import UsageError

_LONGEST = 100  # bytes of a path; the kernel takes 107
_BACKLOG = 512


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Give a private folder for sockets, and remove it with all that is in it."""
    made, lock = outside("serve")
    try:
        yield made
    finally:
        removed(made, lock)


def control_of(path: Path) -> Path:
    """Return where the supervisor of a replica is told that it hangs."""
    return path.with_name(f"{path.name}.control")


def listen(path: Path) -> socket.socket:
    """Return a listening socket at a path, in place of one that was left there; UsageError where the path is too long."""
    made = _bound(path, socket.SOCK_STREAM)
    made.listen(_BACKLOG)
    return made


def mailbox(path: Path) -> socket.socket:
    """Return a socket that takes datagrams at a path, and never waits for one."""
    made = _bound(path, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made


def _bound(path: Path, kind: int) -> socket.socket:
    if len(os.fsencode(path)) > _LONGEST:
        raise UsageError(
            f"a socket's path may have {_LONGEST} bytes, and {path} has {len(os.fsencode(path))}",
            remedy="choose a folder with a shorter path",
        )
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    made = socket.socket(socket.AF_UNIX, kind)
    try:
        made.bind(str(path))
        path.chmod(0o600)
    except OSError as error:
        made.close()
        raise UsageError(f"no socket can be made at {path}: {error.strerror}") from None
    return made
