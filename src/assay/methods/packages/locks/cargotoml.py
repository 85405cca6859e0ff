"""What a Rust project asks for: Cargo.toml. https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html

A bare version is a range here (``^``); only ``=1.2.3`` is one alone. What cargo resolved stands in Cargo.lock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package
from assay.methods.packages.tomls import loaded, table

_PARTS = 8  # as of target.'cfg(unix)'.dependencies.NAME
_EXACT = re.compile(r"=\s*(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)")


def read(content: bytes, path: str) -> Locked:
    """Return what is asked for, of each platform; the workspace's own and a build's needs are left out."""
    told = loaded(content, _PARTS)
    out = Locked(asks="cargo")
    own = table(told, "package").get("name")
    if isinstance(own, str):
        out.own.add(("cargo", own.lower()))
    for held in _tables(told):
        for key, one in held.items():
            wanted = one.get("version", "") if isinstance(one, dict) else one
            name = one.get("package", key) if isinstance(one, dict) else key
            if not isinstance(wanted, str) or not isinstance(name, str):
                out.unread.append(f"{key} = {one!r}"[:80])
                continue
            if isinstance(one, dict) and one.get("path"):
                out.own.add(("cargo", name.lower()))
                continue
            exact = _EXACT.fullmatch(wanted.strip())
            if isinstance(one, dict) and not exact:
                wanted = (
                    "what its workspace says" if one.get("workspace") else wanted or str(one.get("git") or "")
                )
            version = exact[1][:LONGEST] if exact else ""
            out.take(Package("cargo", name[:LONGEST], version, path=path), wanted)
    return out


def _tables(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for holder in (told, *(t for t in table(told, "target").values() if isinstance(t, dict))):
        yield table(holder, "dependencies")
        yield table(holder, "dev-dependencies")
