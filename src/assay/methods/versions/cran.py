"""R's order of versions: numbers apart by . or -, compared one by one; what is longer is later (R's package_version)."""

from __future__ import annotations

import re
from typing import Any

_VERSION = re.compile(r"[0-9]+(?:[.-][0-9]+)*")


def key(text: str) -> tuple[Any, ...]:
    """Return what sorts as R sorts; ValueError where it is no version."""
    if _VERSION.fullmatch(text.strip()) is None:
        raise ValueError(f"{text[:60]!r} is no version of R's")
    return tuple(int(n) for n in re.split("[.-]", text.strip()))
