"""What stands before and after a place where a name may be: titles, roles, salutations, verbs of saying, firms, streets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from assay.methods.recognise.prose import against, cues
from assay.methods.recognise.prose.words import title, word

WINDOW = 48  # characters before a name that are looked at
TITLED, STRONG, ROLE, LISTED, MIDDLE, WEAK = 4.5, 3.2, 2.4, 2.0, 1.5, 0.5
_BEFORE = re.compile(r"[\w'’.\-]+|[^\w\s]")
_AFTER = re.compile(r"\s*([^\w\s]*)\s*([\w'’\-]*)")
_ELISION = re.compile("['’]")
_SMALL = frozenset(cues.PARTS.split("|"))
_QUOTES = frozenset("\"'«»„“”‚‘’()*[]–-")
_AND = frozenset(
    (
        ",",
        "and",
        "und",
        "et",
        "y",
        "e",
        "en",
        "i",
        ", and",
        ";",
        "&",
        "oder",
        "or",
        "à",
        "et à",
        "y a",
        "e a",
        "en van",
    )
)


class Around(NamedTuple):
    """What stands before a place: the weight of its cues in log-odds, where a title begins (or -1), whether a thing's name
    stands there, whether a sentence opens, whether an English article stands there."""

    weight: float
    title_at: int
    thing: bool
    opens: bool
    article: bool


def before(text: str, start: int, last: int | None) -> Around:
    """Look at what stands before a place. last: where the last person found in the text ends."""
    left = text[max(0, start - WINDOW) : start]
    words = _BEFORE.findall(left)
    if len(left) == WINDOW and words and not left[0].isspace():
        words = words[1:]  # perhaps the end of a word
    words = words[-8:]
    low = [w.lower() for w in words]
    title_at = _title(text, start, words, low)
    if title_at >= 0:
        return Around(TITLED, title_at, False, False, False)
    gap = [w for w in low if w not in _QUOTES]
    opens = (
        not gap or gap[-1] in ".!?:;•|>" or gap[-1].endswith("...") or "\n" in left.rpartition(words[-1])[2]
    )
    tail = [w.rstrip(".") for w in gap if w not in ",.:;!?"]
    broken = bool(gap) and gap[-1] in ".!?"
    marks = gap[-1] if gap and gap[-1] in ",:" else ""
    said = _ELISION.split(tail[-1])[-1] if tail else ""
    weight = 0.0
    if last is not None and start - last <= 6 and text[last:start].strip(" ()") in _AND:
        weight = LISTED
    if not broken:
        weight = max(weight, _cue(tail, said, marks))
    thing = bool(tail) and not marks and not broken and word(said).thing and said not in cues.ROLES
    return Around(weight, -1, thing, opens, said == "the" and not marks)


def _title(text: str, start: int, words: Sequence[str], low: Sequence[str]) -> int:
    """Return where the titles before a place begin, "Frau Dr." say, or -1; small words of the name may stand between."""
    k = len(low) - 1
    while k >= 0 and low[k] in _SMALL and words[k].islower():
        k -= 1
    if k < 0 or not title(low[k].rstrip("."), True):
        k = len(low) - 1
    place, found = start, -1
    while k >= 0 and (
        low[k] == "." or low[k] in cues.TITLES or title(low[k].rstrip("."), low[k].endswith("."))
    ):
        if low[k] != ".":
            found = place = text.rfind(words[k], 0, place)
        k -= 1
    return found


def _cue(tail: Sequence[str], last: str, marks: str) -> float:
    """Return what the words before a place weigh. last: the last of them; marks: a comma or colon after it."""
    role = ROLE if last in cues.ROLES else 0.0
    for size in (4, 3, 2, 1):
        if len(tail) < size:
            continue
        said = " ".join(tail[-size:])
        if said in cues.STRONG:
            return STRONG
        if said in cues.ADDRESSED and not marks:
            return ROLE
        if said in cues.MIDDLE and marks != ",":
            return max(role, MIDDLE)
    return role or (WEAK if last in cues.WEAK and not marks else 0.0)


def after(text: str, stop: int) -> tuple[float, bool]:
    """Return the weight of what follows a name, and whether it makes a thing or a firm of it."""
    rest = text[stop : stop + 40]
    if against.goes_on_as_firm(rest):
        return 0.0, True
    possessive = rest[:2] in ("'s", "’s")
    found = _AFTER.match(rest[2:] if possessive else rest)
    marks, following = (found[1], found[2].lower()) if found else ("", "")
    if following in cues.SAYS and marks in ("", ",", '"', "”", ',"', "-"):
        return 2.0, False
    if not marks and following and word(following).thing and not possessive:
        return 0.0, True
    if following in against.FIRMS and found and found[2][0].isupper() and marks in ("", ","):
        return 0.0, True
    if not marks and following in cues.DOES:
        return 0.8, False
    if marks == "(" or (marks == "," and following in cues.NAMED):
        return 0.6, False
    return (0.5, False) if not rest.strip(" .") or marks[:1] in (",", ")") else (0.0, False)
