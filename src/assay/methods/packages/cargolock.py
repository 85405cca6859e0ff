"""What cargo resolved: Cargo.lock. https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html"""

from __future__ import annotations

from collections.abc import Iterator

from assay.methods.packages.package import LONGEST, Package, Unreadable
from assay.methods.packages.tomls import loaded


def read(content: bytes, path: str) -> Iterator[Package]:
    """Give each package that comes from a registry or a repository, not the workspace's own."""
    told = loaded(content)
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
