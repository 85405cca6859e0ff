"""A text cut into pieces that can be left out one by one: words, and the sentences that they stand in.

A piece is a word with all that follows it up to the next one (blanks, full stops, brackets); what stands before the first
word belongs to it. Put together again, the pieces are the text, to the letter. In scripts without blanks between words
(Chinese, Japanese, Thai) a letter is a word; a pictograph is one as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple

_ALONE = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001f300-\U0001faff\u2600-\u27bf"
_WORD = re.compile(rf"[{_ALONE}]|(?:(?![{_ALONE}])\w)+(?:['’\-](?:(?![{_ALONE}])\w)+)*")
_ENDS = re.compile(r"[.!?…]+[\"'”’)\]]*\s|[。！？]|\n\s*\n|\n(?=\s*[-*•])")


class Piece(NamedTuple):
    """word: the word alone. whole: it and what follows it. sentence: which one it stands in, from 0."""

    word: str
    whole: str
    sentence: int


def pieces(text: str) -> list[Piece]:
    """Return a text's pieces, in order; none where it holds no word."""
    found = list(_WORD.finditer(text))
    if not found:
        return []
    starts = [0, *(m.start() for m in found[1:])]
    ends = [*starts[1:], len(text)]
    out, sentence = [], 0
    for match, start, end in zip(found, starts, ends, strict=True):
        out.append(Piece(match.group(), text[start:end], sentence))
        sentence += _ENDS.search(text, match.end(), end) is not None
    return out


def sentences(found: Sequence[Piece]) -> list[Piece]:
    """Return the sentences that pieces make, each as one piece, named by its first words."""
    out = []
    for number in sorted({p.sentence for p in found}):
        own = [p for p in found if p.sentence == number]
        name = " ".join(p.word for p in own[:4]) + (" …" if len(own) > 4 else "")
        out.append(Piece(name, "".join(p.whole for p in own), number))
    return out


def kept(found: Sequence[Piece], mask: Any, token: str | None = None) -> str:
    """Return the text with only the pieces for which ``mask`` is true; others are left out, or their words made ``token``."""
    if token is None:
        return "".join(compress([p.whole for p in found], mask))
    return "".join(
        piece.whole if stays else piece.whole.replace(piece.word, token, 1)
        for piece, stays in zip(found, mask, strict=True)
    )
