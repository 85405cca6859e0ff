"""A root directory or a mounted disk as an image, a live host's ``/`` included. Links are never followed.

A file is opened through the folders above it, none of which may be a link, so that nothing outside of the root is read however the
tree changes meanwhile. File systems of the kernel, and the stores of container engines, are no part of it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Set
from functools import partial
from pathlib import Path
from typing import Any

from assay.engines.containers import beneath
from assay.engines.containers.file import PlainFile
from assay.engines.containers.filed import FiledImage
from assay.engines.containers.room import LONGEST, Full
from assay.kernel.asset import Asset
from assay.kernel.handles import ImageFile
from assay.methods.packages.wanted import database

_DEEPEST = 200
_LARGE = 1 << 62
# Of the kernel, not of the disk. https://man7.org/linux/man-pages/man5/filesystems.5.html
_PSEUDO = frozenset(
    {
        "proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "mqueue", "debugfs", "tracefs", "securityfs", "pstore",
        "bpf", "hugetlbfs", "configfs", "fusectl", "nsfs", "binfmt_misc", "efivarfs", "rpc_pipefs", "selinuxfs", "autofs",
    }
)  # fmt: skip
_STORES = ("var/lib/docker", "var/lib/containerd", "var/lib/containers/storage", "var/lib/kubelet/pods")


class FolderImage(FiledImage):
    """An Image: a folder that is the root of a file system. without: a folder inside that is no part of it."""

    tags: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    problems: tuple[Any, ...] = ()
    platform = ""

    def __init__(self, asset: Asset, root: Path, without: Path | None = None) -> None:
        super().__init__(asset)
        self.root = root.resolve()
        self._compared = False
        self._without = without.resolve() if without else None

    def files(self, wanted: Callable[[str, int], bool], *, hidden: bool = False) -> Iterator[ImageFile]:
        """Give the wanted regular files. hidden: says nothing here.

        A host goes on working while it is examined: where its records are not those it was pinned by any more, that is a gap.
        """
        told: list[str] | None = [] if self.asset.digest and not self._compared else None
        try:
            for path, known in self._walk(wanted, told):
                if stat.S_ISREG(known.st_mode):
                    if wanted(path, known.st_size):
                        yield self._file(path, known)
                elif stat.S_ISLNK(known.st_mode) and wanted(path, 0):
                    self._link(path)
                elif not stat.S_ISLNK(known.st_mode) and wanted(path, 1):
                    self.room.gap(path, "it is no regular file, and a record would stand there")
        except Full as full:
            self.room.gap("the rest of the tree", str(full))
            if told is not None:
                told.append("full\0")
        if told is not None:
            self._compared = True
            if _digest(told) != self.asset.digest:
                self.room.gap(
                    "records of packages",
                    "some changed while the tree was examined; examine it when it is still",
                )

    def _file(self, path: str, known: os.stat_result) -> PlainFile:
        several = (known.st_dev, known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns)
        same = several if known.st_nlink > 1 else ()
        return PlainFile(path, known.st_size, partial(beneath.opened, self.root, path), same)

    def at(self, places: Set[str]) -> Iterator[ImageFile]:
        """Give the regular files at these places: looked for where they lie, without a walk over all the others."""
        pseudo = _mounted(self.root)
        for place in sorted(places):
            known = self._reached(place, pseudo)
            if known is None or stat.S_ISDIR(known.st_mode):
                continue
            if stat.S_ISREG(known.st_mode):
                yield self._file(place, known)
            else:
                self.room.gap(place, "it is no regular file, and a record would stand there")

    def _reached(self, place: str, pseudo: frozenset[str]) -> os.stat_result | None:
        """Return what lies at a place; None where a link does, which is noted, or nothing, or what is no part of the image."""
        pieces = place.split("/")
        if (
            len(place) > LONGEST
            or len(pieces) > _DEEPEST
            or not all(p not in ("", ".", "..") for p in pieces)
        ):
            return None
        path, known = "", None
        for piece in pieces:
            path = f"{path}/{piece}" if path else piece
            try:
                known = (self.root / path).lstat()
            except (OSError, ValueError):
                return None
            if stat.S_ISLNK(known.st_mode):
                self._link(path)
                return None
            folder = stat.S_ISDIR(known.st_mode)
            if folder and (path in pseudo or path in _STORES or self.root / path == self._without):
                return None
            if not folder and path != place:
                return None
        return known

    def _link(self, path: str) -> None:
        if not self._may_link(path):
            return
        try:
            self._links[path] = str((self.root / path).readlink())
        except OSError as error:
            self.room.gap(path, f"the link cannot be read: {error.strerror}")

    def _walk(
        self, wanted: Callable[[str, int], bool], told: list[str] | None = None
    ) -> Iterator[tuple[str, os.stat_result]]:
        """Give what is no folder and may be wanted: what would not be, however large, is not asked for its size.

        told: takes in on the way what the tree is pinned by.
        """
        pseudo = _mounted(self.root)
        self.room.seen = 0  # of each walk over the same tree, or a second would find half of the room used
        todo = [("", 0)]
        while todo:
            inner, depth = todo.pop()
            try:
                with os.scandir(self.root / inner) as found:
                    entries = sorted(found, key=lambda e: e.name)
            except OSError as error:
                self.room.gap(inner or "/", f"the folder cannot be looked into: {error.strerror}")
                continue
            for entry in entries:
                self.room.entry()
                path = f"{inner}/{entry.name}" if inner else entry.name
                if len(path) > LONGEST:
                    self.room.gap(path[:100], "its path is too long")
                    continue
                try:
                    folder = entry.is_dir(follow_symlinks=False)
                    if not folder:
                        pinned = told is not None and database(path, _LARGE)
                        asked = wanted(path, _LARGE)
                        if asked or pinned:
                            known = entry.stat(follow_symlinks=False)
                            if told is not None and pinned:
                                told += _line(path, known)
                            if asked:
                                yield path, known
                        continue
                except OSError:
                    continue  # it went meanwhile
                if path in pseudo or (self._without and self.root / path == self._without):
                    continue
                elif path in _STORES:
                    self.room.gap(path, "a container engine's store: examine its images one by one")
                elif depth >= _DEEPEST:
                    self.room.gap(path[:100], f"it nests deeper than {_DEEPEST} folders")
                else:
                    todo.append((path, depth + 1))


def _mounted(root: Path) -> frozenset[str]:
    """Return the places below a root where file systems of the kernel are mounted."""
    out = set()
    try:
        lines = (
            Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        )
    except OSError:
        return frozenset()
    for line in lines:
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) > 4 and right.split()[:1] and right.split()[0] in _PSEUDO:
            place = Path(fields[4].replace("\\040", " "))
            if place != root and place.is_relative_to(root):
                out.add(place.relative_to(root).as_posix())
    return frozenset(out)


def listing(root: Path, without: Path | None = None) -> str:
    """Return a digest of the names, sizes and times of what tells of packages: how a tree read where it lies is pinned."""
    image = FolderImage(Asset("image", "", ""), root, without)
    told: list[str] = []
    try:
        for _ in image._walk(lambda path, size: False, told):
            pass
    except Full:
        told.append("full\0")
    return _digest(told)


def _line(path: str, known: os.stat_result) -> list[str]:
    counts = stat.S_ISREG(known.st_mode) and database(path, known.st_size)
    return [f"{path}\0{known.st_size}\0{known.st_mtime_ns}\0"] if counts else []


def _digest(told: list[str]) -> str:
    made = hashlib.sha256(b"assay.listing/1\n")
    for one in sorted(told):
        made.update(one.encode("utf-8", "surrogateescape"))
    return "sha256:" + made.hexdigest()
