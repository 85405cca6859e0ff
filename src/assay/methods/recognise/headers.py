"""What a column's own name says of it: which kind of personal data, or that it is none.

A phrase is matched at the borders of words; ``*`` at an end stands for the rest of a compound (``telefon*`` is in
``Telefonnummer``). Names in scripts without spaces are searched for anywhere. Accents do not count.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from assay.methods.recognise.vocabulary import ABOUT, CODES, STRONG, THINGS, WEAK

_FOLDED = str.maketrans(
    {"ß": "ss", "ł": "l", "ø": "o", "ı": "i", "æ": "ae", "œ": "oe", "đ": "d", "'": "", "’": ""}
)

_ABOUT_WORDS, _THING_WORDS, _CODE_WORDS = frozenset(ABOUT), frozenset(THINGS), frozenset(CODES)
_SNP = re.compile(r"(?:^| )rs\d{3,12}(?= |$)")  # a reference number of dbSNP


class Said(NamedTuple):
    """What a name says. strong, weak: kinds. about: it tells of a property. thing, code: it tells of something else."""

    strong: frozenset[str]
    weak: frozenset[str]
    about: bool
    thing: bool
    code: bool

    def hints(self, kind: str) -> int:
        """Return 2 for a strong word of a kind, 1 for a weak one, 0 for none; a property has none."""
        if self.about:
            return 0
        return 2 if kind in self.strong else 1 if kind in self.weak else 0


def fold(text: str) -> str:
    """Return a text in small letters without accents, its words one space apart; ``firstName`` is two words."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", " ", text[:200])
    plain = unicodedata.normalize("NFKD", spaced.lower().translate(_FOLDED))
    bare = "".join(c for c in plain if not 0x300 <= ord(c) <= 0x36F)
    return " ".join(re.split(r"[^\w\u0900-\u097F]+|_+", unicodedata.normalize("NFC", bare))).strip()


def _pattern(phrases: str) -> re.Pattern[str]:
    parts, open_ = [], []
    for phrase in phrases.replace("\n", "").split("|"):
        text, star = phrase.strip().rstrip("*"), phrase.strip().endswith("*")
        folded = fold(text)
        if not folded:
            continue
        # one sign, such as the Japanese for "name", is a whole column name or nothing
        if ord(folded[0]) > 0x2E80 and len(folded) > 1:
            open_.append(re.escape(folded))
        else:
            parts.append(re.escape(folded) + (r"\w*" if star else r"\d*"))
    words = rf"(?:^|(?<= ))(?:{'|'.join(sorted(parts, key=len, reverse=True))})(?= |$)" if parts else ""
    return re.compile("|".join(p for p in (words, *open_) if p))


@cache
def _vocabulary() -> tuple[dict[str, re.Pattern[str]], dict[str, re.Pattern[str]]]:
    return {k: _pattern(v) for k, v in STRONG.items()}, {k: _pattern(v) for k, v in WEAK.items()}


@cache
def said(name: str) -> Said:
    """Return what a column's name says of its kind."""
    strong, weak = _vocabulary()
    plain = fold(name)
    sure = frozenset(k for k, p in strong.items() if p.search(plain))
    if _SNP.search(plain):
        sure |= {"genetic"}
    # what is left beside a known phrase: "type" in "blood type" says nothing of its own
    rest = plain
    for kind in sure:
        rest = strong[kind].sub(" ", rest)
    words = set(rest.split())
    return Said(
        sure,
        frozenset(k for k, p in weak.items() if p.search(plain)),
        bool(words & _ABOUT_WORDS),
        bool(words & _THING_WORDS),
        bool(words & _CODE_WORDS),
    )
