"""What Gradle resolved: gradle.lockfile, a line each as GROUP:NAME:VERSION=CONFIGURATIONS.

https://docs.gradle.org/current/userguide/dependency_locking.html; the older form is a file for each configuration below
gradle/dependency-locks, without the =.
"""

from __future__ import annotations

import re

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package, Unreadable

_LINE = re.compile(r"([^\s:=]+):([^\s:=]+):([^\s:=]+)(=\S+)?")


def read(content: bytes, path: str) -> Locked:
    """Return each module; ``empty=`` only names configurations that have none."""
    out, first = Locked(), None
    for line in content.decode("utf-8-sig").splitlines():
        bare = line.strip()
        if not bare or bare.startswith(("#", "empty=")):
            continue
        match = _LINE.fullmatch(bare)
        first = first or match
        if not match or not first or bool(match[4]) != bool(first[4]):  # a line that was cut off has no =
            raise Unreadable(f"{bare[:80]!r} is no module in a version")
        group, name, version = (part[:LONGEST] for part in match.groups()[:3])
        out.packages.append(Package("maven", name, version, group, path=path))
    return out
