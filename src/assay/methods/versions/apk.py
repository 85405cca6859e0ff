"""Alpine's order of versions: digits{.digits}[letter]{_suffix[digits]}[~hash][-r digits].

apk-tools' src/version.c: a part after the first that begins with 0 is compared as a fraction; alpha, beta, pre and rc are below
the version itself, cvs, svn, git, hg and p above it.
"""

from __future__ import annotations

import re
from typing import Any

_VERSION = re.compile(
    r"([0-9]+(?:\.[0-9]+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)(?:~([0-9a-f]+))?(?:-r([0-9]+))?"
)
_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)")
_RANK = {"alpha": -4, "beta": -3, "pre": -2, "rc": -1, "cvs": 1, "svn": 2, "git": 3, "hg": 4, "p": 5}


def key(text: str) -> tuple[Any, ...]:
    """Return what sorts as apk sorts; ValueError where it is no version."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:60]!r} is no version of Alpine's")
    first, *rest = match[1].split(".")
    # A part that begins with a zero is read as a fraction, as text, below every part that does not.
    numbers: list[tuple[Any, ...]] = [(2, int(first), "")]
    numbers += [(1, 0, p) if p[0] == "0" else (2, int(p), "") for p in rest]
    suffixes = [(_RANK[name], int(number or 0)) for name, number in _SUFFIX.findall(match[3])]
    return (
        (*numbers, (0,)),
        match[2],
        (*suffixes, (0, 0)),
        match[4] or "",
        int(match[5] or 0),
    )
