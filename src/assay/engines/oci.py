"""An OCI image layout on disk, verified: each blob that is named is there, and is what its digest and size say.

The image is called by one digest: that of its manifest where the layout's index names one alone, else of the index itself.
Nothing is run or unpacked. https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.kernel.errors import BadInput, Missing

_JSON = 4 << 20  # bytes of a manifest, the size that registries bound it by
_DEEPEST = 4
_MOST = 10_000  # blobs of one image
DIGEST = re.compile(r"sha(256|512):([0-9a-f]{64}|[0-9a-f]{128})")
INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


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
        self.folder = folder
        self.sizes: dict[str, int] = {}
        self.platforms: dict[str, None] = {}
        self.walked: set[str] = set()

    def image(self) -> Image:
        if not self.folder.is_dir():
            raise Missing(
                "there is no such folder", where=str(self.folder), remedy="name the folder of an OCI layout"
            )
        version = self._document("oci-layout").get("imageLayoutVersion")
        if not isinstance(version, str) or not version.startswith("1."):
            raise self._bad(f"its layout is of version {str(version)[:20]!r}, and 1 is known")
        index = self._document("index.json")
        named = list(self._descriptors(index, "manifests"))
        if not named:
            raise self._bad("its index names no image")
        for one in named:
            self._walk(one, 0)
        whole = "sha256:" + hashlib.sha256(self._raw(self.folder / "index.json")).hexdigest()
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
        raw = self._blob(descriptor, most=_JSON)
        document = self._parsed(raw, digest)
        if kind in INDEXES:
            for inner in self._descriptors(document, "manifests"):
                self._walk(inner, depth + 1)
            return
        config = document.get("config")
        for one in [config] if isinstance(config, dict) else []:
            self._described(one)
            body = self._blob(one, most=_JSON)
            about = self._parsed(body, str(one["digest"]))
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

    def _blob(self, descriptor: Mapping[str, Any], most: int | None = None) -> bytes:
        """Verify a blob; return its bytes where at most ``most`` are asked for, else nothing."""
        digest, size = str(descriptor["digest"]), int(descriptor["size"])
        if most is not None and size > most:
            raise self._bad(f"{digest[:19]} is larger than any manifest is")
        if digest in self.sizes and most is None:
            self._same_size(descriptor)
            return b""
        algorithm, _, value = digest.partition(":")
        path = self.folder / "blobs" / algorithm / value
        self._plain(path, f"the blob {digest[:19]} is gone")
        made, kept, length = hashlib.new(algorithm), bytearray(), 0
        with path.open("rb") as source:
            while length <= size and (part := source.read(1 << 20)):
                made.update(part)
                length += len(part)
                kept += part if most is not None else b""
        if length != size or made.hexdigest() != value:
            raise self._bad(f"the blob {digest[:19]} is not what its digest and size say")
        self.sizes[digest] = size
        if len(self.sizes) > _MOST:
            raise self._bad(f"it has more than {_MOST} blobs")
        return bytes(kept)

    def _same_size(self, descriptor: Mapping[str, Any]) -> None:
        digest = str(descriptor["digest"])
        if descriptor["size"] != self.sizes[digest]:
            raise self._bad(f"the blob {digest[:19]} is not what its digest and size say")

    def _document(self, name: str) -> Mapping[str, Any]:
        return self._parsed(self._raw(self.folder / name), name)

    def _raw(self, path: Path) -> bytes:
        self._plain(path, f"{path.name} is gone")
        with path.open("rb") as source:
            raw = source.read(_JSON + 1)
        if len(raw) > _JSON:
            raise self._bad(f"{path.name} is larger than any manifest is")
        return raw

    def _parsed(self, raw: bytes, shown: str) -> Mapping[str, Any]:
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._bad(f"{shown[:19]} is no JSON object")
        return found

    def _plain(self, path: Path, gone: str) -> None:
        try:
            mode = path.lstat().st_mode
        except OSError:
            raise Missing(f"{gone}", where=str(self.folder), remedy="copy the whole layout") from None
        if not stat.S_ISREG(mode):
            raise self._bad(f"{path.name[:19]} is no plain file")

    def _bad(self, what: str) -> BadInput:
        return BadInput(
            f"this is no whole OCI image: {what}",
            where=str(self.folder),
            remedy="write it anew, for instance: skopeo copy docker://NAME oci:FOLDER",
        )
