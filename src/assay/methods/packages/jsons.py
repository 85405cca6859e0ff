"""JSON that tools of packages write: one object, perhaps behind a byte order mark."""

from __future__ import annotations

import json
from typing import Any

from assay.methods.packages.package import Unreadable


def loaded(content: bytes) -> dict[str, Any]:
    """Return a document's object; Unreadable where it is something else, ValueError where it is no JSON."""
    told = json.loads(content.decode("utf-8-sig"))
    if not isinstance(told, dict):
        raise Unreadable("it is no JSON object")
    return told
