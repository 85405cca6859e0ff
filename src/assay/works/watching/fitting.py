"""Which checks fit what arrived: those of `assay scan`, and of an image what is installed in it and what is known of that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assay.kernel.errors import UsageError
from assay.works.picking import Wanted, of_image, picked

__all__ = ["Wanted", "of_image", "of_path"]


def of_path(path: Path, advisories: Mapping[str, str]) -> list[Wanted]:
    """Return what fits a file or folder; UsageError where not all of it could be looked at.

    Whatever lies beside an image in its own file or folder is scanned too.
    """
    found = picked(str(path), advisories)
    if found.skipped:
        raise UsageError(found.skipped[0].why, where=found.skipped[0].what)
    return list(found.checks)
