"""R packages as they are installed: a DESCRIPTION that says with which R it was built. Writing R Extensions, 1.1.1."""

from __future__ import annotations

from collections.abc import Iterator

from assay.methods.packages.package import Package, Unreadable
from assay.methods.packages.stanzas import stanzas

_BASE = "base"  # R's own packages, which have its version and are in no repository


def read(content: bytes, path: str) -> Iterator[Package]:
    """Give the package; none where the file is of sources that were not built, or of something else."""
    text = content.decode("utf-8", "replace")
    told = next(stanzas(text, ("package", "version", "built", "license", "priority")), {})
    if "package" not in told or "built" not in told:
        return
    if not told.get("version"):
        raise Unreadable("it says no version")
    if told.get("priority") == _BASE:
        return
    yield Package("cran", told["package"], told["version"], licence=told.get("license", ""), path=path)
