"""What Gradle resolved: gradle.lockfile, a line each as GROUP:NAME:VERSION=CONFIGURATIONS.

https://docs.gradle.org/current/userguide/dependency_locking.html; the older form is a file for each configuration, without the =.
"""

from __future__ import annotations

import re

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package, Unreadable

_LINE = re.compile(r"([^\s:=]+):([^\s:=]+):([^\s:=]+)(?:=\S*)?")


def read(content: bytes, path: str) -> Locked:
    """Return each module; ``empty=`` only names configurations that have none."""
    out = Locked()
    for line in content.decode("utf-8-sig").splitlines():
        bare = line.strip()
        if not bare or bare.startswith("#") or bare.startswith("empty="):
            continue
        match = _LINE.fullmatch(bare)
        if not match:
            raise Unreadable(f"{bare[:80]!r} is no module in a version")
        group, name, version = (part[:LONGEST] for part in match.groups())
        out.packages.append(Package("maven", name, version, group, path=path))
    return out
