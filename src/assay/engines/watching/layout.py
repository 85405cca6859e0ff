"""What lies in an OCI layout, and whether a file is a saved image: told by their first documents, nothing is unpacked."""

from __future__ import annotations

import json
import re
from pathlib import Path

from assay.engines.containers.bundle import MEMBERS, PACKED, Seekable
from assay.engines.containers.room import DOCUMENT, Full, Room
from assay.engines.containers.stream import LayerStream
from assay.kernel.errors import BadInput
from assay.methods import tars

MOST = 10_000  # images of a layout
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REF = "org.opencontainers.image.ref.name"
# What a layout holds, and what docker save wrote before it wrote layouts.
_BELONGS = re.compile(
    r"oci-layout|index\.json|manifest\.json|repositories|blobs/sha(?:256|512)/[0-9a-f]{64,128}|(?:sha256:)?[0-9a-f]{64}\.json"
    r"|(?:[0-9a-f]{1,64}/)?(?:layer\.tar|VERSION|json)|(?:sha256:)?[0-9a-f]{64}(?:\.tar)?(?:\.gz)?"
)


def is_layout(folder: Path) -> bool:
    """Whether a folder is an OCI layout."""
    return (folder / "oci-layout").is_file() and not (folder / "oci-layout").is_symlink()


def images(folder: Path) -> list[tuple[str, str]]:
    """Return digest and tag of each image that the index of a layout names; BadInput where it is none, or not whole yet."""
    try:
        with (folder / "index.json").open("rb") as source:
            raw = source.read(DOCUMENT + 1)
    except OSError as error:
        raise BadInput(
            f"the index of the layout cannot be read: {error.strerror}", where=str(folder)
        ) from None
    if len(raw) > DOCUMENT:
        raise BadInput("the index of the layout is larger than any is", where=str(folder))
    try:
        named = json.loads(raw)["manifests"]
        found = [
            (str(m["digest"]), str((m.get("annotations") or {}).get(_REF, ""))) for m in named[: MOST + 1]
        ]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise BadInput("the index of the layout cannot be read", where=str(folder)) from None
    if len(found) > MOST or not all(_DIGEST.fullmatch(d) for d, _ in found):
        raise BadInput("the index of the layout names what no image is called", where=str(folder))
    return list(dict.fromkeys(found))


def landed(folder: Path, digest: str) -> bool:
    """Whether the manifest of an image has landed in a layout."""
    return (folder / "blobs" / "sha256" / digest[7:]).is_file()


def saved(path: Path) -> tuple[bool, bool]:
    """Return whether a file is what ``docker save`` writes, or a layout as a tar; and whether nothing else lies in it."""
    marked, alone, count = False, True, 0
    try:
        with path.open("rb") as source:
            packed = source.read(6).startswith(PACKED)
            source.seek(0)
            for member in tars.members(LayerStream(source, Room()) if packed else Seekable(source)):
                count += 1
                name = "/".join(p for p in member.name.split("/") if p not in ("", "."))
                marked = marked or name in ("oci-layout", "manifest.json")
                alone = alone and (member.kind != "file" or _of_an_image(name))
                if count > MEMBERS:
                    return marked, False
    except (tars.Damaged, Full, OSError):
        return marked and count > 0, False
    return marked, alone


def alone(folder: Path) -> bool:
    """Whether nothing lies in a layout but what belongs to one."""
    found = (p for p in folder.rglob("*") if not p.is_dir() or p.is_symlink())
    return all(_of_an_image(p.relative_to(folder).as_posix()) for p in found)


def _of_an_image(name: str) -> bool:
    return bool(_BELONGS.fullmatch(name))
