"""The objects of a repository as git is shown them: those that lie in the tree alone, whatever links and borrowed stores say.

git follows each link that it meets, reads whatever store ``info/alternates`` names, and believes the index of a pack. So it is
given a store of ours, which leads to the regular files of the repository's own; what is left out is told.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_FAN = re.compile(r"[0-9a-f]{2}")
_PACK = re.compile(r"pack-[0-9a-zA-Z._-]{1,200}\.(?:pack|idx)")
_STORES = 16  # that one repository may borrow from
_LONGEST = 1 << 20  # bytes of the list of them

Skip = Callable[[str, str], None]


@dataclass
class Store:
    """A store of ours being laid. root: what all must lie in. size: bytes of the files that it leads to."""

    root: Path
    skip: Skip
    size: int = 0

    def lay(self, objects: Path, ours: Path) -> None:
        """Lay ``ours/objects`` over a store and over those in the tree that it borrows from; ValueError where it lies outside."""
        if not self._inside(objects) or not objects.is_dir():
            raise ValueError(f"its objects lie outside of the tree, in {objects.resolve()}")
        todo, known = [objects.resolve()], {objects.resolve()}
        laid: list[Path] = []
        while todo:
            source = todo.pop(0)
            target = ours / "objects" if not laid else ours / f"borrowed-{len(laid)}"
            target.mkdir(exist_ok=True)
            laid.append(target)
            self._one(source, target)
            for other in self._borrowed(source):
                if not self._inside(other):
                    self.skip(f"objects in {_shown(other)}", "they are borrowed, and lie outside of the tree")
                elif other.resolve() not in known and len(known) < _STORES:
                    known.add(other.resolve())
                    todo.append(other.resolve())
                elif other.resolve() not in known:
                    self.skip(
                        f"objects in {_shown(other)}", f"they are borrowed from more than {_STORES} stores"
                    )
        (ours / "objects" / "info").mkdir(exist_ok=True)
        if laid[1:]:
            (ours / "objects" / "info" / "alternates").write_text("".join(f"{one}\n" for one in laid[1:]))

    def _one(self, source: Path, target: Path) -> None:
        for name, path in self._entries(source, "objects"):
            if _FAN.fullmatch(name):
                self._loose(name, path, target / name)
            elif name == "pack":
                self._packs(path, target / name)
            elif name.startswith(("incoming-", "tmp_objdir-")):
                self.skip(f"objects/{name[:60]}", "git has not taken in what it holds")

    def _loose(self, name: str, path: Path, target: Path) -> None:
        """Lead to a folder whole where there are regular files alone in it, else to each of those."""
        found = list(self._entries(path, f"objects/{name}"))
        if not found:
            return
        sizes = {inner: self._regular(at, f"object {name}{inner[:10]}") for inner, at in found}
        if all(size is not None for size in sizes.values()) and not any(at.is_symlink() for _, at in found):
            target.symlink_to(path)
        else:
            target.mkdir()
            for inner, at in found:
                if sizes[inner] is not None:
                    (target / inner).symlink_to(at.resolve())
        self.size += sum(size for size in sizes.values() if size is not None)

    def _packs(self, path: Path, target: Path) -> None:
        """Lead to packs with an index of as many objects; another index over them, bitmaps and the like are not asked."""
        target.mkdir()
        found = dict(self._entries(path, "objects/pack"))
        for name, at in found.items():
            if name.startswith("tmp_pack_"):
                self.skip(f"{name[:60]}", "git has not finished this pack, so that nobody can read it")
            if not _PACK.fullmatch(name) or not name.endswith(".pack"):
                continue
            index = found.get(f"{name[:-5]}.idx")
            size = self._regular(at, name)
            if index is None:
                self.skip(name, "it has no index, so that its objects cannot be found")
            elif size is not None and self._regular(index, index.name) is not None:
                self.size += size
                if _held(at) != _listed(index):
                    self.skip(name, "its index does not list as many objects as it says that it holds")
                (target / name).symlink_to(at.resolve())
                (target / index.name).symlink_to(index.resolve())

    def _borrowed(self, source: Path) -> Iterator[Path]:
        """Give the stores that one borrows from."""
        path = source / "info" / "alternates"
        if not path.exists() and not path.is_symlink():
            return
        if not self._inside(path) or not path.is_file() or path.stat().st_size > _LONGEST:
            self.skip("objects/info/alternates", "it is no file of the tree that could be read")
            return
        for line in path.read_bytes().split(b"\n"):
            if not line or line.startswith(b"#"):
                continue
            if line.startswith(b'"') or b"\0" in line:
                self.skip(f"objects in {_shown(line)}", "they are borrowed, under a name that is not read")
                continue
            yield source / os.fsdecode(line)

    def _entries(self, folder: Path, shown: str) -> Iterator[tuple[str, Path]]:
        """Give what is in a folder, which is told where it lies outside or cannot be read."""
        if not self._inside(folder):
            self.skip(shown, "it is a link that leads out of the tree")
            return
        try:
            names = sorted(one.name for one in folder.iterdir())
        except OSError as error:
            self.skip(shown, f"it cannot be read: {error.strerror}")
            return
        for name in names:
            yield name, folder / name

    def _regular(self, path: Path, shown: str) -> int | None:
        """Return the bytes of a regular file in the tree; None of anything else, which is told."""
        try:
            known = path.lstat()
            if stat.S_ISLNK(known.st_mode):
                if not self._inside(path):
                    self.skip(shown, "it is a link that leads out of the tree")
                    return None
                known = path.stat()
        except OSError as error:
            self.skip(shown, f"it cannot be read: {error.strerror}")
            return None
        if not stat.S_ISREG(known.st_mode):
            self.skip(shown, "it is no regular file")
            return None
        return known.st_size

    def _inside(self, path: Path) -> bool:
        return inside(path, self.root)


def inside(path: Path, root: Path) -> bool:
    """Whether what a path leads to, links followed, lies in a folder."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):  # links in a circle, a byte of 0
        return False


def _held(pack: Path) -> int:
    """Return how many objects a pack says that it holds; -1 where it is none (gitformat-pack)."""
    with pack.open("rb") as source:
        head = source.read(12)
    return int.from_bytes(head[8:], "big") if head[:4] == b"PACK" and len(head) == 12 else -1


def _listed(index: Path) -> int:
    """Return how many objects an index lists: the last entry of its fan-out, of version 1 or 2."""
    with index.open("rb") as source:
        head = source.read(8 + 1024)
    fan = head[8:] if head.startswith(b"\xfftOc") else head[:1024]
    return int.from_bytes(fan[1020:1024], "big") if len(fan) >= 1024 else -2


def _shown(path: Path | bytes) -> str:
    return os.fsdecode(path).encode("utf-8", "replace").decode()[:120]
