"""What a JavaScript project asks for: its package.json. https://docs.npmjs.com/cli/configuring-npm/package-json#dependencies

What npm, Yarn, pnpm or Bun resolved stands in their locks, or in node_modules; where neither lies there, only a plain version is one.
"""

from __future__ import annotations

import re

from assay.methods.packages.jsons import loaded
from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.npm import named
from assay.methods.packages.package import LONGEST, Unreadable

_TABLES = ("dependencies", "devDependencies", "optionalDependencies")
_EXACT = re.compile(r"=?\s*v?(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)")
_OWN = ("file:", "link:", "workspace:", "portal:", "./", "../", "/", "~/")


def read(content: bytes, path: str) -> Locked:
    """Return what is asked for; folders of the tree itself are left out, and what a user of it must bring (peers)."""
    told = loaded(content)
    out = Locked(asks="npm")
    if isinstance(told.get("name"), str):
        out.own.add(("npm", told["name"][: 2 * LONGEST].lower()))
    for table in _TABLES:
        asked = told.get(table)
        if not isinstance(asked, dict | None):
            raise Unreadable(f"its {table} are no object")
        for name, wanted in (asked or {}).items():
            if not isinstance(wanted, str):
                out.unread.append(f"{name}: {wanted!r}"[:80])
                continue
            if wanted.startswith(_OWN):
                out.own.add(("npm", name.lower()))
                continue
            if wanted.startswith("npm:"):  # under another name
                name, _, wanted = wanted[4:].rpartition("@") if "@" in wanted[5:] else (wanted[4:], "", "")
            exact = _EXACT.fullmatch(wanted.strip())
            out.take(named(name, exact[1] if exact else "", path), wanted)
    return out
