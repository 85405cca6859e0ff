"""What npm resolved: package-lock.json and npm-shrinkwrap.json, versions 1 to 3.

https://docs.npmjs.com/cli/configuring-npm/package-lock-json: 1 nests ``dependencies``, 2 and 3 list ``packages`` by place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.methods.packages.jsons import loaded
from assay.methods.packages.npm import named
from assay.methods.packages.package import Package, Unreadable

_DEEPEST = 100


def read(content: bytes, path: str) -> Iterator[Package]:
    """Give each package that is resolved to a version; links to folders are left out."""
    told = loaded(content)
    packages = told.get("packages")
    if isinstance(packages, dict):
        for place, one in packages.items():
            if not place or not isinstance(one, dict) or one.get("link"):
                continue
            name = one.get("name") or place.rpartition("node_modules/")[2]
            if isinstance(name, str) and isinstance(one.get("version"), str) and "node_modules/" in place:
                yield named(name, one["version"], path, integrity=str(one.get("integrity") or ""))
        return
    if told.get("lockfileVersion") in (2, 3):
        raise Unreadable("it lists no packages")
    yield from _nested(told.get("dependencies"), path, 0)


def _nested(found: Any, path: str, depth: int) -> Iterator[Package]:
    if depth > _DEEPEST:
        raise Unreadable(f"its dependencies nest deeper than {_DEEPEST}")
    for name, one in found.items() if isinstance(found, dict) else ():
        if not isinstance(one, dict):
            continue
        version = one.get("version")
        if isinstance(version, str) and "://" not in version and not version.startswith("file:"):
            alias = version.removeprefix("npm:") if version.startswith("npm:") else ""
            if alias:
                name, _, version = alias.rpartition("@")
            yield named(name, version, path, integrity=str(one.get("integrity") or ""))
        yield from _nested(one.get("dependencies"), path, depth + 1)
