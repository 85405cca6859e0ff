"""Folders that hostile code has written: walked without following anything, measured, and removed, however deep.

Nothing here recurses, and nothing takes a path that a job chose for more than one name at a time.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from assay.kernel.errors import BadInput

DEEPEST = 100
_LESS = "write fewer levels"
_GONE = (errno.ENOENT, errno.ENOTDIR)
_LEAST = 4096  # what an entry takes at least: an inode and its name


@dataclass(frozen=True, slots=True)
class Entry:
    """path: from the folder down, with /. stat: of the thing itself, never of what a link leads to."""

    path: str
    stat: os.stat_result

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.stat.st_mode)

    @property
    def is_link(self) -> bool:
        """Whether it is a link."""
        return stat.S_ISLNK(self.stat.st_mode)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.stat.st_mode)


def entries(
    folder: Path | str, deepest: int = DEEPEST, closed: Callable[[str, OSError], None] | None = None
) -> Iterator[Entry]:
    """Give everything below a folder, parents first.

    BadInput where it nests deeper than ``deepest`` or hides what it holds: what cannot be looked at cannot be
    measured. What vanishes meanwhile is left out. closed: told the path of what cannot be looked at, which is then borne.
    """
    todo = [("", 1)]
    while todo:
        inner, depth = todo.pop()
        try:
            with os.scandir(os.path.join(folder, inner)) as found:
                names = sorted(entry.name for entry in found)
        except OSError as error:
            if not inner or closed is None or error.errno in _GONE:
                _vanished(error, inner)
            else:
                closed(inner, error)
            continue
        for name in names:
            path = f"{inner}/{name}" if inner else name
            try:
                known = os.lstat(os.path.join(folder, path))
            except OSError as error:
                if closed is None or error.errno in _GONE:
                    _vanished(error, path)
                else:
                    closed(path, error)
                continue
            entry = Entry(path, known)
            yield entry
            if entry.is_folder:
                if depth >= deepest:
                    raise BadInput(f"{_shown(path)} nests deeper than {deepest} folders", remedy=_LESS)
                todo.append((path, depth + 1))


def _vanished(error: OSError, path: str) -> None:
    if error.errno == errno.ENAMETOOLONG:
        raise BadInput(f"{_shown(path)} has a path longer than the system takes", remedy=_LESS)
    if error.errno not in _GONE:
        raise BadInput(f"{_shown(path)} cannot be looked at: {error.strerror}", remedy="leave it readable")


def _shown(path: str) -> str:
    return ascii(path[:60])[1:-1] + ("…" if len(path) > 60 else "")


def size(folder: Path, enough: int) -> int:
    """Return the bytes that a folder or file takes or says it holds, whichever is more; stops past ``enough``.

    A file with holes counts as what it says, since who reads it reads that; each entry counts 4 KiB at least.
    BadInput as ``entries`` raises it.
    """
    try:
        total = _taken(os.lstat(folder))
    except OSError:
        return 0
    for entry in entries(folder):
        total += _taken(entry.stat)
        if total > enough:
            break
    return total


def _taken(known: os.stat_result) -> int:
    plain = known.st_size if stat.S_ISREG(known.st_mode) else 0
    return max(known.st_blocks * 512, plain, _LEAST)


def sweep(folder: Path) -> None:
    """Remove a folder and all in it, as far as it can be: deep ones, and those closed to their own owner, too."""
    with contextlib.suppress(OSError):
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            os.unlink(folder)
            return
    while True:
        inner = _flattened(folder)
        if not inner:
            break
    with contextlib.suppress(OSError):
        os.rmdir(folder)


def _flattened(folder: Path) -> bool:
    """Remove the files of a folder, and lift what lies in its folders into it; whether anything was moved."""
    moved = False
    for path in _listed(folder):
        if not _is_folder(path):
            with contextlib.suppress(OSError):
                os.unlink(path)
            continue
        for below in _listed(path):
            with contextlib.suppress(OSError):
                if _is_folder(below):
                    os.chmod(below, 0o700)
                    os.rename(below, os.path.join(folder, f".swept-{secrets.token_hex(8)}"))
                    moved = True
                else:
                    os.unlink(below)
        with contextlib.suppress(OSError):
            os.rmdir(path)
    return moved


def _listed(folder: Path | str) -> list[str]:
    with contextlib.suppress(OSError):
        if os.lstat(folder).st_mode & 0o700 != 0o700:
            os.chmod(folder, 0o700)
        return [os.path.join(folder, name) for name in os.listdir(folder)]
    return []


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def tail(file: Path, most: int) -> bytes:
    """Return the last bytes of a file, however long it is; none where there is no file."""
    try:
        with open(file, "rb") as source:
            source.seek(max(0, os.fstat(source.fileno()).st_size - most))
            return source.read(most)
    except OSError:
        return b""
