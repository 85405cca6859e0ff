"""Debian packages: ``var/lib/dpkg/status``, and a file each in ``status.d`` as distroless images have them.

deb-status: https://manpages.debian.org/dpkg-dev/deb-control.5; what is only removed or half installed is not installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.methods.packages.package import Package, Unreadable
from assay.methods.packages.stanzas import stanzas

_FIELDS = ("package", "status", "version", "source", "architecture")
_SOURCE = re.compile(r"([A-Za-z0-9][A-Za-z0-9+.\-_]*)\s*(?:\(([^)]+)\))?")


def read(content: bytes, path: str) -> Iterator[Package]:
    """Give each installed package; Unreadable where a stanza names a package without its version."""
    single = "/status.d/" in f"/{path}"
    for stanza in stanzas(content.decode("utf-8", "replace"), _FIELDS):
        name, version, status = (stanza.get(k, "") for k in ("package", "version", "status"))
        words = status.split()
        # Configured wholly or not, its files are there unless dpkg says that they are gone.
        if not single and (len(words) != 3 or words[2] in ("not-installed", "config-files")):
            if not name or len(words) != 3:
                raise Unreadable("a stanza names no package, or not in which state it is")
            continue
        if not name or not version:
            raise Unreadable("a stanza names a package without its version")
        told = _SOURCE.fullmatch(stanza.get("source", "")) if stanza.get("source") else None
        yield Package(
            "deb",
            name,
            version,
            source=told[1] if told else name,
            source_version=(told[2] if told and told[2] else version).strip(),
            arch=stanza.get("architecture", ""),
            path=path,
        )
