"""Runs of capitalised words in a text, word by word: what a name may be made of. Latin letters only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assay.methods.recognise.prose import against, cues
from assay.methods.recognise.prose.words import Word, word


def _ranges(wanted: list[str]) -> str:
    """Return letters as the inside of a character class."""
    out, first, last = [], "", ""
    for one in [*wanted, "\U0010ffff"]:
        if last and ord(one) == ord(last) + 1:
            last = one
            continue
        if first:
            out.append(first if first == last else f"{first}-{last}")
        first = last = one
    return "".join(out)


_LATIN = [chr(c) for c in range(0x41, 0x250)]
UPPER = _ranges([c for c in _LATIN if c.isupper()])  # capitals, as the inside of a character class
INITIAL = rf"[{UPPER}]\.(?:-?[{UPPER}]\.){{0,4}}"
WORD = rf"[{UPPER}][\w'’ʼ]*(?:-\w[\w'’ʼ]*)*"
_PARTS = rf"(?:(?:{cues.PARTS})[ \u00a0]){{0,3}}"
RUN = re.compile(
    rf"(?<![\w@#/\\.\-_$])(?>(?:(?:{INITIAL} ?){{1,5}}{_PARTS})?{WORD}(?:[ \u00a0]{_PARTS}(?:{INITIAL} ?){{0,5}}(?:d['’])?{WORD}){{0,9}})"
    r"(?![@/\\_=(\[{<:]\w|://)"
)
_TOKEN = re.compile(rf"{INITIAL}|[\w'’ʼ\-]+")
_POSSESSIVE = re.compile(r"['’]s?$")
_INSIDE = re.compile(r"[-'’]|^(?:Mc|Mac|De|Di|La|Le|Du|Van|Fitz|O)(?=[A-Z])")


@dataclass(slots=True)
class Token:
    """One word of a run. initial: one letter, with its point; part: a small word inside a name, as ``de``."""

    text: str
    low: str
    start: int
    stop: int
    initial: bool
    part: bool
    what: Word

    @property
    def firm(self) -> bool:
        """Whether it stands at the end of firms' names."""
        return self.low in against.FIRMS


def tokens(run: str, at: int) -> list[Token]:
    """Return the words of a run that begins at a place of its text; a possessive s is left off."""
    out = []
    for found in _TOKEN.finditer(run):
        said = found.group()
        plain = _POSSESSIVE.sub("", said) if not said.endswith(".") else said
        if not plain:
            continue
        initial = said.endswith(".") or (len(plain) == 1 and plain.isupper())
        low = plain.lower()
        part = (plain[0].islower() or plain[0] in "'’") and plain[1:2] not in ("'", "’")
        start = at + found.start()
        out.append(Token(plain, low, start, start + len(plain), initial, part, word(low)))
    return out


def odd(text: str) -> bool:
    """Whether a word is written as no name is: with digits or an underscore, or with a capital inside that none has there."""
    if any(c.isdigit() or c == "_" for c in text):
        return True
    inner = _INSIDE.split(text)
    return any(not p.isupper() and any(c.isupper() for c in p[1:]) for p in inner if p)
