"""The list of crates that cargo-auditable leaves in a program: zlib-packed JSON in the section ``.dep-v0``.

https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import IO

from assay.methods.packages import elf
from assay.methods.packages.package import LONGEST, Package, Unreadable

_PACKED, _PLAIN = 8 << 20, 16 << 20


def read(source: IO[bytes], path: str, size: int) -> Iterator[Package]:
    """Give each crate that is in the program; none where it has no such section."""
    found = elf.read(source, size)
    section = next((s for s in found.sections if s.name == ".dep-v0"), None) if found else None
    if section is None:
        return
    if section.size > _PACKED:
        raise Unreadable("its list of crates is too long")
    source.seek(section.place)
    unpacker = zlib.decompressobj()
    raw = unpacker.decompress(source.read(section.size), _PLAIN)
    if not unpacker.eof:
        raise Unreadable("its list of crates is cut short or too long")
    told = json.loads(raw)
    for one in told["packages"]:
        if one.get("kind", "runtime") != "runtime" or one.get("source") not in ("crates.io", "registry"):
            continue
        yield Package("cargo", str(one["name"])[:LONGEST], str(one["version"])[:LONGEST], path=path)
