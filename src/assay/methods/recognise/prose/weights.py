"""What the words of a name weigh, in log-odds, beside what stands around them."""

from __future__ import annotations

from functools import cached_property

from assay.methods.recognise.prose import against, cues
from assay.methods.recognise.prose.around import LISTED, MIDDLE, Around
from assay.methods.recognise.prose.runs import Token, odd
from assay.methods.recognise.prose.words import Word, unbent, word

NEVER = -9.0
SEVERAL = -2.5  # that two or more capitalised words are a name, before anything is known of them
ALONE = -3.5  # that one is


class Span:
    """Words that may be a name. follow: the weight of what follows; firm: it makes a thing or a firm of them.

    shouted: the text is all in capitals; heading: nearly every word of it has one.
    """

    def __init__(
        self, held: list[Token], around: Around, follow: float, firm: bool, shouted: bool, heading: bool
    ) -> None:
        self.held, self.around, self.follow, self.firm = held, around, follow, firm
        self.shouted, self.heading = shouted, heading
        words = [t for t in held if not t.part]
        self.core = [t for k, t in enumerate(words) if k == 0 or t.low not in cues.LARGE_PARTS]

    @property
    def cued(self) -> bool:
        """Whether something beside it speaks for a person."""
        return self.around.weight >= MIDDLE or self.follow >= LISTED

    @cached_property
    def name(self) -> str:
        """Return it in small letters, without the small words inside."""
        return " ".join(t.low for t in self.core)


def weigh(span: Span) -> float:
    """Return the log-odds that a span is a person's name."""
    core, around = span.core, span.around
    if span.name in against.MAKES or any(odd(t.text) for t in core):
        return NEVER
    odds = around.weight + span.follow - 5.0 * span.firm
    if around.thing or core[-1].firm or any(t.what.thing and t.what.family < 2 for t in core):
        odds -= 4.0
    if core[0].low in against.LEADING and around.title_at < 0:
        odds -= 3.0
    if len(core) == 1:
        return odds + _single(core[0], around)
    if core[0].what.place and not core[0].what.given and core[-1].what.place:
        odds -= 3.0
    if word(span.name).place or word(span.name.replace(" ", "-")).place:
        odds -= 4.0
    return odds + SEVERAL + _several(span) + _writing(span)


def _several(span: Span) -> float:
    """Return what two or more words weigh by what they are."""
    core = span.core
    first, last = core[0], core[-1]
    head, tail = first.what, last.what
    if not head.given and not first.initial:
        straight = unbent(first.low)
        head = straight if straight and straight.given else head
    if not tail.family and not tail.given:
        tail = unbent(last.low) or tail
    if head.opening and not span.cued:
        return NEVER
    odds = _head(span, head, tail) + _tail(span, tail)
    for middle in core[1:-1]:
        what = middle.what
        known = middle.initial or what.given == 2 or what.family == 2
        odds += 0.2 if known else -1.5 if what.common else -0.2
    inner = any(t.part or t.low in cues.LARGE_PARTS for t in span.held[1:])
    if inner and not head.common and (tail.family or not tail.common):
        odds += 0.5  # a small "de" or "van"
    return odds - 1.5 * span.around.article


def _head(span: Span, head: Word, tail: Word) -> float:
    """Return what the first of several words weighs."""
    first = span.core[0]
    if first.initial:
        given = 1.5 if len(span.core) > 2 and span.core[1].what.given == 2 else 0.0
        return given + (1.8 if tail.family == 2 else 1.0)
    if head.given:
        alone = head.given == 1 and span.around.opens and not span.cued  # "Mark", at the head of a sentence
        return (2.3 if head.given == 2 else 1.0) - 1.2 * alone
    if head.family and tail.given == 2 and not first.what.common:
        return 0.6  # Hungarian and others write the family first
    return -1.5 if head.common or head.place else -0.4


def _tail(span: Span, tail: Word) -> float:
    """Return what the last of several words weighs."""
    if tail.family:
        return 1.5 if tail.family == 2 else 0.6
    if tail.given == 2:
        return 0.7
    if span.core[-1].initial:
        return -0.5
    if tail.common:
        return -2.0
    return -1.0 if tail.place and len(span.core) == 2 else 0.0


def _writing(span: Span) -> float:
    """Return what capitals weigh: abbreviations among words, headings."""
    plain = [t for t in span.core if not t.initial]
    capitals = all(t.text.isupper() and len(t.text) > 1 for t in plain)
    short = any(t.text.isupper() and 1 < len(t.text) < 5 for t in plain)
    unknown = any(len(t.text) < 4 and t.what.given + t.what.family < 2 for t in span.core)
    odds = -3.0 if (unknown if capitals else short) else 0.0
    if capitals if span.shouted else span.heading and not capitals:
        odds -= 0.6
    return odds


def _single(one: Token, around: Around) -> float:
    """Return what a single word weighs."""
    what = one.what
    if one.initial:
        return NEVER
    if around.title_at >= 0:
        plain = (what.common or what.opening) and not what.family and not what.given
        return ALONE - 2.0 * plain
    if one.text.isupper() and len(one.text) < 4:
        return NEVER
    if not what.given and not what.family and around.weight >= MIDDLE:
        what = unbent(one.low) or what
    if (what.opening and not (what.given and around.weight >= 3)) or (what.place and what.given < 2):
        return -6.0
    if what.given:
        return ALONE + (1.6 if what.given == 2 else 0.4)
    if what.family == 2:
        return ALONE + 0.9
    return -5.0 if what.common else -3.7


def turned(family: Word, given: Word, around: Around) -> float:
    """Return the log-odds that ``Family, Given`` is a person's name."""
    if family.opening or given.opening or (family.given == 2 and not around.weight):
        return NEVER  # the last: two people of a list
    odds = around.weight + SEVERAL - 0.6
    odds += 1.5 if family.family == 2 else 0.5 if family.family else -2.0 if family.common else -0.2
    odds += 2.3 if given.given == 2 else 0.6 if given.given else -2.0
    return odds - 1.5 * given.place - 4.0 * (around.thing or (family.place and not family.family))
