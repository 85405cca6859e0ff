"""Stanzas of ``Field: value`` lines with continuations, as Debian's control files and e-mail headers have them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from assay.methods.packages.package import LONGEST

MOST = 200_000  # stanzas of one file


def stanzas(text: str, wanted: Collection[str]) -> Iterator[dict[str, str]]:
    """Give each stanza's wanted fields, by lower-case name; the first of a name counts. A blank line ends one.

    Continuation lines are left out: no field that is asked for here spans lines.
    """
    found: dict[str, str] = {}
    some = False
    for line in text.split("\n"):
        line = line.rstrip("\r")
        if not line.strip():
            if some:
                yield found
            found, some = {}, False
            continue
        some = True
        if line[0] in " \t":
            continue
        name, colon, value = line.partition(":")
        key = name.lower()
        if colon and key in wanted and key not in found:
            found[key] = value.strip()[:LONGEST]
    if some:
        yield found
