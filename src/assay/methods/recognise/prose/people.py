"""People's names inside running text: each run of capitalised words is weighed by what it is made of and what stands around it.

Weights are log-odds, as those of columns; a span is told from 0 on. Latin letters only. What has neither a known given name nor
anything beside it that says so (a title, a role, a salutation, a verb of saying) is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from assay.methods.recognise.prose import cues
from assay.methods.recognise.prose.around import after, before
from assay.methods.recognise.prose.runs import INITIAL, RUN, UPPER, WORD, Token, odd, tokens
from assay.methods.recognise.prose.weights import NEVER, Span, turned, weigh
from assay.methods.recognise.prose.words import title, word

# A capital that does not open the text; broad and cheap, since a pattern is compiled for every batch.
SIEVE = r"[^A-Za-zÀ-ɏ][A-ZÀ-ɏ]"
LEAST = -0.05
NEAR = 1.5  # a longer name stands before a shorter one that is surer by no more than this
_MOST = 4  # words of a name, parts not counted
_GIVEN_AFTER = re.compile(rf", ({WORD})(?: (?:{INITIAL}|{WORD}))?(?![\w'’@])(?! [{UPPER}])")
_LISTED = re.compile(rf"(?:, |,? (?:and|und|et|y|e|en|i|&) )[{UPPER}]")
_PARTS_BEFORE = re.compile(rf"(?:(?<=\s)|^)(?:(?:{cues.PARTS}) )+$")


class Found(NamedTuple):
    """Where a name stands, and its log-odds."""

    start: int
    stop: int
    odds: float


class _Text(NamedTuple):
    """A text being read. shouted: all in capitals; heading: nearly every word has one."""

    text: str
    shouted: bool
    heading: bool
    least: float


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Give where each name begins and ends, with the title before it."""
    for one in people(text):
        yield one.start, one.stop


def people(text: str, least: float = LEAST) -> list[Found]:
    """Return the names in a text, in order. least: the log-odds from which one is told."""
    out: list[Found] = []
    held = _Text(text, text.isupper(), _heading(text), least)
    for run in RUN.finditer(text):
        _weigh(held, tokens(run.group(), run.start()), out)
    return out


def _heading(text: str) -> bool:
    """Whether nearly every longer word of a text is capitalised, as in a heading."""
    long = [w for w in text[:400].split() if len(w) > 3 and w[0].isalpha()]
    return len(long) > 3 and sum(w[0].isupper() for w in long) >= 0.8 * len(long)


def _weigh(held: _Text, run: list[Token], out: list[Found]) -> None:
    """Find the names of one run of capitalised words."""
    i = 0
    while i < len(run):
        one = run[i]
        if (
            one.part
            or title(one.low, False)
            or one.low in cues.ROLES
            or (one.what.opening and not one.what.given)
        ):
            i += 1
            continue
        found, j = _turned(held, run, i, out) or _best(held, run, i, out)
        if found is not None:
            out.append(found)
        i = j if found is not None else i + 1


def _best(held: _Text, run: list[Token], i: int, out: list[Found]) -> tuple[Found | None, int]:
    """Return the likeliest name that begins with a word, and where its run goes on; None where none is likely enough."""
    around = before(held.text, run[i].start, out[-1].stop if out else None)
    best, at = Found(0, 0, NEVER), i
    for j in _ends(run, i):
        if j == len(run):
            follow, firm = after(held.text, run[j - 1].stop)
        else:
            follow, firm = 0.0, run[j].what.thing or run[j].firm
        odds = weigh(Span(run[i:j], around, follow, firm, held.shouted, held.heading))
        if odds > best.odds + (NEAR if best.odds >= held.least else 0.0):
            start = around.title_at if around.title_at >= 0 else run[i].start
            best, at = Found(start, run[j - 1].stop, odds), j
    return (best, at) if best.odds >= held.least else (None, i)


def _ends(run: list[Token], i: int) -> Iterator[int]:
    """Give where a name that begins with a word may end, the longest first."""
    ends, words = [], 0
    for j in range(i, len(run)):
        token, large = run[j], run[j].low in cues.LARGE_PARTS
        if token.part:
            continue
        if j > i and token.what.opening and not token.what.family and not token.what.given and not large:
            break
        if j == i or not large:
            words += 1
            ends.append(j + 1)
        if words == _MOST:
            break
    yield from reversed(ends)


def _turned(held: _Text, run: list[Token], i: int, out: list[Found]) -> tuple[Found, int] | None:
    """Return ``Family, Given`` where it begins with a word, and where the run goes on; None where there is none."""
    if run[-1].initial or len([t for t in run[i:] if not t.part and t.low not in cues.LARGE_PARTS]) != 1:
        return None
    found = _GIVEN_AFTER.match(held.text, run[-1].stop)
    if not found or odd(found[1]) or (found[1].isupper() and len(found[1]) < 5):
        return None
    if _LISTED.match(held.text, found.end()) and word(found[1].lower()).family:
        return None  # "Smith, Jones and Brown" are a firm, or three people
    start = _parts_before(held.text, run[i].start) if i == 0 else run[i].start
    around = before(held.text, start, out[-1].stop if out else None)
    odds = turned(run[-1].what, word(found[1].lower()), around)
    if odds < LEAST:
        return None
    return Found(around.title_at if around.title_at >= 0 else start, found.end(), odds), len(run)


def _parts_before(text: str, start: int) -> int:
    """Return where a name begins with the small words before it: ``van den Berg``."""
    found = _PARTS_BEFORE.search(text[max(0, start - 16) : start])
    return start - len(found.group()) if found else start
