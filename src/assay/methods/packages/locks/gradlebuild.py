"""What a build of Gradle's asks for: build.gradle and build.gradle.kts, which are programs and are not read.

https://docs.gradle.org/current/userguide/dependency_locking.html. What Gradle resolved stands in its lock, where one is written.
"""

from __future__ import annotations

import re

from assay.methods.packages.locks.locked import Locked

_ASKS = re.compile(rb"^\s*dependencies\s*\{", re.MULTILINE)


def read(content: bytes, path: str) -> Locked:
    """Return that a program decides what is asked for, where it has dependencies."""
    out = Locked(asks="maven")
    if _ASKS.search(content):
        out.untold.append(
            "a program decides what it asks for; `gradle dependencies --write-locks` writes what Gradle resolved"
        )
    return out
