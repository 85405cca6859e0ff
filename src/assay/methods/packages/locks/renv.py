"""What R's renv recorded: renv.lock. https://rstudio.github.io/renv/reference/lockfiles.html"""

from __future__ import annotations

import json

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package, Unreadable


def read(content: bytes, path: str) -> Locked:
    """Return each package; one of Bioconductor is of that kind, one of any other source is judged by CRAN's records."""
    told = json.loads(content.decode("utf-8-sig"))
    if not isinstance(told, dict) or not isinstance(told.get("R"), dict):
        raise Unreadable("it is no lock of renv's")
    packages = told.get("Packages", {})
    if not isinstance(packages, dict):
        raise Unreadable("its packages are no object")
    out = Locked()
    for key, one in packages.items():
        one = one if isinstance(one, dict) else {}
        name, version = one.get("Package", key), one.get("Version")
        if not isinstance(name, str) or not isinstance(version, str):
            raise Unreadable(f"{key[:80]!r} in it has no version")
        kind = "bioconductor" if one.get("Source") == "Bioconductor" else "cran"
        out.packages.append(Package(kind, name[:LONGEST], version[:LONGEST], path=path))
    return out
