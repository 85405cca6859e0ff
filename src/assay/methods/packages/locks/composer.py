"""What Composer resolved: composer.lock. https://getcomposer.org/doc/01-basic-usage.md#commit-your-composer-lock-file-to-version-control"""

from __future__ import annotations

import json

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package, Unreadable


def read(content: bytes, path: str) -> Locked:
    """Return each package, those for development too; folders of the tree itself are left out."""
    told = json.loads(content.decode("utf-8-sig"))
    if not isinstance(told, dict) or not isinstance(told.get("packages"), list):
        raise Unreadable("it has no list of packages")
    out = Locked()
    for one in [*told["packages"], *(told.get("packages-dev") or ())]:
        one = one if isinstance(one, dict) else {}
        name, version = one.get("name"), one.get("version")
        if not isinstance(name, str) or not isinstance(version, str):
            raise Unreadable("a package in it has no name or version")
        dist = one.get("dist")
        if isinstance(dist, dict) and dist.get("type") == "path":
            continue
        space, _, own = name.lower().rpartition("/")
        out.packages.append(Package("composer", own[:LONGEST], version[:LONGEST], space[:LONGEST], path=path))
    return out
