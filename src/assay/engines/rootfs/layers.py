"""Layers applied one after another into a root, with nothing that leads out of it and nothing that gives powers."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from assay.engines.isolation.syscalls import open_within
from assay.engines.rootfs.plain import CHUNK, Plain
from assay.kernel.errors import BadInput

MOST_BYTES = 64 << 30
MOST_MEMBERS = 1_000_000
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_DEEPEST = 64
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"


@dataclass
class Applying:
    """A root that layers are applied to. left_out: members that are no file, folder or link."""

    root: Path
    left_out: int = 0
    written: int = 0
    members: int = 0
    _root: int = -1
    _new: set[str] = field(default_factory=set)  # paths of the layer under way

    def __post_init__(self) -> None:
        self._root = os.open(self.root, DIRECTORY)

    def close(self) -> None:
        """Let go of the root."""
        os.close(self._root)

    def layer(self, source: IO[bytes], said: Mapping[str, Any], diff: str) -> None:
        """Apply a layer on what is there; BadInput where it is not what its digests say, or too much."""
        algorithm, _, value = str(said["digest"]).partition(":")
        self._new = set()
        with source:
            plain = Plain(source, algorithm)
            try:
                with tarfile.open(fileobj=plain, mode="r|") as layer:
                    for member in layer:
                        self._member(layer, member, plain)
                packed, unpacked = plain.finish()
            except (tarfile.TarError, zlib.error, EOFError, UnicodeError, RecursionError) as error:
                raise BadInput(f"a layer of the image is no tar: {error}", where=str(self.root)) from None
            except OSError as error:
                raise BadInput(
                    f"a layer of the image cannot be laid out: {error.strerror}", where=str(self.root)
                ) from None
        if packed != value or unpacked != diff:
            raise BadInput("a layer of the image is not what its digests say", where=str(self.root))

    def _member(self, layer: tarfile.TarFile, member: tarfile.TarInfo, plain: Plain) -> None:
        self.members += 1
        if self.members > MOST_MEMBERS or self.written + member.size > MOST_BYTES:
            raise BadInput("the image holds more than any is unpacked for", where=str(self.root))
        parts = [p for p in member.name.split("/") if p not in ("", ".")]
        if ".." in parts or len(parts) > _DEEPEST or "\0" in member.name or len(member.name) > 4096:
            raise BadInput(
                f"a layer names {member.name[:80]!r}, which is no place in an image", where=str(self.root)
            )
        if not parts:
            return
        folder = self._folder("/".join(parts[:-1]))
        try:
            self._put(layer, member, folder, parts)
        finally:
            os.close(folder)

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
                raise BadInput(
                    f"a layer goes through {path[:80]!r}, which leads nowhere", where=str(self.root)
                ) from None
            finally:
                os.close(folder)
            return open_within(self._root, path, DIRECTORY)

    def _put(self, layer: tarfile.TarFile, member: tarfile.TarInfo, folder: int, parts: list[str]) -> None:
        name, path = parts[-1], "/".join(parts)
        if name == _OPAQUE:
            for entry in os.listdir(folder):
                self._remove(folder, entry, f"{'/'.join(parts[:-1])}/{entry}".lstrip("/"))
            return
        if name.startswith(_WHITEOUT):
            gone = name[len(_WHITEOUT) :]
            if gone and gone not in (".", ".."):
                self._remove(folder, gone, "/".join([*parts[:-1], gone]))
            return
        if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
            self.left_out += 1
            return
        self._new.add(path)
        if member.isdir():
            self._dir(folder, name, member.mode)
            return
        _clear(folder, name)
        if member.issym():
            os.symlink(member.linkname[:4095], name, dir_fd=folder)
        elif member.islnk():
            self._hard(folder, name, member.linkname)
        else:
            self._file(layer, member, folder, name)

    def _dir(self, folder: int, name: str, mode: int) -> None:
        try:
            os.mkdir(name, dir_fd=folder)
        except FileExistsError:
            known = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISDIR(known.st_mode):
                _clear(folder, name)
                os.mkdir(name, dir_fd=folder)
        os.chmod(name, (mode & 0o755) | 0o700, dir_fd=folder)

    def _file(self, layer: tarfile.TarFile, member: tarfile.TarInfo, folder: int, name: str) -> None:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "wb") as out:
            content = layer.extractfile(member)
            if content is not None:
                shutil.copyfileobj(content, out, CHUNK)
            self.written += out.tell()
            os.fchmod(out.fileno(), (member.mode & 0o755) | 0o400)

    def _hard(self, folder: int, name: str, target: str) -> None:
        """Link to what lies within the root under the target's name, if that is a file."""
        parts = [p for p in target.split("/") if p not in ("", ".")]
        if ".." in parts or not parts:
            raise BadInput(
                f"a layer links to {target[:80]!r}, which is no place in an image", where=str(self.root)
            )
        above = open_within(self._root, "/".join(parts[:-1]) or ".", DIRECTORY)
        try:
            known = os.stat(parts[-1], dir_fd=above, follow_symlinks=False)
            if not stat.S_ISREG(known.st_mode):
                raise BadInput(f"a layer links to {target[:80]!r}, which is no file", where=str(self.root))
            os.link(parts[-1], name, src_dir_fd=above, dst_dir_fd=folder, follow_symlinks=False)
        finally:
            os.close(above)

    def _remove(self, folder: int, name: str, path: str) -> None:
        """Remove what earlier layers left there; what this one brought stays."""
        if path in self._new or any(p.startswith(path + "/") for p in self._new):
            return
        _clear(folder, name)


def _clear(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        shutil.rmtree(name, dir_fd=folder)
