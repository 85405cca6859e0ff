"""RPM's database, in each of its three forms: told by its first bytes, each read by its own reader within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from assay.methods.packages.package import Package, Unreadable
from assay.methods.packages.rpm import bdb, header, ndb, sqlite

__all__ = ["read"]


def read(source: IO[bytes], path: str, size: int) -> Iterator[Package]:
    """Give each installed package; Unreadable where the database cannot be read to its end."""
    first = source.read(64)
    if not size:
        return
    if first.startswith(b"SQLite format 3\0"):
        blobs = sqlite.blobs(source, size)
    elif first.startswith(b"RpmP"):
        blobs = ndb.blobs(source, size)
    elif bdb.is_hash(first):
        blobs = bdb.blobs(source, size)
    else:
        raise Unreadable("it is none of the forms of rpm's database")
    told = 0
    for blob in blobs:
        told += len(blob)
        if (
            told > size
        ):  # each lies in bytes of its own; without this a few entries that share theirs are read for hours
            raise Unreadable("its entries are longer together than it is itself")
        package = header.read(blob, path)
        if package is not None:
            yield package
