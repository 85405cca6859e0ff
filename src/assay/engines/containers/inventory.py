"""What is installed in an image: each record of packages read by its reader, in one pass over the files.

A record that cannot be read to its end is a gap, never nothing: what it would have named is unknown.
"""

from __future__ import annotations

import importlib
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from assay.engines.containers.alike import Alike
from assay.engines.containers.settling import settle
from assay.kernel.errors import BadInput
from assay.kernel.handles import Image, ImageFile, Work
from assay.methods.packages import locks, osrelease
from assay.methods.packages.locks import within
from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.osrelease import System
from assay.methods.packages.package import Package, Unreadable
from assay.methods.packages.python import modules
from assay.methods.packages.wanted import DATABASES, JOURNAL, database, kind_of, plain, resolved

MOST = 250_000  # packages of one image
RECORD = 256 << 20  # bytes of a bill of materials
_DATABASE = 64 << 20  # of a database of packages that is text: a hundred times what a full system has
_LOCK = 32 << 20  # of what npm resolved: read whole, it takes twenty times as much
_CARGO = 4 << 20  # of what cargo resolved
_LOCKED = 64 << 20  # of all locks of a source tree
_SMALL = 16 << 20  # of any other record
_OWNED = 4_000_000  # paths, and modules, of which is kept who brought them
_PASSES = 8  # over an image, to follow links, and files that refer to others
_REFERRED = 1_000  # files that others refer to
_WRONG = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
    struct.error,
    zlib.error,
    EOFError,
)
# kind → the module of methods.packages that reads it; those that read anywhere take a file, the others bytes.
_READERS = {
    "dpkg": ("dpkg", _DATABASE), "apk": ("apk", _DATABASE), "python": ("python", _SMALL), "conda": ("conda", _SMALL),
    "npm": ("npm", _SMALL), "npm-lock": ("npmlock", _LOCK), "cargo-lock": ("cargolock", _CARGO), "r": ("rlang", _SMALL),
}  # fmt: skip
_ANYWHERE = {"rpm": "rpm", "java": "java", "binary": "binary", "model": "mlmodel"}
_PROGRAMS = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xca\xfe\xba\xbe")


@dataclass(frozen=True, slots=True)
class Inventory:
    """What was found: the system, packages in order, files looked into, and what could not be read."""

    system: System = field(default_factory=System)
    packages: tuple[Package, ...] = ()
    files: int = 0
    gaps: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()  # of bills of materials that it was read from


class Taking:
    """What is taken in of an image, file by file."""

    def __init__(self, image: Image, work: Work) -> None:
        self.image, self.work = image, work
        self.packages: dict[tuple[str, str, str], Package] = {}
        self.gaps: list[tuple[str, str]] = []
        self.owners: dict[str, str] = {}
        self.systems: dict[str, System] = {}
        self.modules: dict[str, tuple[str, ...]] = {}  # of Python, by the folder of their metadata
        self.read: set[tuple[str, str]] = set()  # path and kind: one file may be a record of several kinds
        self.locked: dict[str, Locked] = {}  # of a source tree, by the file that says it
        self.unlocked: list[tuple[str, str]] = []  # which of these cannot be read, and why
        self.alike = Alike()
        self.files = self.kept = self.locking = 0

    def one(self, file: ImageFile, kind: str) -> None:
        """Read one record."""
        if kind == "above":
            return
        self.read.add((file.path, kind))
        if kind == "binary" and not self.alike.begins(file, _PROGRAMS):
            return
        self.files += 1
        if self.files % 200 == 0:
            self.work.progress(self.files, 0, "reading what is installed")
        try:
            if kind == "system":
                self.systems[file.path] = osrelease.read(file.read(1 << 20))
            elif kind in ("rpm-wal", "rpm-journal"):
                if file.size and (kind == "rpm-wal" or file.head(8) == JOURNAL):
                    raise Unreadable("changes of rpm's database lie in it that were not carried over")
            elif kind == "dpkg-files":
                self._owned(file)
            elif kind == "lock":
                self.locking += file.size
                if self.locking > _LOCKED:
                    raise Unreadable(f"more than {_LOCKED >> 20} MiB of locks lie there")
                form = (
                    "" if locks.form_of(file.path) else "requirements"
                )  # it is one, since another refers to it
                self.locked[file.path] = locks.read(file.read(locks.MOST), file.path, form)
            elif kind == "python-files":
                folder = file.path.rpartition("/")[0]
                named = modules(file.read(_SMALL), file.path)
                self._room(len(named))
                self.modules[folder] = tuple(dict.fromkeys((*self.modules.get(folder, ()), *named)))
            else:
                self.add(self.alike.packages(file, kind, self._packages))
        except BadInput as error:
            self._unread(file.path, kind, error.what)
        except _WRONG as error:
            self._unread(file.path, kind, str(error)[:200] or type(error).__name__)
        except (OSError, MemoryError) as error:
            why = getattr(error, "strerror", "") or type(error).__name__
            self._unread(file.path, kind, f"it cannot be read: {why}")

    def _unread(self, path: str, kind: str, why: str) -> None:
        if kind == "lock":
            self.unlocked.append((path, why))  # a gap of a source tree: in a system what is installed counts
        else:
            self.gap(path, why)

    def _packages(self, file: ImageFile, kind: str) -> Iterator[Package]:
        if kind in _ANYWHERE:
            module = importlib.import_module(f"assay.methods.packages.{_ANYWHERE[kind]}")
            with file.stream() if kind == "model" else file.seekable() as source:
                yield from module.read(source, file.path, file.size)
            return
        name, most = _READERS[kind]
        yield from importlib.import_module(f"assay.methods.packages.{name}").read(file.read(most), file.path)

    def add(self, found: Iterable[Package]) -> None:
        """Take in packages; Unreadable where there are too many."""
        for package in found:
            if len(self.packages) >= MOST:
                raise Unreadable(f"there are more than {MOST:,} packages")
            self.packages.setdefault((package.purl, package.path, package.arch), package)
            files = package.about.get("files", ())
            self._room(len(files))
            for path in files:
                self.owners[plain(path)] = package.name

    def _room(self, more: int) -> None:
        self.kept += more
        if self.kept > _OWNED:
            raise Unreadable(f"more than {_OWNED:,} files and modules are said to be of packages")

    def _owned(self, file: ImageFile) -> None:
        owner = file.path.rpartition("/")[2].removesuffix(".list").partition(":")[0]
        for line in file.read(_SMALL).decode("utf-8", "replace").splitlines():
            path = line.lstrip("/")
            if kind_of(path, 1 << 20) or path.endswith((".dist-info", ".egg-info")):
                self._room(1)
                self.owners[plain(path)] = owner

    def gap(self, what: str, why: str) -> None:
        """Note once what could not be read."""
        if len(self.gaps) < 200:
            if (what, why) not in self.gaps:
                self.gaps.append((what, why))
        elif len(self.gaps) == 200:
            self.gaps.append(("further records", "more could not be read than are named here"))


