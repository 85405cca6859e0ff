"""The name a person probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Return the name closest to ``word``, or None when none is close."""
    known = list(dict.fromkeys(names))[:20_000]
    lower = {n.lower(): n for n in reversed(known)}
    if word.lower() in lower:
        return lower[word.lower()]
    found = get_close_matches(word.lower(), lower, n=1, cutoff=0.65)
    return lower[found[0]] if found else None


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """Return advice: the nearest name, or the first few there are."""
    known = list(names)
    close = nearest(word, known)
    if close:
        return f"did you mean {close!r}?"
    some = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
    return f"there is {some}" if known else "there is none yet"
