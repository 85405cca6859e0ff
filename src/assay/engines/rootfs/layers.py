"""Layers applied one after another into a root, with nothing that leads out of it and nothing that gives powers."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from assay.engines.containers.layers import OPAQUE, WHITEOUT, Layer, held, streamed
from assay.engines.containers.room import LONGEST, Full, Room
from assay.engines.containers.stream import LayerStream
from assay.engines.isolation.syscalls import open_within
from assay.kernel.errors import BadInput, of_the_machine
from assay.methods import tars

MOST_BYTES = 64 << 30
MOST_MEMBERS = 1_000_000
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_CHUNK = 1 << 20
_DEEPEST = 64  # folders of a member's name
_DEEPEST_FOLDER = 256  # folders where it lies, when the links on the way were followed


@dataclass
class Applying:
    """A root that layers are applied to. left_out: members that are no file, folder or link."""

    root: Path
    left_out: int = 0
    room: Room = field(default_factory=lambda: Room(entries=MOST_MEMBERS, size=MOST_BYTES))
    _root: int = -1
    _new: set[str] = field(
        default_factory=set
    )  # paths of the layer under way, and of the folders they lie in
    _emptied: set[str] = field(default_factory=set)  # of these, those rid of what earlier layers left there

    def __post_init__(self) -> None:
        self._root = os.open(self.root, DIRECTORY)

    def close(self) -> None:
        """Let go of the root."""
        os.close(self._root)

    def layer(self, source: IO[bytes], said: Layer) -> None:
        """Apply a layer on what is there; BadInput where it is not what its digests say, or too much."""
        self._new, self._emptied = set(), set()
        stream = streamed(said, source, self.room)
        try:
            for member in tars.members(stream):
                self._member(stream, member)
            stream.drain()
        except tars.Damaged as error:
            raise self._bad(f"a layer of the image cannot be read: {error.what}") from None
        except Full as full:
            raise self._bad(f"the image holds more than any is unpacked for: {full}") from None
        except OSError as error:
            if ours := of_the_machine(error):
                raise ours from None
            raise self._bad(f"a layer of the image cannot be laid out: {error.strerror or error}") from None
        finally:
            stream.close()
        if not held(said, stream):
            raise self._bad("a layer of the image is not what its digests say")

    def _bad(self, what: str) -> BadInput:
        return BadInput(what, where=str(self.root))

    def _member(self, stream: LayerStream, member: tars.Member) -> None:
        self.room.entry()
        parts = [p for p in member.name.split("/") if p not in ("", ".")]
        if ".." in parts or len(parts) > _DEEPEST or "\0" in member.name or len(member.name) > LONGEST:
            raise self._bad(f"a layer names {member.name[:80]!r}, which is no place in an image")
        if not parts:
            return
        folder = self._folder("/".join(parts[:-1]))
        try:
            self._shallow(folder)
            self._put(stream, member, folder, parts)
        finally:
            os.close(folder)

    def _shallow(self, folder: int) -> None:
        """Refuse what links have led deeper than anything lies: nobody could remove it."""
        root, place = (
            Path(f"/proc/self/fd/{one}").readlink() for one in (self._root, folder)
        )  # or ENAMETOOLONG
        if len(place.parts) - len(root.parts) > _DEEPEST_FOLDER:
            raise self._bad(f"a layer lays out folders more than {_DEEPEST_FOLDER} deep")

    def _folder(self, path: str) -> int:
        """Open a folder of the root, made where it is not there yet; links are followed within the root alone."""
        try:
            return open_within(self._root, path or ".", DIRECTORY)
        except FileNotFoundError:
            above, _, name = path.rpartition("/")
            folder = self._folder(above)
            try:
                os.mkdir(name, 0o755, dir_fd=folder)
            except FileExistsError:
                raise self._bad(f"a layer goes through {path[:80]!r}, which leads nowhere") from None
            finally:
                os.close(folder)
            return open_within(self._root, path, DIRECTORY)

    def _put(self, stream: LayerStream, member: tars.Member, folder: int, parts: list[str]) -> None:
        name, path = parts[-1], "/".join(parts)
        if name == OPAQUE:
            for entry in _names(folder):
                self._remove(folder, entry, "/".join([*parts[:-1], entry]))
            return
        if name.startswith(WHITEOUT):
            gone = name[len(WHITEOUT) :]
            if gone and gone not in (".", ".."):
                self._remove(folder, gone, "/".join([*parts[:-1], gone]))
            return
        if member.kind not in ("file", "folder", "link"):
            self.left_out += 1
            return
        self._keep(path)
        if member.kind == "folder":
            self._dir(folder, name, member.mode)
        elif member.kind == "file":
            _clear(folder, name)
            self._file(stream, member, folder, name)
        elif member.hard:
            self._hard(folder, name, member.link)
        elif not member.link or len(member.link) >= LONGEST or "\0" in member.link:
            raise self._bad(f"a layer links to {member.link[:80]!r}, which is no path")
        else:
            _clear(folder, name)
            os.symlink(member.link, name, dir_fd=folder)

    def _keep(self, path: str) -> None:
        """Note that this layer brought it, and with it each folder above."""
        while path and path not in self._new:
            self.room.name(path)
            self._new.add(path)
            path = path.rpartition("/")[0]

    def _dir(self, folder: int, name: str, mode: int) -> None:
        try:
            os.mkdir(name, dir_fd=folder)
        except FileExistsError:
            known = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISDIR(known.st_mode):
                _clear(folder, name)
                os.mkdir(name, dir_fd=folder)
        os.chmod(name, (mode & 0o755) | 0o700, dir_fd=folder)

    def _file(self, stream: LayerStream, member: tars.Member, folder: int, name: str) -> None:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "wb") as out:
            left = member.size
            while left:
                part = stream.take(min(left, _CHUNK))
                if not part:
                    raise tars.Damaged("a member of the tar is cut short", stream.at)
                out.write(part)
                left -= len(part)
            os.fchmod(out.fileno(), (member.mode & 0o755) | 0o400)

    def _hard(self, folder: int, name: str, target: str) -> None:
        """Link to what lies within the root under the target's name, if that is a file."""
        parts = [p for p in target.split("/") if p not in ("", ".")]
        if ".." in parts or not parts:
            raise self._bad(f"a layer links to {target[:80]!r}, which is no place in an image")
        above = open_within(self._root, "/".join(parts[:-1]) or ".", DIRECTORY)
        try:
            known = os.stat(parts[-1], dir_fd=above, follow_symlinks=False)
            if stat.S_ISDIR(known.st_mode):
                raise self._bad(f"a layer links to {target[:80]!r}, which is no file")
            here = os.fstat(above), os.fstat(folder)
            if parts[-1] == name and here[0].st_ino == here[1].st_ino and here[0].st_dev == here[1].st_dev:
                return  # a name of itself
            _clear(folder, name)
            os.link(parts[-1], name, src_dir_fd=above, dst_dir_fd=folder, follow_symlinks=False)
        finally:
            os.close(above)

    def _remove(self, folder: int, name: str, path: str) -> None:
        """Remove what earlier layers left there; what this one brought stays."""
        if path not in self._new:
            _clear(folder, name)
            return
        if path in self._emptied:
            return
        self._emptied.add(path)
        try:
            inner = os.open(name, DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        except OSError:  # it is no folder
            return
        try:
            for entry in _names(inner):
                self._remove(inner, entry, f"{path}/{entry}")
        finally:
            os.close(inner)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as found:
        return [entry.name for entry in found]


def _clear(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        shutil.rmtree(name, dir_fd=folder)
