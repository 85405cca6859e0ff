"""Whatever bill of materials it is, read: CycloneDX or SPDX as JSON, told by what it says of itself."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec

from assay.methods.packages.osrelease import System
from assay.methods.packages.package import Unreadable
from assay.methods.sbom import cyclonedx, spdx, spdx3
from assay.methods.sbom.bill import Told
from assay.methods.sbom.unhindered import unhindered

_MEMORY = (
    2 << 30
)  # bytes that a bill may take while it is taken apart; of 250,000 packages it is said to take 1.6 GiB
# Bytes that Python keeps for each object, list, text, value and name, as measured with tracemalloc on 3.11, rounded up; and for each byte
# of the document, of which one letter beyond ASCII makes all letters four bytes wide.
_OBJECT, _LIST, _TEXT, _VALUE, _NAME = 232, 88, 72, 48, 40
_PLAIN, _WIDE = 2, 9


def memory(content: bytes) -> int:
    """Return how many bytes a JSON document takes at most while it is taken apart, by counting what stands in it."""
    return (
        _OBJECT * content.count(b"{")
        + _LIST * content.count(b"[")
        + _TEXT * (content.count(b'"') // 2)
        + _VALUE * content.count(b",")
        + _NAME * content.count(b":")
        + (_PLAIN if content.isascii() else _WIDE) * len(content)
    )


def read(content: bytes) -> Told:
    """Return what a bill lists; a system that it does not name is told from its packages. Unreadable where it is none.

    A bill that would take more than two gigabytes of memory is refused before it is taken apart.
    """
    if (needed := memory(content)) > _MEMORY:
        raise Unreadable(
            f"taken apart it may need {needed / 2**30:.1f} GiB of memory, and {_MEMORY >> 30} GiB is the bound"
        )
    with unhindered():
        return _read(content)


def _read(content: bytes) -> Told:
    try:
        document = _decoded(content)
    except (ValueError, RecursionError):
        raise Unreadable("it is no JSON") from None
    if not isinstance(document, dict):
        raise Unreadable("it is no JSON object")
    try:
        told = _told(document)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Unreadable(
            f"it is no whole bill of materials ({type(error).__name__}: {str(error)[:80]})"
        ) from None
    if not told.system.id or not told.system.version:
        told = replace(told, system=_of_packages(told))
    return told


def _decoded(content: bytes) -> Any:
    """Return what stands in it. msgspec reads it in a third of the time, and json what it does not: NaN, half a surrogate."""
    try:
        return msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError):
        return json.loads(content.decode("utf-8-sig"))


def _told(document: dict[str, object]) -> Told:
    if document.get("bomFormat") == "CycloneDX":
        return cyclonedx.read(document)
    if str(document.get("spdxVersion", "")).startswith("SPDX-2"):
        return spdx.read(document)
    if "@graph" in document and "spdx.org/rdf/3" in str(document.get("@context", ""))[:2_000]:
        return spdx3.read(document)
    raise Unreadable("it is neither CycloneDX nor SPDX, as JSON")


def _of_packages(told: Told) -> System:
    """Return the system that the first of a distribution's packages names in its URL: distro=debian-12."""
    for package in told.packages:
        distro = str(package.about.get("distro", ""))
        if package.kind in ("deb", "rpm", "apk") and distro:
            name, dash, version = distro.rpartition("-")
            return System(name if dash else distro, version if dash else "")
        if package.kind in ("deb", "rpm", "apk") and package.namespace:
            return System(package.namespace, told.system.version)
    return told.system
