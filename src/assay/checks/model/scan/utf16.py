"""Text in UTF-16 that says so by its mark: YAML, JSON and configurations are read in it as they are in UTF-8."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from assay.checks.model.scan._view import View

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_LIMIT = 64 << 20  # bytes


def sniff(view: View) -> bool:
    """A mark and text to the end; XML is read in every coding by its own reader."""
    head = view.head
    if head[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or view.size > _LIMIT or view.size % 2:
        return False
    try:
        text = bytes(view.data).decode("utf-16")
    except UnicodeDecodeError:
        return False
    return "\0" not in text and not text.lstrip().startswith("<")


def examine(view: View, ground: Ground) -> bool:
    """Examine the same text in UTF-8."""
    return ground.examine(view.inside(bytes(view.data).decode("utf-16").encode()))
