"""What a source tree is installed from: what its files ask for, settled by the locks that lie there."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING

from assay.methods.packages.locks import within
from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import Package, Unreadable
from assay.methods.versions.pep440 import normal_name

if TYPE_CHECKING:
    from assay.engines.containers.inventory import Taking


def settle(taking: Taking) -> None:
    """Take in what the locks of a source tree say. What one file only asks for is settled by a lock in its folder or above.

    What nothing locks has no version, and is a gap: which is installed is known when it is.
    """
    for path, told in list(taking.locked.items()):
        for other in told.instead:
            taking.locked.pop(posixpath.join(path.rpartition("/")[0], other), None)
    for path, why in taking.unlocked:
        taking.gap(path, why)
    locks = _Locks(taking)
    for path, told in taking.locked.items():
        loose = locks.loose(path, told)
        try:
            taking.add(locks.fixed(path, told))
            taking.add(loose)
        except Unreadable as error:
            taking.gap(path, str(error))
        if loose:
            shown = ", ".join(f"{p.full} ({str(p.about['wanted'])[:60]})" for p in loose[:5])
            more = f" and {len(loose) - 5:,} more" if len(loose) > 5 else ""
            taking.gap(path, f"which version is installed is not locked of {shown}{more}")
        _told(path, told, taking, locks.beside(path, told.asks))


def _told(path: str, told: Locked, taking: Taking, locked: bool) -> None:
    """Tell what a file does not say. locked: whether a lock lies there that says it."""
    for why in () if locked else told.untold:
        taking.gap(path, why)
    for line in () if locked else told.unread[:3]:
        taking.gap(path, f"what it asks for cannot be made out: {line!r}")
    if len(told.unread) > 3 and not locked:
        taking.gap(path, f"{len(told.unread) - 3:,} more of its lines cannot be made out")
    for other in dict.fromkeys(told.refers):
        place = within(path, other)
        if place not in taking.locked:
            where = "was not read" if place else "lies outside of it or has an address, and was not read"
            taking.gap(path, f"it refers to {other[:80]!r}, which {where}")


class _Locks:
    """Which packages are locked in which folder, and of which kinds there is a lock at all."""

    def __init__(self, taking: Taking) -> None:
        self._locked: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._kinds: dict[str, set[str]] = defaultdict(set)
        self._fixed: dict[str, set[tuple[str, str]]] = defaultdict(set)  # by what a person wrote
        self._own: set[tuple[str, str]] = set()
        for path, told in taking.locked.items():
            folder = path.rpartition("/")[0]
            self._own |= told.own
            into = self._fixed if told.asks else self._locked
            into[folder] |= {_named(p) for p in told.packages if p.version}
            if not told.asks:
                self._kinds[folder] |= {p.kind for p in told.packages}
        for package in taking.packages.values():  # npm's and cargo's locks, and what lies in node_modules
            folder = package.path.partition("node_modules/")[0].rpartition("/")[0]
            self._locked[folder].add(_named(package))
            self._kinds[folder].add(package.kind)

    def beside(self, path: str, kind: str) -> bool:
        """Whether a lock of a kind lies in the folder of a file, or above it."""
        return bool(kind) and any(kind in self._kinds[f] for f in _above(path))

    def loose(self, path: str, told: Locked) -> list[Package]:
        """Return what a file asks for that nothing fixes and that is not the tree's own."""
        asked = [p for p in told.packages if not p.version and _named(p) not in self._own]
        folders = _above(path)
        return [
            p
            for p in asked
            if not any(_named(p) in m[f] for m in (self._locked, self._fixed) for f in folders)
        ]

    def fixed(self, path: str, told: Locked) -> list[Package]:
        """Return what a file fixes; of what a person wrote only what no lock says."""
        found = [p for p in told.packages if p.version]
        if not told.asks:
            return found
        return [p for p in found if not any(_named(p) in self._locked[f] for f in _above(path))]


def _above(path: str) -> set[str]:
    folder = path.rpartition("/")[0]
    return {"", *(folder[:n] for n, c in enumerate(folder) if c == "/"), folder}


def _named(package: Package) -> tuple[str, str]:
    name = normal_name(package.name) if package.kind == "pypi" else package.full.lower()
    return package.kind, name
