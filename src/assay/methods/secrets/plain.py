"""The sieve for a little text, which is through it before Arrow is imported: lines that hold a rule's literal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from assay.methods.secrets.sieve import LONGEST
from assay.methods.secrets.table import RULES

MOST = 512 << 10  # bytes that this is quicker for
_OVERLAP = 512


class Plain:
    """Gives the lines that a Sieve gives, and some more: those that hold any literal of a rule, by Python's own means."""

    def lines(self, blobs: Sequence[bytes]) -> Iterator[tuple[int, int, int, int]]:
        """Give blob, line (from 1), start and stop of each line that could hold a secret, blobs and lines in order."""
        for at, blob in enumerate(blobs):
            low = blob.lower()
            if len(low) != len(blob) or not any(key in low for key in _literals()):
                continue
            start = 0
            for number, text in enumerate(blob.split(b"\n"), 1):
                for first in range(0, len(text), LONGEST - _OVERLAP) if len(text) >= LONGEST else (0,):
                    piece = text[first : first + LONGEST]
                    if _any().search(piece):
                        yield at, number, start + first, start + first + len(piece)
                start += len(text) + 1


@cache
def _literals() -> tuple[bytes, ...]:
    return tuple(sorted({key for rule in RULES for key in rule.keys}, key=len, reverse=True))


@cache
def _any() -> re.Pattern[bytes]:
    """Return what every line with a secret holds: eight characters of a token without a space, and so does much else."""
    return re.compile(rb"[^\s]{6}|PRIVATE KEY|[^\s]{3}[ \t\"':=]")
