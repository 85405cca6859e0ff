"""What Poetry, uv and PDM resolved, and pylock.toml: poetry.lock, uv.lock, pdm.lock, PEP 751.

https://packaging.python.org/en/latest/specifications/pylock-toml/. All groups are listed, those for development too.
"""

from __future__ import annotations

from typing import Any

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import Unreadable
from assay.methods.packages.tomls import loaded

_OWN = ("virtual", "editable", "directory", "workspace")


def read(content: bytes, path: str) -> Locked:
    """Return each package that is locked to a version; the tree's own are left out."""
    told = loaded(content)
    found = told.get("packages" if "lock-version" in told else "package", [])
    if not isinstance(found, list):
        raise Unreadable("its packages are no list")
    out = Locked()
    for one in found:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise Unreadable("a package in it has no name")
        version = one.get("version", "")
        if not isinstance(version, str):
            raise Unreadable(f"the version of {one['name'][:80]!r} is no text")
        if not _own(one):
            out.add("pypi", one["name"], version, path, "" if version else "a version that it does not lock")
    return out


def _own(one: dict[str, Any]) -> bool:
    source = one.get("source")
    if isinstance(source, dict) and (any(k in source for k in _OWN) or source.get("type") == "directory"):
        return True
    return any(k in one for k in ("directory", "editable")) or (
        isinstance(one.get("path"), str) and not one.get("files")
    )
