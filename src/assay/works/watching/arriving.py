"""A watched folder: what has landed in it and is not known, examined one after the other."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.engines.blobs import digest_tree
from assay.engines.watching import layout
from assay.engines.watching.folder import Entry, Folder, shown
from assay.kernel.errors import AssayError, UsageError
from assay.kernel.verdict import Gate
from assay.office.arrivals import FAILED, QUEUED, Arrival
from assay.works.watching import fitting, scanning
from assay.works.watching.scanning import Looked

if TYPE_CHECKING:
    from assay.works.home import Home


_STILL = 10.0  # seconds without a change until a layout that has no index is taken for one that gets none
_NO_INDEX = (
    "the layout has no index.json, so nothing says which images are in it: copy it anew, the index last"
)


@dataclass
class Arriving:
    """What lies in one folder, and what was seen to already.

    known: how many were examined before, by their digest; uncleared: how many of these did not pass then.
    """

    home: Home
    actor: str
    folder: Folder
    gate: Gate
    advisories: Mapping[str, str]
    known: int = 0
    uncleared: int = 0
    moving: int = 0
    _done: dict[Path, str] = field(default_factory=dict)  # path → sign, of what was seen to
    _images: set[str] = field(default_factory=set)  # of a folder that is a layout itself

    def round(self) -> Iterator[Looked]:
        """Examine what has landed since the last round, and give each as it is done."""
        if layout.is_layout(self.folder.root):
            yield from self._layout()
            return
        landed, moving = self.folder.look()
        self.moving = len(moving)
        there = {e.path for e in (*landed, *moving)}
        self._done = {p: s for p, s in self._done.items() if p in there}
        for entry in landed:
            if self._done.get(entry.path) == entry.sign:
                continue
            found = self._one(entry)
            if not self.folder.same(entry):
                self.moving += 1  # it changed meanwhile: what was found is of something else
                continue
            looked = scanning.record(self.home, self.actor, found) if found is not None else None
            self._done[entry.path] = entry.sign  # only now: what could not be recorded is looked at again
            if looked is not None:
                yield looked

    def _one(self, entry: Entry) -> Looked | None:
        """Return an entry as examined; None where its bytes are known."""
        source, path = shown(self.folder.root), shown(entry.path)
        new = Arrival("", path, "folder" if entry.folder else "file", source, QUEUED, "")
        if entry.odd:
            key = f"{path} {entry.sign}"
            return self._unless_known(_named(new, key), entry.odd)
        try:
            digest = digest_tree(entry.path, self.folder.without, odd=True)
            arrival = _named(new, digest, digest)
            if self._is_known(arrival.key):
                return None
            wanted = fitting.of_path(entry.path, self.advisories)
        except (AssayError, OSError) as error:
            return self._unless_known(_named(new, f"{path} {entry.sign}"), str(error))
        return scanning.scanned(self.home, self.actor, arrival, wanted, self.gate)

    def _unless_known(self, arrival: Arrival, why: str) -> Looked | None:
        """Return what cannot be examined, once."""
        from assay.office import arrivals

        before = arrivals.known(self.home.office, arrival.key)
        if before is not None and before.state == FAILED:
            self._know(before)
            return None
        return Looked(scanning.ended(arrival, (), why))

    def _is_known(self, key: str) -> bool:
        from assay.office import arrivals

        found = arrivals.known(self.home.office, key)
        if found is None or not scanning.is_known(found):
            return False
        self._know(found)
        return True

    def _know(self, found: Arrival) -> None:
        self.known += 1
        self.uncleared += found.outcome != "pass"

    def _layout(self) -> Iterator[Looked]:
        """Examine the images that the index of a layout names, once that has not changed for a while: it is written last."""
        root, self.moving = self.folder.root, 0
        index = root / "index.json"
        if os.path.lexists(index) and (index.is_symlink() or not index.is_file()):
            raise UsageError(
                "the index of the layout is no plain file", where=str(root), remedy="write it anew"
            )
        if not index.is_file():
            self.moving = 0
            yield from self._unfinished(_NO_INDEX)
            return
        if time.time() - index.stat().st_ctime < self.folder.settle:
            self.moving = 1
            return
        for digest, tag in layout.images(root):
            if digest in self._images:
                continue
            if not layout.landed(root, digest):
                yield from self._unfinished(
                    f"its index names {digest[:19]}, which is not there: copy it anew", digest
                )
                continue
            if self._is_known(digest):
                self._images.add(digest)
                continue
            alone = len(layout.images(root)) == 1
            target = str(root) if alone else f"{root}#{tag or digest}"
            arrival = Arrival(digest, target, "image", str(root), QUEUED, "", digest)
            wanted = [fitting.of_image(target, self.advisories)]
            found = scanning.scanned(self.home, self.actor, arrival, wanted, self.gate)
            looked = scanning.record(self.home, self.actor, found)
            self._images.add(digest)
            yield looked

    def _unfinished(self, why: str, digest: str = "") -> Iterator[Looked]:
        """Wait for what is not there yet; of a layout that has lain still for a while without it, say so once."""
        entry = self.folder.whole()
        if time.time() - entry.changed < max(self.folder.settle, _STILL):
            self.moving += 1
            return
        path, seen = shown(entry.path), entry.path / digest
        if self._done.get(seen) == entry.sign:
            return
        new = Arrival("", path, "folder", path, QUEUED, "", digest)
        found = self._unless_known(_named(new, f"{path} {digest} {entry.sign}", digest), why)
        looked = scanning.record(self.home, self.actor, found) if found is not None else None
        self._done[seen] = entry.sign
        if looked is not None:
            yield looked


def _named(arrival: Arrival, key: str, digest: str = "") -> Arrival:
    return replace(arrival, key=key, digest=digest)
