"""Conda packages: a JSON file each in ``conda-meta``. Advisories name what a package was built from only where it is Python's."""

from __future__ import annotations

import json
from collections.abc import Iterator

from assay.methods.packages.package import LONGEST, Package, Unreadable


def read(content: bytes, path: str) -> Iterator[Package]:
    """Give the package; Unreadable where it is no record of one."""
    told = json.loads(content)
    if not isinstance(told, dict):
        raise Unreadable("it is no JSON object")
    name, version = told.get("name"), told.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        raise Unreadable("it says no name or version")
    about = {k: str(told[k])[:LONGEST] for k in ("build", "channel", "subdir") if told.get(k)}
    digests = {"SHA-256": str(told["sha256"])[:64]} if told.get("sha256") else {}
    licence = str(told.get("license") or "")[:LONGEST]
    yield Package(
        "conda", name[:LONGEST], version[:LONGEST], licence=licence, path=path, digests=digests, about=about
    )
