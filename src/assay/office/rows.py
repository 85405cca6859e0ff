"""Rows of the office read back as the dataclasses that were written."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, TypeVar

from assay.kernel.errors import Broken

T = TypeVar("T")


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
