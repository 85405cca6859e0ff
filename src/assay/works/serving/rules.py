"""Files of a home that an endpoint's guards go by besides its record, by digest: what changes one of them is in force at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.canonical import sha256
from assay.methods.shields.settings import FILE
from assay.works.inputschemas import FOLDER

if TYPE_CHECKING:
    from assay.works.home import Home

_LARGEST = 64 << 20


class Rules:
    """The digests of those files; each is read again when it is another than before."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._known: dict[Path, tuple[tuple[int, ...], str]] = {}

    def of(self, record: Any) -> dict[str, str]:
        """Return file → digest of what stands in the home for an endpoint; nothing of what its guards do not look at."""
        guard: Mapping[str, Any] = record.guard
        firewall, schema = (guard.get(name, "off") != "off" for name in ("firewall", "schema"))
        names = [FILE] if firewall else []
        names += [f"{FOLDER}/{record.name}.json"] if firewall or schema else []
        found = {name: self._digest(self.home.root / name) for name in names}
        return {name: digest for name, digest in found.items() if digest}

    def _digest(self, path: Path) -> str:
        try:
            told = path.stat()
            mark = (told.st_ino, told.st_mtime_ns, told.st_size)
            known = self._known.get(path)
            if known is None or known[0] != mark:
                with path.open("rb") as opened:
                    known = self._known[path] = (mark, sha256(opened.read(_LARGEST)))
            return known[1]
        except FileNotFoundError:
            return ""
        except OSError:  # whoever opens it says why it cannot be read
            return "unreadable"
