"""An OCI image layout on disk, verified: each blob that is named is there, and is what its digest and size say.

The image is called by one digest: that of its manifest where the layout's index names one alone, else of the index itself.
Nothing is run or unpacked. https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.engines.containers.bundle import Bundle, blob
from assay.engines.containers.described import INDEXES, MANIFESTS
from assay.engines.containers.documents import Ambiguous, clear
from assay.engines.containers.room import DIGEST, DOCUMENT
from assay.kernel.errors import BadInput, Missing

_DEEPEST = 4
_MOST = 10_000  # blobs of one image


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is what its digest says. platforms: os/architecture; names: as its index calls it; bytes: of its blobs."""

    digest: str
    platforms: tuple[str, ...]
    names: tuple[str, ...]
    blobs: int
    bytes: int


def read(folder: Path) -> Image:
    """Verify a layout and return its image; Missing where a part is gone, BadInput where it is not what it should be."""
    return _Reading(folder).image()


class _Reading:
    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise Missing(
                "there is no such folder", where=str(folder), remedy="name the folder of an OCI layout"
            )
        self.folder, self.bundle = folder, Bundle(folder)
        self.sizes: dict[str, int] = {}
        self.platforms: dict[str, None] = {}
        self.walked: set[str] = set()

    def image(self) -> Image:
        version = self._document("oci-layout")[0].get("imageLayoutVersion")
        if not isinstance(version, str) or not version.startswith("1."):
            raise self._bad(f"its layout is of version {str(version)[:20]!r}, and 1 is known")
        index, raw = self._document("index.json")
        named = list(self._descriptors(index, "manifests"))
        if not named:
            raise self._bad("its index names no image")
        for one in named:
            self._walk(one, 0)
        whole = "sha256:" + hashlib.sha256(raw).hexdigest()
        digest = str(named[0]["digest"]) if len(named) == 1 else whole
        names = (dict(n.get("annotations") or {}).get("org.opencontainers.image.ref.name") for n in named)
        told = tuple(str(name)[:200] for name in names if name)
        return Image(digest, tuple(self.platforms), told, len(self.sizes), sum(self.sizes.values()))

    def _walk(self, descriptor: Mapping[str, Any], depth: int) -> None:
        kind, digest = descriptor.get("mediaType"), str(descriptor["digest"])
        if depth > _DEEPEST:
            raise self._bad(f"its indexes nest deeper than {_DEEPEST} levels")
        if kind not in (*INDEXES, *MANIFESTS):
            raise self._bad(f"{digest[:19]} is of a kind that is no image: {str(kind)[:80]!r}")
        if digest in self.walked:  # indexes that name one another again and again would be walked without end
            self._same_size(descriptor)
            return
        self.walked.add(digest)
        document = self._named(descriptor)
        if kind in INDEXES:
            for inner in self._descriptors(document, "manifests"):
                self._walk(inner, depth + 1)
            return
        config = document.get("config")
        for one in [config] if isinstance(config, dict) else []:
            self._described(one)
            about = self._named(one)
            said = [str(about[n])[:40] for n in ("os", "architecture") if about.get(n)]
            self.platforms.update({"/".join(said): None} if said else {})
        for layer in self._descriptors(document, "layers"):
            self._blob(layer)

    def _descriptors(self, document: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
        found = document.get(name, [])
        if not isinstance(found, list):
            raise self._bad(f"its {name} are no list")
        for one in found:
            self._described(one)
            yield one

    def _described(self, one: Any) -> None:
        self._clear(one)
        size = one.get("size") if isinstance(one, dict) else None
        if (
            not isinstance(one, dict)
            or type(size) is not int
            or size < 0
            or not isinstance(one.get("digest"), str)
        ):
            raise self._bad("it names a blob without a digest and a size")
        if not DIGEST.fullmatch(one["digest"]):
            raise self._bad(f"it names a blob by {one['digest'][:80]!r}, which is no digest")
        if one.get("annotations") is not None and not isinstance(one["annotations"], dict):
            raise self._bad("its annotations are no mapping")

    def _named(self, descriptor: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the JSON object that a descriptor names, verified."""
        digest, size = str(descriptor["digest"]), int(descriptor["size"])
        if size > DOCUMENT:
            raise self._bad(f"{digest[:19]} is larger than any manifest is")
        found, raw = self._document(blob(digest), digest)
        self._counted(digest, len(raw))
        self._same_size(descriptor)
        return found

    def _blob(self, descriptor: Mapping[str, Any]) -> None:
        """Verify a blob."""
        digest, size = str(descriptor["digest"]), int(descriptor["size"])
        if digest in self.sizes:
            self._same_size(descriptor)
            return
        made, length = hashlib.new(digest.partition(":")[0]), 0
        with self.bundle.open(blob(digest)) as source:
            while length <= size and (part := source.read(1 << 20)):
                made.update(part)
                length += len(part)
        if length != size or made.hexdigest() != digest.partition(":")[2]:
            raise self._bad(f"the blob {digest[:19]} is not what its digest and size say")
        self._counted(digest, size)

    def _counted(self, digest: str, size: int) -> None:
        self.sizes[digest] = size
        if len(self.sizes) > _MOST:
            raise self._bad(f"it has more than {_MOST} blobs")

    def _same_size(self, descriptor: Mapping[str, Any]) -> None:
        digest = str(descriptor["digest"])
        if descriptor["size"] != self.sizes[digest]:
            raise self._bad(f"the blob {digest[:19]} is not what its digest and size say")

    def _document(self, name: str, digest: str = "") -> tuple[Mapping[str, Any], bytes]:
        found, raw = self.bundle.document(name, digest)
        if not isinstance(found, dict):
            raise self._bad(f"{name[:19]} is no JSON object")
        self._clear(found)
        return found, raw

    def _clear(self, found: Any) -> None:
        try:
            clear(found)
        except Ambiguous as error:
            raise self._bad(str(error)) from None

    def _bad(self, what: str) -> BadInput:
        return BadInput(
            f"this is no whole OCI image: {what}",
            where=str(self.folder),
            remedy="write it anew, for instance: skopeo copy docker://NAME oci:FOLDER",
        )
