"""Rows of the office: as the text that their digest is of, and read back as the dataclasses that were written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from assay.kernel.canonical import sha256
from assay.kernel.errors import Broken

T = TypeVar("T")


def row_text(values: Mapping[str, Any]) -> str:
    """Return a row as text: what its digest is of, and what the history keeps of it."""
    return json.dumps(dict(values), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def row_digest(values: Mapping[str, Any]) -> str:
    """Return the digest of a row."""
    return sha256(row_text(values).encode())


def read(cls: type[T], text: str) -> T:
    """Return what a row's canonical JSON holds; what a newer Assay added to it is left aside.

    Broken where it is no such row any more.
    """
    try:
        raw: dict[str, Any] = json.loads(text)
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        return cls(**{k: v for k, v in raw.items() if k in known})
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Broken(
            f"a row of the office cannot be read as a {cls.__name__}", remedy="see `assay log verify`"
        ) from error
