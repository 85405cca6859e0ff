"""Text from outside, made fit for a terminal: it can move no cursor, colour nothing, and hide nothing."""

from __future__ import annotations

import re

_CONTROLS = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def printable(text: object) -> str:
    """Return the text with every control, escape, line end and mark of direction as a dot."""
    return "".join(c if c.isprintable() else "·" for c in str(text))


def printable_json(document: str) -> str:
    """Return a JSON document with the controls that JSON does not escape by itself escaped, its value unchanged."""
    return _CONTROLS.sub(lambda m: f"\\u{ord(m[0]):04x}", document)
