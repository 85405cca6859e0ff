"""What Dart's pub resolved: pubspec.lock. https://dart.dev/tools/pub/glossary#lockfile"""

from __future__ import annotations

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package, Unreadable
from assay.methods.packages.yamls import document


def read(content: bytes, path: str) -> Locked:
    """Return each package that comes from a server or a repository; the tree's own and what the SDK brings are left out."""
    found = document(content).get("packages")
    if not isinstance(found, dict):
        raise Unreadable("its packages are no mapping")
    out = Locked()
    for name, one in found.items():
        one = one if isinstance(one, dict) else {}
        version = one.get("version")
        if one.get("source") in ("path", "sdk"):
            continue
        if not isinstance(version, str) or not version:
            raise Unreadable(f"{name[:80]!r} in it has no version")
        out.packages.append(Package("pub", name[:LONGEST], version[:LONGEST], path=path))
    return out
