"""An inventory put into the store as a bill of materials: what is scanned again when advisories change, without the image."""

from __future__ import annotations

from importlib.metadata import version

from assay.engines.containers.inventory import Inventory
from assay.kernel.asset import Asset
from assay.kernel.handles import Image, Work
from assay.methods.sbom.bill import Bill
from assay.methods.sbom.writing import suffix, write


def billed(image: Image, inventory: Inventory, form: str, work: Work) -> Asset:
    """Write the bill and return it as an output called ``sbom``."""
    asset = image.asset
    bill = Bill(
        name=(image.tags or (asset.name,))[0],
        digest=asset.digest,
        made=work.now,
        tool=version("assay"),
        system=inventory.system,
        packages=inventory.packages,
        gaps=inventory.gaps,
        kind=_kind(asset, inventory),
    )
    return work.put("sbom", write(bill, form), suffix(form))


def _kind(asset: Asset, inventory: Inventory) -> str:
    """Return what a bill is of, in CycloneDX's words; a folder without a system's packages is a program's own tree."""
    if asset.format == "lock":
        return "file"
    if asset.format != "root":
        return "container"
    system = inventory.system.id or any(p.kind in ("deb", "rpm", "apk") for p in inventory.packages)
    return "operating-system" if system else "application"
