"""A folder into which things are put: what lies in it, and whether that is still being written.

Each entry at a depth is one arrival, whether file or folder. It is looked at by names, sizes and times alone, through no link; it has
landed once nothing of it changed for a while. Times of change (ctime) cannot be set back by whoever writes the file.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assay.kernel.errors import Missing, UsageError

MOST = 1_000_000  # entries that are looked at in one round
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that lies there. sign: changes with any change of it; changed: when it last did, in seconds since 1970.

    odd: why it cannot be scanned, empty where it can.
    """

    path: Path
    folder: bool
    sign: str
    changed: float
    odd: str = ""


class Full(Exception):
    """More lies there than is looked at."""


@dataclass
class Folder:
    """A folder that is watched. depth: how deep arrivals lie, 1 for what lies in it. without: what is no part of it.

    settle: seconds without a change after which an entry has landed.
    """

    root: Path
    settle: float = 2.0
    depth: int = 1
    without: Path | None = None
    _seen: dict[Path, tuple[str, float]] = field(default_factory=dict)  # sign, and since when it is that

    def __post_init__(self) -> None:
        """Missing where there is no such folder."""
        if not self.root.is_dir():
            raise Missing(f"there is no folder {str(self.root)!r}", remedy="make it, or name another")
        self.root = self.root.resolve()

    def look(self) -> tuple[list[Entry], list[Entry]]:
        """Return what has landed, and what is still being written or has changed a moment ago."""
        landed, moving, seen = list[Entry](), list[Entry](), dict[Path, tuple[str, float]]()
        now, clock = time.time(), time.monotonic()
        for entry in self._entries():
            sign, since = self._seen.get(entry.path, ("", clock))
            since = since if sign == entry.sign else clock
            seen[entry.path] = (entry.sign, since)
            old = (
                self.settle <= now - entry.changed
            )  # a clock that is behind is not believed: then it is watched
            (landed if old or clock - since >= self.settle else moving).append(entry)
        self._seen = seen
        return landed, moving

    def same(self, entry: Entry) -> bool:
        """Whether an entry is still what it was."""
        try:
            return self._entry(entry.path, [MOST]).sign == entry.sign
        except (OSError, Full):
            return False

    def whole(self) -> Entry:
        """Return the folder itself as an entry: its sign changes with whatever lies in it."""
        try:
            return self._entry(self.root, [MOST])
        except Full:
            raise UsageError(
                f"more than {MOST:,} files lie there", where=str(self.root), remedy="watch a folder of fewer"
            ) from None

    def _entries(self) -> Iterator[Entry]:
        room = [MOST]
        try:
            for path in self._at(self.root, self.depth, room):
                try:
                    yield self._entry(path, room)
                except FileNotFoundError:
                    continue  # it went meanwhile
                except OSError as error:
                    yield Entry(
                        path,
                        False,
                        f"unread {error.errno}",
                        0.0,
                        f"it cannot be looked into: {error.strerror}",
                    )
        except OSError as error:
            raise UsageError(
                f"the folder cannot be looked into: {error.strerror}",
                where=str(self.root),
                remedy="allow it to be read",
            ) from None
        except Full:
            raise UsageError(
                f"more than {MOST:,} files lie there", where=str(self.root), remedy="watch a folder of fewer"
            ) from None

    def _at(self, folder: Path, depth: int, room: list[int]) -> Iterator[Path]:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda e: e.name)
        for entry in entries:
            path = folder / entry.name
            _spend(room)
            if path == self.without:
                continue
            if depth > 1 and entry.is_dir(follow_symlinks=False):
                yield from self._at(path, depth - 1, room)
            else:
                yield path

    def _entry(self, path: Path, room: list[int]) -> Entry:
        known = path.lstat()
        if not _is_text(path.name):
            return Entry(
                path,
                False,
                _line(shown(path), known),
                known.st_ctime,
                "its name is no UTF-8: give it another",
            )
        if stat.S_ISLNK(known.st_mode):
            return Entry(
                path,
                False,
                f"link {path.readlink()}",
                known.st_ctime,
                "it is a link, and links are not followed",
            )
        if stat.S_ISREG(known.st_mode):
            return Entry(path, False, _line(path.name, known), known.st_ctime)
        if not stat.S_ISDIR(known.st_mode):
            return Entry(
                path, False, f"odd {known.st_mode}", known.st_ctime, "it is neither a file nor a folder"
            )
        made, latest, odd = hashlib.sha256(), known.st_ctime, ""
        for name, inner in _walk(path, room, self.without):
            made.update(_line(name, inner).encode("utf-8", "surrogateescape"))
            latest = max(latest, inner.st_ctime)
            if name.count("/") >= _DEEPEST:
                odd = f"it nests deeper than {_DEEPEST} folders"
        return Entry(path, True, made.hexdigest(), latest, odd)


def _walk(root: Path, room: list[int], without: Path | None) -> Iterator[tuple[str, os.stat_result]]:
    """Give everything below a folder by its name there, in order; OSError where a folder cannot be looked into."""
    todo = [("", 0)]
    while todo:
        inner, depth = todo.pop()
        with os.scandir(root / inner) as found:
            entries = sorted(found, key=lambda e: e.name)
        for entry in entries:
            _spend(room)
            name = f"{inner}/{entry.name}" if inner else entry.name
            if without is not None and root / name == without:
                continue
            try:
                yield name, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False) and depth < _DEEPEST:
                    todo.append((name, depth + 1))
            except FileNotFoundError:
                continue  # it went meanwhile: the folder above has changed, and is looked at again


def shown(path: Path) -> str:
    """Return a path as it can be written down, whatever its bytes are."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _line(name: str, known: os.stat_result) -> str:
    return f"{name}\0{known.st_mode}\0{known.st_ino}\0{known.st_size}\0{known.st_mtime_ns}\0{known.st_ctime_ns}\0"


def _spend(room: list[int]) -> None:
    room[0] -= 1
    if room[0] < 0:
        raise Full
