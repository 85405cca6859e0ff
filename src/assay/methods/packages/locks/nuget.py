"""What NuGet resolved: packages.lock.json.

https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files#locking-dependencies. Each framework has its
packages; a project of the tree itself is of the type Project.
"""

from __future__ import annotations

import json

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package, Unreadable


def read(content: bytes, path: str) -> Locked:
    """Return each package of each framework."""
    told = json.loads(content.decode("utf-8-sig"))
    frameworks = told.get("dependencies") if isinstance(told, dict) else None
    if not isinstance(frameworks, dict):
        raise Unreadable("it is no lock of NuGet's")
    out = Locked()
    seen: set[tuple[str, str]] = set()
    for framework, packages in frameworks.items():
        if not isinstance(packages, dict):
            raise Unreadable(f"what it has of {framework[:80]!r} is no object")
        for name, one in packages.items():
            one = one if isinstance(one, dict) else {}
            version = one.get("resolved")
            if str(one.get("type", "")).lower() == "project":
                continue
            if not isinstance(version, str) or not version:
                raise Unreadable(f"{name[:80]!r} in it is resolved to no version")
            if (name, version) not in seen:
                seen.add((name, version))
                out.packages.append(Package("nuget", name[:LONGEST], version[:LONGEST], path=path))
    return out
