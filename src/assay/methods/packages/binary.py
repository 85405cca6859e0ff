"""Programs that say what they were built from: Go's build information, and the list that cargo-auditable leaves in Rust's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from assay.methods.packages import gobuild, rustaudit
from assay.methods.packages.package import Package


def read(source: IO[bytes], path: str, size: int) -> Iterator[Package]:
    """Give the modules and crates of a program; none where it says nothing, as most do."""
    yield from gobuild.read(source, path, size)
    yield from rustaudit.read(source, path, size)
