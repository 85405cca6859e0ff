"""What lies in a tar, packed or not, and behind a compressed file: an image, or what may be a model. Told by one reading.

A tar is walked to its end, since what tells of an image may stand last; of each member the first bytes are looked at and no more.
What cannot be walked to its end may hold a model: whoever examines it says why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from assay.engines.containers.bundle import MEMBERS, PACKED, Seekable
from assay.engines.containers.room import Full, Room
from assay.engines.containers.stream import LayerStream
from assay.methods import tars

_HEAD = tars.BLOCK
# How files begin that hold a model, or may: pickle of protocols 2 to 5, zip, HDF5, GGUF, NumPy.
MODELS = (
    b"\x80\x02",
    b"\x80\x03",
    b"\x80\x04",
    b"\x80\x05",
    b"PK\x03\x04",
    b"\x89HDF\r\n\x1a\n",
    b"GGUF",
    b"\x93NUMPY",
)
_SHUT = (
    b"7z\xbc\xaf\x27\x1c",
    b"\x04\x22\x4d\x18",
    b"PK\x05\x06",
)  # 7z, lz4, an empty zip: not looked into here
# What a layout holds, and what docker save wrote before it wrote layouts.
_BELONGS = re.compile(
    r"oci-layout|index\.json|manifest\.json|repositories|blobs/sha(?:256|512)/[0-9a-f]{64,128}|(?:sha256:)?[0-9a-f]{64}\.json"
    r"|(?:[0-9a-f]{1,64}/)?(?:layer\.tar|VERSION|json)|(?:sha256:)?[0-9a-f]{64}(?:\.tar)?(?:\.gz)?"
)


@dataclass(frozen=True, slots=True)
class Contents:
    """image: whether it is what ``docker save`` writes, or a layout as a tar; alone: whether nothing else lies in it.

    model: whether what may be a model lies in it, beside an image's own parts. unread: why it was not read to its end.
    """

    image: bool = False
    alone: bool = False
    model: bool = False
    unread: str = ""


def of_an_image(name: str) -> bool:
    """Whether a file belongs to a saved image, by where it lies in it."""
    return bool(_BELONGS.fullmatch(name))


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so is a tar, or is packed; of a zip it is not asked, since it may be a model itself."""
    return head.startswith((*PACKED, *_SHUT)) or tars.sum_holds(head[:_HEAD])


def look(path: Path, named: tuple[str, ...], room: Room | None = None) -> Contents:
    """Return what lies in a file that is_archive. named: how a model's name ends, in lower case. room: what may come out of it.

    OSError where it cannot be read.
    """
    room = room or Room()
    with path.open("rb") as source:
        head = source.read(_HEAD)
    if head.startswith(_SHUT):
        return Contents(model=True)
    packed = head.startswith(PACKED)
    try:
        if packed:
            with path.open("rb") as source:
                head = LayerStream(source, room).take(_HEAD)
        if not tars.sum_holds(head):
            return Contents(model=_begins(head))
    except tars.Damaged:
        return Contents(model=path.name.lower().endswith((".tar.gz", ".tgz")))
    except Full as full:
        return Contents(model=True, unread=str(full))
    with path.open("rb") as source:
        return _tar(LayerStream(source, room) if packed else Seekable(source), named, room)


def _tar(source: LayerStream | Seekable, named: tuple[str, ...], room: Room) -> Contents:
    image, alone, model, count = False, True, False, 0
    try:
        for member in tars.members(source):
            room.entry()
            count += 1
            name = "/".join(p for p in member.name.split("/") if p not in ("", "."))
            image = image or name in ("oci-layout", "manifest.json")
            if member.kind == "file" and not of_an_image(name):
                alone = False
                model = model or name.lower().endswith(named) or _begins(source.take(min(member.size, _HEAD)))
            if count > MEMBERS:
                return Contents(image, False, True, f"it has more than {MEMBERS:,} members")
    except tars.Damaged:
        return Contents(image and count > 0, False, True)
    except Full as full:
        return Contents(image and count > 0, False, True, str(full))
    return Contents(image, alone, model)


def _begins(head: bytes) -> bool:
    return head.startswith(MODELS) or is_archive(head)
