"""The digest of a file's bytes, for those who need no more of the store than that."""

from __future__ import annotations

import hashlib
from pathlib import Path


def digest_file(path: Path | str) -> str:
    """Return ``sha256:<hex>`` of a file's bytes, streamed."""
    with Path(path).open("rb") as source:
        return "sha256:" + hashlib.file_digest(source, "sha256").hexdigest()
