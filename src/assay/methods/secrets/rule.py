"""One rule of what a secret looks like: a sieve that is quick, a pattern that is exact, a judge that knows the structure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
LONGEST_WORD = 16
REACH = 1_100  # bytes of a match, of most rules
REVOKE = "revoke it where it was issued, then take it from the environment or a secret manager"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pattern matched. blob: all the bytes. start, stop: the line (or a window of a very long one).

    name: the file's name, with / between folders, empty where it is not known. now: RFC 3339, UTC, for expiry.
    """

    blob: bytes
    start: int
    stop: int
    name: str = ""
    now: str = ""

    @property
    def line(self) -> bytes:
        """Return the bytes of the line."""
        return self.blob[self.start : self.stop]

    def around(self, before: int = 600, after: int = 600) -> bytes:
        """Return the line with what stands about it."""
        return self.blob[max(0, self.start - before) : self.stop + after]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge says of a match: how grave, what is known of it, where the secret itself lies, what it is called.

    start, stop: bytes of the blob, or -1 where the pattern's own group is right. field: the name it is assigned to.
    """

    severity: Severity
    said: str = ""
    start: int = -1
    stop: int = -1
    field: str = ""
    remedy: str = ""


Judge = Callable[["re.Match[bytes]", Place], "Judged | None"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of secret.

    keys: lower-case literals, one of which stands in every line that holds one. sieve: an RE2 expression that each such
    line matches, and few others. pattern: the exact one; its group ``secret``, or all of it, is the secret. judge: verifies
    the structure; None says that the match is no secret. reach: bytes that a match may have, and is looked for behind a window.

    A pattern takes time that grows with the text, whatever it is: what is repeated is possessive or ends where a match does, and
    what stands before a secret is looked for by the judge, backwards from it.
    """

    name: str
    title: str
    severity: Severity
    keys: tuple[bytes, ...]
    sieve: str
    pattern: re.Pattern[bytes]
    judge: Judge | None = None
    remedy: str = REVOKE
    reach: int = REACH


def lower(severity: Severity, by: int = 1) -> Severity:
    """Return a severity some steps lower, info at the least."""
    return SEVERITIES[max(0, SEVERITIES.index(severity) - by)]


def token(
    name: str,
    title: str,
    severity: Severity,
    prefix: str,
    body: str,
    *,
    judge: Judge | None = None,
    sieve: str = "",
    remedy: str = REVOKE,
    ends: str = "0-9A-Za-z_",
    reach: int = REACH,
) -> Rule:
    """Return the rule of a token that begins with a prefix of its own.

    prefix: as it stands, case counts. body: a regular expression of bounded length; what it repeats last is not given back. ends: characters that may not follow.
    """
    text = re.escape(prefix).replace("\\-", "-")
    body = f"{body}+" if re.search(r"\{\d+,\d*\}$", body) else body
    pattern = re.compile(rf"(?<![0-9A-Za-z])(?P<secret>{text}{body})(?![{ends}])".encode(), re.ASCII)
    return Rule(
        name,
        title,
        severity,
        (prefix.lower().encode(),),
        sieve or _re2(prefix) + "[0-9A-Za-z_./+=-][0-9A-Za-z_./+=-][0-9A-Za-z_./+=-]",
        pattern,
        judge,
        remedy,
        reach,
    )


def _re2(literal: str) -> str:
    return "".join(c if c.isalnum() or c in "_-/" else f"\\{c}" for c in literal)


def follows(match: re.Match[bytes], place: Place, word: re.Pattern[bytes], most: int) -> bool:
    """Whether a word ends at most ``most`` bytes before a secret, in its line."""
    stop = match.start("secret")
    start = max(
        0, stop - most - LONGEST_WORD, place.blob.rfind(b"\n", max(0, stop - most - LONGEST_WORD), stop) + 1
    )
    return any(stop - found.end() <= most for found in word.finditer(place.blob, start, stop))
