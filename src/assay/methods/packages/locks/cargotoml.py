"""What a Rust project asks for: Cargo.toml. https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html

A bare version is a range here (``^``); only ``=1.2.3`` is one alone. What cargo resolved stands in Cargo.lock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assay.methods.packages.locks.locked import Locked
from assay.methods.packages.package import LONGEST, Package, Unreadable
from assay.methods.packages.tomls import loaded

_PARTS = 8  # as of target.'cfg(unix)'.dependencies.NAME
_EXACT = re.compile(r"=\s*(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)")


def read(content: bytes, path: str) -> Locked:
    """Return what is asked for, of each platform; the workspace's own and a build's needs are left out."""
    told = loaded(content, _PARTS)
    out = Locked(asks="cargo")
    own = _table(told, "package").get("name")
    if isinstance(own, str):
        out.own.add(("cargo", own.lower()))
    for table in _tables(told):
        for key, one in table.items():
            wanted = one.get("version", "") if isinstance(one, dict) else one
            name = one.get("package", key) if isinstance(one, dict) else key
            if not isinstance(wanted, str) or not isinstance(name, str):
                out.unread.append(f"{key} = {one!r}"[:80])
                continue
            if isinstance(one, dict) and one.get("path"):
                out.own.add(("cargo", name.lower()))
                continue
            package = Package("cargo", name[:LONGEST], "", path=path)
            exact = _EXACT.fullmatch(wanted.strip())
            if exact:
                out.packages.append(Package("cargo", name[:LONGEST], exact[1][:LONGEST], path=path))
            elif isinstance(one, dict) and one.get("workspace"):
                out.ask_for(package, "what its workspace says")
            else:
                out.ask_for(package, wanted or str(one.get("git") or "") if isinstance(one, dict) else wanted)
    if any(p.version for p in out.packages):
        out.untold.append("what its dependencies need in turn is not said in it")
    return out


def _tables(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for holder in (told, *(t for t in _table(told, "target").values() if isinstance(t, dict))):
        yield _table(holder, "dependencies")
        yield _table(holder, "dev-dependencies")


def _table(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name, {})
    if not isinstance(found, dict):
        raise Unreadable(f"its table {name!r} is none")
    return found
