"""Files that an endpoint's guards go by besides its record, by digest: what changes one of them is in force at once.

They are the home's own, and those of the Core Rule Set, which an update of this machine may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.canonical import sha256
from assay.kernel.errors import AssayError
from assay.methods.shields.settings import FILE
from assay.works.inputschemas import FOLDER

if TYPE_CHECKING:
    from assay.works.home import Home

_LARGEST = 64 << 20
CRS = "crs"  # all files of the Core Rule Set, as one digest
Mark = tuple[int, ...]


def mark(path: Path) -> Mark:
    """Return what is another when a file is; nothing where there is none that can be looked at."""
    try:
        told = path.stat()
    except OSError:
        return ()
    return told.st_ino, told.st_mtime_ns, told.st_size


class Rules:
    """The digests of those files; each is read again when it is another than before."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._known: dict[Path, tuple[Mark, str]] = {}
        self._folder: tuple[Mark, Path | None] | None = None  # of the Core Rule Set, as firewall.yaml says it

    def of(self, record: Any) -> dict[str, str]:
        """Return file → digest of what stands in the home for an endpoint; nothing of what its guards do not look at."""
        guard: Mapping[str, Any] = record.guard
        firewall, schema = (guard.get(name, "off") != "off" for name in ("firewall", "schema"))
        names = [FILE] if firewall else []
        names += [f"{FOLDER}/{record.name}.json"] if firewall or schema else []
        found = {name: self._digest(self.home.root / name) for name in names}
        found |= {CRS: self._core()} if firewall else {}
        return {name: digest for name, digest in found.items() if digest}

    def _core(self) -> str:
        """Return the digest of the Core Rule Set that the firewall of this home goes by; nothing where there is none."""
        from assay.engines.firewall.rules import read_from
        from assay.works.serving import guards

        said = mark(self.home.root / FILE)
        if self._folder is None or self._folder[0] != said:
            try:
                self._folder = (said, guards.settings(self.home).folder)
            except AssayError:  # what was read before is in force; whoever opens the guards says why
                self._folder = (said, self._folder[1] if self._folder else None)
        files = read_from(self._folder[1])
        each = [f"{path.name} {self._digest(path)}" for path in files]
        return sha256("\n".join(each).encode()) if each else ""

    def _digest(self, path: Path) -> str:
        try:
            now = mark(path)
            known = self._known.get(path)
            if known is None or known[0] != now:
                with path.open("rb") as opened:
                    known = self._known[path] = (now, sha256(opened.read(_LARGEST)))
            return known[1]
        except FileNotFoundError:
            return ""
        except OSError:  # whoever opens it says why it cannot be read
            return "unreadable"
