"""What Bun resolved: bun.lock, JSON with commas before what closes. https://bun.com/docs/install/lockfile

``packages`` is by place; of each the first is NAME@VERSION, or NAME@ and where else it comes from.
"""

from __future__ import annotations

import json
import re

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.locks.yarn import parted
from assay.methods.packages.npm import named
from assay.methods.packages.package import Unreadable

_LOOSE = re.compile(r'("(?:[^"\\]|\\.)*+"?+)|,(?=\s*+[}\]])|//[^\n]*+')
_OWN = ("workspace:", "link:", "file:", "root:")


def read(content: bytes, path: str) -> Locked:
    """Return each package that is resolved to a version; workspaces are left out."""
    told = json.loads(_LOOSE.sub(lambda m: m[1] or "", content.decode("utf-8-sig")))
    packages = told.get("packages", {}) if isinstance(told, dict) and "lockfileVersion" in told else None
    if not isinstance(packages, dict):
        raise Unreadable("it is no lock of Bun's")
    out = Locked()
    for place, one in packages.items():
        if not isinstance(one, list) or not one or not isinstance(one[0], str):
            raise Unreadable(f"{place[:80]!r} in it is no resolved package")
        name, version = parted(one[0])
        integrity = one[-1] if isinstance(one[-1], str) and one[-1].startswith("sha") else ""
        if version[:1].isdigit():
            out.packages.append(named(name, version, path, integrity=integrity))
        elif not version.startswith(_OWN):
            out.ask_for(named(name, "", path), version)
    return out
