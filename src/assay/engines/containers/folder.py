"""A root directory or a mounted disk as an image, a live host's ``/`` included. Links are never followed.

A file is opened through the folders above it, none of which may be a link, so that nothing outside of the root is read however the
tree changes meanwhile. File systems of the kernel, and the stores of container engines, are no part of it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from assay.engines.containers import beneath
from assay.engines.containers.file import PlainFile
from assay.engines.containers.room import LINKS, LONGEST, Full, Room
from assay.kernel.asset import Asset
from assay.kernel.handles import ImageFile

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


class FolderImage:
    """An Image: a folder that is the root of a file system. without: a folder inside that is no part of it."""

    tags: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    problems: tuple[Any, ...] = ()
    platform = ""

    def __init__(self, asset: Asset, root: Path, without: Path | None = None) -> None:
        self.asset, self.root = asset, root.resolve()
        self.room = Room()
        self._links: dict[str, str] = {}
        self._without = without.resolve() if without else None

    @property
    def gaps(self) -> list[tuple[str, str]]:
        """Return what was not examined, and why."""
        return self.room.gaps

    def links(self) -> Mapping[str, str]:
        """Return where links lead that stand where a file was wanted."""
        return self._links

    def document(self) -> bytes | None:
        """Return None: there are files."""
        return None

    def files(self, wanted: Callable[[str, int], bool], *, hidden: bool = False) -> Iterator[ImageFile]:
        """Give the wanted regular files. hidden: says nothing here."""
        try:
            for path, known in self._walk(wanted):
                if stat.S_ISREG(known.st_mode):
                    if wanted(path, known.st_size):
                        yield PlainFile(path, known.st_size, partial(beneath.opened, self.root, path))
                elif stat.S_ISLNK(known.st_mode) and wanted(path, 0):
                    self._link(path)
                elif not stat.S_ISLNK(known.st_mode) and wanted(path, 1):
                    self.room.gap(path, "it is no regular file, and a record would stand there")
        except Full as full:
            self.room.gap("the rest of the tree", str(full))

    def _link(self, path: str) -> None:
        if len(self._links) >= LINKS and path not in self._links:
            self.room.gap(path, f"more than {LINKS:,} links stand where a record may be")
            return
        try:
            self._links[path] = str((self.root / path).readlink())
        except OSError as error:
            self.room.gap(path, f"the link cannot be read: {error.strerror}")

    def _walk(self, wanted: Callable[[str, int], bool]) -> Iterator[tuple[str, os.stat_result]]:
        """Give what is no folder and may be wanted: what would not be, however large, is not asked for its size."""
        pseudo = _mounted(self.root)
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
                        if wanted(path, _LARGE):
                            yield path, entry.stat(follow_symlinks=False)
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


def listing(root: Path, wanted: Callable[[str, int], bool], without: Path | None = None) -> str:
    """Return a digest of the wanted files' names, sizes and times: how a tree that is read where it lies is pinned."""
    image = FolderImage(Asset("image", "", ""), root, without)
    made = hashlib.sha256(b"assay.listing/1\n")
    told = []
    try:
        for path, known in image._walk(wanted):
            if stat.S_ISREG(known.st_mode) and wanted(path, known.st_size):
                told.append(f"{path}\0{known.st_size}\0{known.st_mtime_ns}\0")
    except Full:
        told.append("full\0")
    for one in sorted(told):
        made.update(one.encode("utf-8", "surrogateescape"))
    return "sha256:" + made.hexdigest()
