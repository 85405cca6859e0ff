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
        kind="operating-system" if asset.format == "root" else "container",
    )
    return work.put("sbom", write(bill, form), suffix(form))
