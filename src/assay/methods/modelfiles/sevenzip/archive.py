"""What a 7z archive says it holds."""

from __future__ import annotations

from dataclasses import dataclass, field

MAGIC = b"7z\xbc\xaf\x27\x1c"


class Unreadable(ValueError):
    """A folder that cannot be unpacked here. encrypted: because it wants a password."""

    def __init__(self, what: str, *, encrypted: bool = False) -> None:
        super().__init__(what)
        self.encrypted = encrypted


@dataclass(slots=True)
class Folder:
    """coders: identifier and properties, in the order in which they unpack. start, packed: its stream in the file."""

    coders: list[tuple[bytes, bytes]]
    sizes: list[int]
    start: int = 0
    packed: int = 0
    crc: int | None = None
    linear: bool = True
    order: list[int] = field(default_factory=list)
    streams: int = 1
    inputs: int = 1

    @property
    def size(self) -> int:
        """Return how many bytes come out."""
        return self.sizes[-1] if self.sizes else 0


@dataclass(slots=True)
class Member:
    """folder: which holds it, -1 for none. offset: where in what comes out of it."""

    name: str
    folder: int
    offset: int
    size: int
    crc: int | None
    directory: bool = False
    attributes: int = 0


@dataclass(slots=True)
class Archive:
    """What a 7z holds."""

    folders: list[Folder] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    end: int = 0
