"""What pnpm resolved: pnpm-lock.yaml, versions 5 (/NAME/VERSION), 6 (/NAME@VERSION) and 9 (NAME@VERSION).

https://github.com/pnpm/spec/tree/master/lockfile. What other packages a package was resolved beside stands behind its version, in
brackets or behind an underscore, and says nothing of it.
"""

from __future__ import annotations

import re
from typing import Any

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.npm import named
from assay.methods.packages.package import Unreadable
from assay.methods.packages.yamls import documents

_AT = re.compile(r"/?((?:@[^/@]+/)?[^/@]+)@(.+)")
_SLASH = re.compile(r"(?:[^/@]*\.[^/@]*)?/((?:@[^/@]+/)?[^/@]+)/(\d+\.\d[^/_]*)(?:[/_].*)?")
_FORMS = ("5", "6", "7", "8", "9")


def read(content: bytes, path: str) -> Locked:
    """Return each package that is resolved to a version; folders of the tree itself are left out."""
    out = Locked()
    found = documents(content)
    if not found:
        raise Unreadable("it is empty")
    for told in found:
        form = str(told.get("lockfileVersion", "")) if isinstance(told, dict) else ""
        if form.partition(".")[0] not in _FORMS:
            raise Unreadable(
                f"it is no lock of pnpm's whose version is read here ({form[:20] or 'none is said'})"
            )
        packages = told.get("packages") or {}
        if not isinstance(packages, dict):
            raise Unreadable("its packages are no mapping")
        for key, one in packages.items():
            _one(key, one if isinstance(one, dict) else {}, form < "6", path, out)
    return out


def _one(key: str, one: dict[str, Any], slashes: bool, path: str, out: Locked) -> None:
    resolution = one.get("resolution")
    resolution = resolution if isinstance(resolution, dict) else {}
    if resolution.get("type") == "directory":
        return
    match = (_SLASH if slashes else _AT).fullmatch(key.partition("(")[0])
    name, version = (match[1], match[2]) if match else ("", "")
    # What comes from elsewhere than a registry is called by its address and says its name and version itself.
    name, version = str(one.get("name") or name), str(one.get("version") or version)
    if name and version and ("://" not in version and ":" not in version):
        out.packages.append(named(name, version, path, integrity=str(resolution.get("integrity") or "")))
    elif name:
        out.ask_for(named(name, "", path), version)
    else:
        out.unread.append(key[:80])
