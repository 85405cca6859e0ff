"""Documents of images, read so that no other reader sees another image in them.

Go, in which container engines are written, takes ``Layers`` for ``layers`` and the last of several; other readers do not. A document in
which what is looked at is written twice, or in other letters, or that is an index and a manifest at once, is refused.
https://pkg.go.dev/encoding/json#Unmarshal; CVE-2021-41190
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# What is looked at, as OCI and Docker write it.
_WRITTEN = {
    name.lower(): frozenset(names)
    for names in (
        ("manifests",), ("layers", "Layers"), ("config", "Config"), ("digest",), ("size",), ("mediaType",), ("platform",),
        ("annotations",), ("rootfs",), ("diff_ids",), ("architecture",), ("os",), ("RepoTags",), ("imageLayoutVersion",),
        ("Env",), ("User",),
    )
    for name in names
}  # fmt: skip


class Ambiguous(ValueError):
    """A document in which readers see different images."""


class Document(dict[str, Any]):
    """A JSON object. odd: names of those looked at that are in it twice or written in other letters."""

    odd: tuple[str, ...] = ()


def _made(pairs: list[tuple[str, Any]]) -> Document:
    made = Document(pairs)
    seen: dict[str, str] = {}
    for name, _ in pairs:
        low = name.lower()
        if low in _WRITTEN and (low in seen or name not in _WRITTEN[low]):
            made.odd = (*made.odd, name)
        seen[low] = name
    return made


def parsed(raw: bytes) -> Any:
    """Return what a document holds; ValueError or RecursionError where it is no JSON."""
    return json.loads(raw, object_pairs_hook=_made)


def clear(*found: Any) -> None:
    """Raise Ambiguous where one of these objects is read in two ways."""
    for one in found:
        if isinstance(one, Document) and one.odd:
            raise Ambiguous(
                f"{one.odd[0][:40]!r} is written twice or in other letters, which readers take differently"
            )
        if isinstance(one, Mapping) and "manifests" in one and ("layers" in one or "config" in one):
            raise Ambiguous("a document of it is an index and a manifest at once")
