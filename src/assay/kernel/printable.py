"""Text from outside, made fit for a terminal: it can move no cursor, colour nothing, and hide nothing."""

from __future__ import annotations

import re

_HIDDEN = "\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
_CONTROLS = re.compile(f"[{_HIDDEN}]")
_IN_A_PAGE = re.compile(f"[\x00-\x08\x0b-\x1f{_HIDDEN}]")


def printable(text: object) -> str:
    """Return the text with every control, escape, line end and mark of direction as a dot."""
    return "".join(c if c.isprintable() else "·" for c in str(text))


def printable_json(document: str) -> str:
    """Return a JSON document with the controls that JSON does not escape by itself escaped, its value unchanged."""
    return _CONTROLS.sub(lambda m: f"\\u{ord(m[0]):04x}", document)


def printable_page(document: str) -> str:
    """Return a document of many lines with every control and mark of direction as a dot; tabs and line ends stay."""
    return _IN_A_PAGE.sub("·", document)
