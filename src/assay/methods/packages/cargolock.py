"""What cargo resolved: Cargo.lock. https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from assay.methods.packages.package import LONGEST, Package, Unreadable

_DOTS, _PARTS = 200, 5  # of a line, and of a name: one of n parts takes tomllib n² steps and n tables


def _deep(line: str) -> bool:
    name = line.partition("=")[0]
    return line.count(".") > _DOTS or ('"' not in name and name.count(".") > _PARTS)


def read(content: bytes, path: str) -> Iterator[Package]:
    """Give each package that comes from a registry or a repository, not the workspace's own."""
    text = content.decode("utf-8")
    if any(_deep(line) for line in text.splitlines()):
        raise Unreadable("a name in it has more parts than any of cargo's")
    told = tomllib.loads(text)
    found = told.get("package", [])
    if not isinstance(found, list):
        raise Unreadable("its packages are no list")
    for one in found:
        name, version = one.get("name"), one.get("version")
        if not isinstance(name, str) or not isinstance(version, str):
            raise Unreadable("a package has no name or version")
        if one.get("source"):
            digests = {"SHA-256": str(one["checksum"])[:64]} if one.get("checksum") else {}
            yield Package("cargo", name[:LONGEST], version[:LONGEST], path=path, digests=digests)
