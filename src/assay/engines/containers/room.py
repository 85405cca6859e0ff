"""What an image may cost to look at: entries, bytes, layers; whoever reaches a bound stops there and says so."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

DIGEST = re.compile(r"sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})")
DOCUMENT = 4 << 20  # bytes of a manifest or configuration, the size that registries bound it by
LAYERS = 1_000
LINKS = 20_000  # that stand where a record of packages may be
LONGEST = 4_096  # bytes of a path


class Full(Exception):
    """A bound was reached: what lies behind it was not looked at."""


@dataclass
class Room:
    """Bounds over a whole image, counted up to. entries: names in all layers. size: bytes that come out of layers.

    names: characters of names that are kept in memory to say what hides what.
    """

    entries: int = 2_000_000
    names: int = 256 << 20
    size: int = 128 << 30
    ratio: int = 500  # unpacked to packed, past the first 256 MiB
    free: int = 256 << 20
    seen: int = 0
    out: int = 0
    kept: int = 0
    gaps: list[tuple[str, str]] = field(default_factory=list)

    def entry(self) -> None:
        """Count one name."""
        self.seen += 1
        if self.seen > self.entries:
            raise Full(f"it has more than {self.entries:,} entries")

    def name(self, text: str) -> None:
        """Count a name that is kept."""
        self.kept += len(text)
        if self.kept > self.names:
            raise Full(f"its names are longer together than {self.names >> 20} MiB")

    def came(self, bytes_: int) -> None:
        """Count bytes that came out of a layer."""
        self.out += bytes_
        if self.out > self.size:
            raise Full(f"more than {self.size >> 30} GiB come out of its layers")

    def gap(self, what: str, why: str) -> None:
        """Note what was not examined, and why; of thousands the first and how many."""
        if len(self.gaps) < 200:
            self.gaps.append((what[:300], why[:300]))
        elif len(self.gaps) == 200:
            self.gaps.append(("further files", "more could not be examined than are named here"))
