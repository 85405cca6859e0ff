"""What lies in an OCI layout on disk: told by its index, nothing is unpacked."""

from __future__ import annotations

import json
import re
from pathlib import Path

from assay.engines.containers import beneath
from assay.engines.containers.room import DOCUMENT
from assay.engines.folders import entries
from assay.engines.watching.packed import of_an_image
from assay.kernel.errors import BadInput

MOST = 10_000  # images of a layout
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REF = "org.opencontainers.image.ref.name"


def is_layout(folder: Path) -> bool:
    """Whether a folder is an OCI layout."""
    return (folder / "oci-layout").is_file() and not (folder / "oci-layout").is_symlink()


def images(folder: Path) -> list[tuple[str, str]]:
    """Return digest and tag of each image that the index of a layout names; BadInput where it is none, or not whole yet."""
    try:
        with beneath.opened(folder, "index.json") as source:
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


def alone(folder: Path) -> bool:
    """Whether nothing lies in a layout but what belongs to one."""
    return all(of_an_image(entry.path) for entry in entries(folder) if not entry.is_folder)
