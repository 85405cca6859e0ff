"""What a PHP project asks for: composer.json. https://getcomposer.org/doc/04-schema.md#package-links"""

from __future__ import annotations

import re

from assay.methods.packages.jsons import loaded
from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package, Unreadable

_EXACT = re.compile(r"=?=?\s*(v?\d+(?:\.\d+){1,3}(?:-[0-9A-Za-z.]+)?)")


def read(content: bytes, path: str) -> Locked:
    """Return what is asked for, also for development; PHP itself and its extensions, whose names have no vendor, are left out."""
    told = loaded(content)
    out = Locked(asks="composer")
    if isinstance(told.get("name"), str):
        out.own.add(("composer", told["name"][: 2 * LONGEST].lower()))
    for table in ("require", "require-dev"):
        asked = told.get(table)
        if asked == []:  # as PHP writes an object without names
            continue
        if not isinstance(asked, dict | None):
            raise Unreadable(f"its {table} is no object")
        for name, wanted in (asked or {}).items():
            space, slash, own = name.lower().partition("/")
            if not slash:
                continue
            if not isinstance(wanted, str):
                out.unread.append(f"{name}: {wanted!r}"[:80])
                continue
            exact = _EXACT.fullmatch(wanted.strip())
            version = exact[1] if exact else ""
            out.take(Package("composer", own[:LONGEST], version, space[:LONGEST], path=path), wanted)
    return out
