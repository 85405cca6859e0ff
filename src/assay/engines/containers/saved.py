"""A saved image on disk: what ``docker save`` writes, or an OCI layout, as a folder or a tar; nothing is unpacked.

The image is called by the digest of its manifest, or of its configuration where ``docker save`` kept no manifest; layers are held
against their digests as they are read.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from assay.engines.containers.bundle import Bundle
from assay.engines.containers.described import described
from assay.engines.containers.layers import Layer, LayeredImage
from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.methods.packages.wanted import LOCKS, kind_of

if TYPE_CHECKING:
    from assay.engines.blobs import Store


def pin(path: Path, which: str, text: str, store: Store) -> Asset:
    """Return a saved image as an asset, by its own digest; a bill of materials, or a lock, by that of its bytes."""
    if path.is_file():
        if kind_of(path.name, 0) in LOCKS:
            return Asset("image", path.name, text, store.put_file(path), "lock")
        with path.open("rb") as source:
            first = source.read(64).lstrip(b"\xef\xbb\xbf \r\n\t")
        if first[:1] == b"{":
            return Asset("image", path.name, text, store.put_file(path), "sbom")
    bundle = Bundle(path)
    found = described(bundle, which)
    bundle.hand_on()  # it is opened next, and would be unpacked again
    name = (found.tags or (path.name,))[0] + found.called(which)
    return Asset("image", name, text, found.digest, "saved")


def opened(asset: Asset, path: Path, scratch: Path) -> Any:
    """Return an Image; UsageError where the file is no longer the image that was pinned."""
    if asset.format == "lock":
        from assay.engines.containers.listed import LockImage

        return LockImage(asset, path)
    if asset.format == "sbom":
        from assay.engines.containers.listed import ListedImage

        return ListedImage(asset, path)
    place, _, which = (str(path), "", "") if path.exists() else str(path).rpartition("#")
    bundle = Bundle(Path(place), scratch)
    found = described(bundle, which)
    if found.digest != asset.digest:
        raise UsageError(
            f"{asset.name} is another image than when it was named", where=place, remedy="run it again"
        )

    def of(layer: Layer) -> IO[bytes]:
        return bundle.open(layer.place)

    return LayeredImage(asset, found.layers, of, scratch, platform=found.platform, tags=found.tags)
