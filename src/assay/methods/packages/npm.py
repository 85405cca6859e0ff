"""A package of npm as it lies in node_modules: its package.json. https://docs.npmjs.com/cli/configuring-npm/package-json"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.methods.packages.jsons import loaded
from assay.methods.packages.package import LONGEST, Package


def read(content: bytes, path: str) -> Iterator[Package]:
    """Give the package; none where the file is no package's own, such as one that only says a module's type."""
    told = loaded(content)
    if not _root(path):
        return
    name, version = told.get("name"), told.get("version")
    if not isinstance(name, str) or not isinstance(version, str) or not name:
        return  # a folder of fixtures or a subpath of a package has such files, and npm installs none without both
    yield named(name, version, path, licence=_licence(told))


def named(name: str, version: str, path: str, *, licence: str = "", integrity: str = "") -> Package:
    """Return a package by its full name."""
    scope, slash, rest = name.partition("/")
    digests = {"integrity": integrity[:LONGEST]} if integrity else {}
    space, own = (scope, rest) if slash and scope.startswith("@") else ("", name)
    return Package(
        "npm",
        own[:LONGEST],
        version[:LONGEST],
        space[:LONGEST],
        licence=licence[:LONGEST],
        path=path,
        digests=digests,
    )


def _root(path: str) -> bool:
    """Whether a package.json lies at the root of a package: node_modules/NAME or node_modules/@SCOPE/NAME."""
    rest = path.rpartition("node_modules/")[2].split("/")
    return len(rest) == (3 if rest[0].startswith("@") else 2)


def _licence(told: dict[str, Any]) -> str:
    licence = told.get("license")
    if isinstance(licence, dict):
        licence = licence.get("type")
    return licence if isinstance(licence, str) else ""
