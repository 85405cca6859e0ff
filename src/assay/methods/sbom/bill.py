"""What a bill of materials holds, whatever the form."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.methods.packages.osrelease import System
from assay.methods.packages.package import Package

KINDS = ("container", "operating-system", "application", "file")  # of what a bill is of
_LENGTHS = {32: "MD5", 40: "SHA-1", 64: "SHA-256", 96: "SHA-384", 128: "SHA-512"}


@dataclass(frozen=True, slots=True)
class Bill:
    """name, digest, kind: of what it is of (one of KINDS). made: RFC 3339. gaps: what could not be read."""

    name: str
    digest: str
    made: str
    tool: str
    system: System = field(default_factory=System)
    packages: tuple[Package, ...] = ()
    gaps: tuple[tuple[str, str], ...] = ()
    kind: str = "container"

    @property
    def id(self) -> str:
        """Return a UUID that follows from what it is of and when it was made."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"assay:sbom:{self.digest}:{self.name}:{self.made}"))


@dataclass(frozen=True, slots=True)
class Told:
    """What was read from a bill of materials."""

    system: System = field(default_factory=System)
    packages: tuple[Package, ...] = ()
    gaps: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()


def hashes(digests: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return digests as (algorithm, hex): npm's integrity is decoded, what is no digest left out."""
    out = []
    for name, value in digests.items():
        if name == "integrity":
            for part in value.split():
                _, dash, code = part.partition("-")
                try:
                    raw = base64.b64decode(code, validate=True).hex() if dash else ""
                except (binascii.Error, ValueError):
                    continue
                if len(raw) in _LENGTHS:
                    out.append((_LENGTHS[len(raw)], raw))
        elif name in _LENGTHS.values() and len(value) in _LENGTHS and not value.strip("0123456789abcdef"):
            out.append((name, value))
    return out
