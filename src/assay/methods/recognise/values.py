"""One text by itself: which kinds of personal data stand in it, and where, with no column's name to help."""

from __future__ import annotations

import re
from typing import NamedTuple

from assay.methods.recognise.forms import FORMS, LONGEST

_URL = re.compile(r"(?<![\w@])(?:https?|ftp)://[^\s<>\"')]{3,2000}")


class Occurrence(NamedTuple):
    """A kind, and where in the text it begins and ends."""

    type: str
    start: int
    stop: int


def occurrences(text: str) -> list[Occurrence]:
    """Return what stands in the first LONGEST characters of a text; of two that overlap, the kind that is surer stands."""
    held = text[:LONGEST]
    found = [Occurrence(form.type, *span) for form in _ORDER for span in form.spans(held)]
    found += [Occurrence("url", *m.span()) for m in _URL.finditer(held)]
    out: list[Occurrence] = []
    for one in found:
        if all(one.stop <= other.start or one.start >= other.stop for other in out):
            out.append(one)
    return sorted(out, key=lambda o: o.start)


def values(text: str) -> str:
    """Return the kind that a short text is wholly of, where a name of a column would hardly be; "" where it is none."""
    if not 7 <= len(text) <= 200:
        return ""
    found = occurrences(text)
    if (
        len(found) == 1
        and found[0].type in _NEVER_NAMES
        and found[0].stop - found[0].start >= len(text.strip()) - 2
    ):
        return found[0].type
    return ""


_NEVER_NAMES = frozenset({"email", "card", "iban", "phone", "ssn", "national_id", "crypto", "mac"})
# A password in an address is first of all a password; what looks like many things comes after what has a form of its own.
_RANK = {"credential": -1, "phone": 1, "address": 2}
_ORDER = sorted(FORMS, key=lambda f: _RANK.get(f.type, 0))
