"""From what a person names to an image: a root directory, a saved image, a layout, a registry's URL, a bill of materials.

``NAME#WHICH`` picks one of several images in a file, by a part of its tag or by its platform, such as ``linux/arm64``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.containers import folder
from assay.kernel.asset import Asset
from assay.kernel.errors import Missing, UsageError

if TYPE_CHECKING:
    from assay.engines.blobs import Store
    from assay.engines.containers.registry import Known

REMOTE = ("oci://", "docker://", "registry+http://", "registry+https://")


def pin(text: str, store: Store, without: Path | None = None, known: Known | None = None) -> Asset:
    """Return what is named as an asset of the kind image, pinned by its own digest.

    A root directory is pinned by the names, sizes and times of what tells of packages in it. without: a folder that is no part.
    known: gives the logins of registries, where one is asked.
    """
    if text.startswith(REMOTE):
        from assay.engines.containers.registry import pin as pin_remote

        return pin_remote(text, known)
    path, which = parted(text)
    if not path.exists():
        raise Missing(f"there is no image at {text!r}", remedy="check the path")
    if not path.is_dir() and not path.is_file():
        raise UsageError(f"{text!r} is neither a file nor a folder", remedy="name an image that is saved")
    if path.is_dir() and not (path / "oci-layout").is_file():
        if which:
            raise UsageError(f"{path} is a root directory, and holds no image called {which!r}")
        digest = folder.listing(path, without)
        return Asset("image", path.resolve().name or "host", text, digest, "root")
    from assay.engines.containers.saved import pin as pin_saved

    return pin_saved(path, which, text, store)


def open_image(
    asset: Asset, path: Path, scratch: Path, without: Path | None = None, known: Known | None = None
) -> Any:
    """Open a pinned image. path: where its bytes lie. scratch: a private folder for files that must be read anywhere."""
    if asset.format == "root":
        return folder.FolderImage(asset, path, without)
    if asset.format == "registry":
        from assay.engines.containers.registry import opened as opened_remote

        return opened_remote(asset, scratch, known)
    from assay.engines.containers.saved import opened as opened_saved

    return opened_saved(asset, path, scratch)


def parted(text: str) -> tuple[Path, str]:
    """Return a path and what stands behind its last #; a file may have one in its name."""
    if Path(text).exists() or "#" not in text:
        return Path(text), ""
    name, _, which = text.rpartition("#")
    return Path(name), which
