"""What a capitalised word may be: a given name, a family name, a word of the language, a place, a thing that is named for people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from assay.methods.recognise import gazetteer
from assay.methods.recognise.prose import against, cues

# Endings of Polish names that bend, and what stands there unbent; the longest first.
_BENT = (
    ("skiego", "ski"), ("skiemu", "ski"), ("ckiego", "cki"), ("ckiemu", "cki"), ("skiej", "ska"), ("ckiej", "cka"), ("skim", "ski"), ("ckim", "cki"),
    ("ską", "ska"), ("cką", "cka"), ("owi", ""), ("iem", ""), ("kiem", "k"), ("kiem", "ek"), ("ciem", "ciek"), ("kowi", "ek"), ("em", ""),
    ("cie", "ta"), ("dzie", "da"), ("nie", "na"), ("ie", "a"), ("ce", "ka"), ("rze", "ra"), ("ą", "a"), ("ę", "a"), ("y", "a"), ("i", "a"), ("i", "ia"), ("ka", "ek"), ("a", ""),
)  # fmt: skip


class Word(NamedTuple):
    """given, family: 2 a name, 1 a name that is a word of the language too, 0 none."""

    given: int
    family: int
    common: bool
    opening: bool
    place: bool
    thing: bool


@lru_cache(1 << 16)
def word(low: str) -> Word:
    """Return what a word in small letters is."""
    low = unicodedata.normalize("NFC", low)
    opening, thing = low in against.OPENINGS, _thing(low)
    given = _in(low, gazetteer.given())
    family = any(_in(one, gazetteer.family()) for one in {low, *_plain(low)})
    common = opening or _small(low)
    if low in against.SINGLE:
        common = True
    return Word(
        _rank(given, common), _rank(family, common), common, opening, low in gazetteer.places(), thing
    )


def _plain(low: str) -> Iterator[str]:
    """Give a family name as lists have it: without accents, without an apostrophe."""
    yield "".join(c for c in unicodedata.normalize("NFD", low) if not unicodedata.combining(c))
    if "'" in low or "’" in low:
        yield low.replace("'", "").replace("’", "")
        yield re.split("['’]", low)[-1]


def _thing(low: str) -> bool:
    return low in against.THINGS or (low.endswith(against.COMPOUNDS) and len(low) > 8)


def _rank(held: bool, common: bool) -> int:
    return 0 if not held else 1 if common else 2


def _in(low: str, names: frozenset[str]) -> bool:
    if low in names:
        return True
    parts = [p for p in low.split("-") if p]
    return len(parts) > 1 and all(p in names for p in parts)


def _small(low: str) -> bool:
    words = gazetteer.common()
    if low in words:
        return True
    if low in gazetteer.given() or low in gazetteer.family():
        return False
    for end in ("s", "es", "ed", "d", "ing", "ly", "er", "ers", "ness"):
        if low.endswith(end) and len(low) - len(end) > 2 and low[: -len(end)] in words:
            return True
    return False


@lru_cache(1 << 14)
def unbent(low: str) -> Word | None:
    """Return what a Polish name is that stands in another case: ``anną``, ``nowakiem``; None where it is none."""
    for end, plain in _BENT:
        if low.endswith(end) and len(low) - len(end) >= 2:
            found = word(low[: -len(end)] + plain)
            if found.given == 2 or found.family == 2:
                return found
    return None


def title(low: str, pointed: bool) -> bool:
    """Whether a word is a title of people. pointed: a point follows it."""
    return low in cues.TITLES or (pointed and low in cues.SHORT)
