"""Alpine packages: ``lib/apk/db/installed``, a stanza a package with fields of one letter.

https://wiki.alpinelinux.org/wiki/Apk_spec: P name, V version, o origin, A architecture, L licence, F folder, R file.
"""

from __future__ import annotations

from collections.abc import Iterator

from assay.methods.packages.package import LONGEST, Package, Unreadable
from assay.methods.packages.wanted import kind_of

_FIELDS = {"P": "name", "V": "version", "o": "origin", "A": "arch", "L": "licence"}


def read(content: bytes, path: str) -> Iterator[Package]:
    """Give each installed package; Unreadable where a stanza lacks its name or version."""
    for stanza in content.decode("utf-8", "replace").split("\n\n"):
        found: dict[str, str] = {}
        files: list[str] = []
        folder = ""
        for line in stanza.splitlines():
            key, colon, value = line.partition(":")
            if not colon:
                continue
            if key == "F":
                folder = value
            elif key == "R":
                full = f"{folder}/{value}" if folder else value
                if kind_of(full, 1 << 20):
                    files.append(full)
            elif key in _FIELDS:
                found.setdefault(_FIELDS[key], value[:LONGEST])
        if not found and not stanza.strip():
            continue
        name, version = found.get("name", ""), found.get("version", "")
        if not name or not version:
            raise Unreadable("a stanza names a package without its version")
        yield Package(
            "apk", name, version, source=found.get("origin", "") or name, source_version=version,
            arch=found.get("arch", ""), licence=found.get("licence", ""), path=path, about={"files": tuple(files)},
        )  # fmt: skip
