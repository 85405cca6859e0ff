"""A ruleset file read, whichever of the formats it is in."""

from __future__ import annotations

from pathlib import Path

from assay.kernel.errors import Missing, UsageError
from assay.methods.document import MAX_BYTES
from assay.methods.quality.rule import Ruleset
from assay.methods.quality.stated import read as read_stated


def read(path: Path) -> Ruleset:
    """Read a ruleset; UsageError or Missing says in which file and line what was expected."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Missing(
            f"the ruleset cannot be read: {error.strerror or error}", where=str(path), remedy="check the path"
        ) from None
    if len(raw) > MAX_BYTES:
        raise UsageError(
            f"the ruleset is larger than {MAX_BYTES >> 20} MiB", where=str(path), remedy="split it"
        )
    return read_bytes(raw, path.name)


def read_bytes(raw: bytes, shown: str) -> Ruleset:
    """Read the bytes of a ruleset that errors call ``shown``."""
    return read_stated(raw, shown)
