"""Python distributions: METADATA of a dist-info, PKG-INFO of an egg-info, or an egg-info that is one file.

https://packaging.python.org/en/latest/specifications/core-metadata/. What a distribution requires is kept, for what imports reach.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.methods.packages.package import LONGEST, Package, Unreadable

_REQUIRES = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)([^;]*)(?:;(.*))?")
_MOST = 2_000


def read(content: bytes, path: str) -> Iterator[Package]:
    """Give the distribution; Unreadable where it says no name or version."""
    name = version = licence = ""
    requires: list[str] = []
    for line in content.decode("utf-8", "replace").splitlines():
        if not line.strip():
            break  # the description follows
        key, colon, value = line.partition(":")
        value = value.strip()[:LONGEST]
        match key.lower() if colon and line[0] not in " \t" else "":
            case "name":
                name = name or value
            case "version":
                version = version or value
            case "license-expression":
                licence = value
            case "license":
                licence = licence or (value if len(value) < 80 else "")
            case "requires-dist":
                told = _REQUIRES.match(value)
                if told and len(requires) < _MOST and "extra ==" not in (told[3] or ""):
                    requires.append(told[1])
    if not name or not version:
        raise Unreadable("it says no name or version")
    yield Package(
        "pypi", name, version, licence=licence, path=path, about={"requires": requires} if requires else {}
    )


def modules(content: bytes, path: str) -> list[str]:
    """Return the top-level modules that a RECORD or top_level.txt names."""
    lines = content.decode("utf-8", "replace").splitlines()
    if path.endswith("top_level.txt"):
        return [line.strip() for line in lines if line.strip()][:_MOST]
    found: dict[str, None] = {}
    for line in lines:
        first, slash, _ = line.partition(",")[0].strip('"').partition("/")
        if slash:
            if first.isidentifier() and len(found) < _MOST:
                found[first] = None
        elif first.endswith((".py", ".so", ".pyd")):
            found[first.partition(".")[0]] = None
    return list(found)