def take(image: Image, work: Work) -> Inventory:
    """Return what is installed in an image, or what the bill of materials says that stands in for it."""
    document = image.document()
    if document is not None:
        from assay.methods.sbom.reading import read

        try:
            told = read(document)
        except Unreadable as error:
            raise BadInput(f"{image.asset.name} is no bill of materials: {error}") from None
        return Inventory(told.system, told.packages, 1, told.gaps, told.names)
    taking = Taking(image, work)
    tree = image.asset.format in ("root", "lock")
    for file in image.files(lambda path, size: kind_of(path, size) not in ("", *(() if tree else ("lock",)))):
        taking.one(file, kind_of(file.path, file.size))
    _linked(taking)
    if taking.locked:
        _referred(taking)
    if not taking.systems and not any(p.kind in ("deb", "rpm", "apk") for p in taking.packages.values()):
        settle(taking)
    system = next((taking.systems[p] for p in osrelease.PATHS if p in taking.systems), None)
    system = system or next(iter(taking.systems.values()), System())
    packages = [_placed(p, system, taking) for p in taking.packages.values()]
    gaps = (*taking.gaps, *image.gaps)
    return Inventory(system, tuple(sorted(packages, key=_order)), taking.files, gaps)


def _referred(taking: Taking) -> None:
    """Read what locks refer to by other names, and what these refer to, each once and nothing outside of the tree."""
    asked: set[str] = set()
    for _ in range(_PASSES):
        told = taking.locked.items()
        places = {within(path, other) for path, one in told for other in one.refers}
        places -= {"", *taking.locked, *asked}
        if not places or len(asked) + len(places) > _REFERRED:
            return  # what is left is told where it is referred to
        asked |= places
        for file in taking.image.at(places):
            if file.path in places:
                taking.one(file, "lock")


def _linked(taking: Taking) -> None:
    """Read the records that lie elsewhere, where a link leads to them, through as many links as there are on the way.

    Each pass may meet links of which the one before did not know that they matter; what is not found after a few is a gap.
    """
    asked: set[tuple[str, str]] = set()
    for _ in range(_PASSES):
        places = {pair for pair in _places(taking) if pair not in taking.read and pair not in asked}
        if not places:
            return
        asked |= places
        kinds: dict[str, list[str]] = defaultdict(list)
        for place, kind in sorted(places):
            kinds[place].append(kind)
        for file in taking.image.at(kinds.keys()):
            several = kinds.get(file.path, [])
            if len(several) > 1:  # its bytes come once
                taking.gap(file.path, f"links call it a record of {' and of '.join(several)} at once")
            elif several:
                taking.one(file, several[0])
    taking.gap("records of packages", "links to them lead on and on")


def _places(taking: Taking) -> Iterator[tuple[str, str]]:
    """Give where each record lies that a link leads to, and its kind."""
    links = taking.image.links()
    if not links:
        return
    # Under each path the links that stand on the way to it are followed.
    paths = {
        **DATABASES,
        **{p: k for p in links if (k := kind_of(p, 0)) not in ("", "above", "binary", "model")},
    }
    for path, kind in paths.items():
        place = resolved(path, links)
        if not place:
            taking.gap(path, "its links lead round and round")
        elif place != path and (path in DATABASES or database(path, 1)):
            yield place, kind


def _placed(package: Package, system: System, taking: Taking) -> Package:
    """Say of which distribution a package is, and which of the distribution's brought it."""
    if package.kind in ("deb", "rpm", "apk"):
        about: dict[str, Any] = {k: v for k, v in package.about.items() if k != "files"}
        if system.id:
            about["distro"] = system.distro
        return replace(package, namespace=package.namespace or system.id, about=about)
    place = plain(package.path.partition("!")[0])
    folder = place.rpartition("/")[0]
    owners = taking.owners
    owner = owners.get(place) or (owners.get(folder, "") if package.kind == "pypi" else "")
    named = taking.modules.get(package.path.rpartition("/")[0]) if package.kind == "pypi" else None
    if named:
        package = replace(package, about={**package.about, "modules": named})
    return replace(package, owner=owner) if owner else package


def _order(package: Package) -> tuple[str, ...]:
    return (package.kind, package.full, package.version, package.path)
