"""Names of people held against one another: two that look alike are no two people's.

A name is read as in Unicode's security mechanisms (UTS 39): compatibility forms are plain ones (NFKC), case and blanks do not
count, and a letter that looks as one of another script counts as that one. A word of letters from scripts that are not
written together (`аda`, of a Cyrillic and two Latin letters) and a name with characters that nobody sees are no name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from assay.kernel.errors import Refused

# Letters that look as Latin ones in either case, after case was folded: Cyrillic, Greek, Armenian, and some of Latin itself.
_LIKE = str.maketrans(
    "абвегзкмнорстухіјѕһԁԛԝӏαβγεζηικμνορτυχωϲաոսօցհյզɑɡıɩʏ01|ǀ",
    "abber3kmhopctyxijshdqwlabyeznikuvoptuxwcwnuoghjqagiiyolll",
)
_PAIRS = (("rn", "m"), ("vv", "w"))
_TOGETHER = {"LATIN", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"}
_NO_SCRIPT = ("Mn", "Mc", "Me", "Lm")


def same(name: str, people: Iterable[str]) -> bool:
    """Whether a person is among these: written alike but for case, width and blanks, or not to be told apart by eye."""
    plain, seen = _plain(name), _look(name)
    return any(plain == _plain(other) or seen == _look(other) for other in people)


def readable(name: str) -> None:
    """Raise Refused for a name that holds what nobody sees, or a word of several scripts."""
    for letter in name:
        if not letter.isprintable():
            raise Refused(
                f"the name {name!a} holds a character that nobody sees",
                where=f"U+{ord(letter):04X}",
                remedy="write it without, in ASSAY_ACTOR",
            )
    for word in re.findall(r"[^\W\d_]+", unicodedata.normalize("NFKC", name)):
        scripts = {_script(letter) for letter in word} - {""}
        if len(scripts) > 1 and not scripts <= _TOGETHER:
            told = " and ".join(sorted(s.title() for s in scripts))
            raise Refused(
                f"the name {name!r} mixes {told} letters in one word, and could pass for another's",
                remedy="write it in one script, in ASSAY_ACTOR",
            )


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _look(name: str) -> str:
    """Return a name as the eye has it: a capital I is an l there, and a Cyrillic а an a."""
    shown = "".join(c for c in unicodedata.normalize("NFKC", name) if c.isprintable())
    folded = unicodedata.normalize("NFC", shown.replace("I", "l").casefold()).translate(_LIKE)
    for pair, one in _PAIRS:
        folded = folded.replace(pair, one)
    return " ".join(folded.split())


def _script(letter: str) -> str:
    """Return a letter's script as Unicode names it, "" where it has none of its own."""
    if unicodedata.category(letter) in _NO_SCRIPT:
        return ""
    return unicodedata.name(letter, "").split(" ")[0].split("-")[0]
