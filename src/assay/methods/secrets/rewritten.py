"""A file's lines as rules read them once more: what stands apart put beside its name, escapes read, constants put together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from assay.methods.secrets.allowed import allowed
from assay.methods.secrets.escaped import escaped
from assay.methods.secrets.folded import folded
from assay.methods.secrets.joined import LARGEST, joined
from assay.methods.secrets.paired import paired

_MOST = 5_000  # lines of one file
_LAYERS = 20
_KNOWN = 4_000_000  # lines that are known again
# What a line of a text in parts has: a sign that it goes on, is put together, escaped, or stands apart from its name.
_PARTS = re.compile(
    rb"[\"'`][ \t]{0,8}(?:[+.%]|\r?$|[\"'`$])|\+=?[ \t]{0,8}[\"'`]|[\w)][ \t]{0,4}\+[ \t]{0,4}\w|\$[{(\w]|#\{|f[\"']|\.join\(|\.format\(|\.concat\(|\[::-1\]|\.replace|"
    rb"\\(?:[xuU/0-7]|\r?$)|b64decode|atob|fromhex|unhexlify|bytes\(\[|bytearray\(\[|\(chr,|CharCode|[Vv]alue[\"']?[ \t]{0,8}[:=]|[Dd]efault[\"']?[ \t]{0,8}[:=]|</|"
    rb"machine|login|(?i:passw|pwd|secret|token|key|credential)[^\n]{0,60}(?:[:|>\-][ \t]{0,8}\r?$)|(?i:passw|secret)[\w.]{0,60}[ \t]{1,8}[^\s=:]",
    re.MULTILINE,
)


class Seen:
    """The lines of a history so far: of a file that is there in many versions, few lines of each are new."""

    def __init__(self) -> None:
        self._lines: set[int] = set()

    def worth(self, data: bytes) -> bool:
        """Whether a line that was in no version before could be of a text in parts; notes the lines."""
        fresh = [line for line in data.split(b"\n") if hash(line) not in self._lines]
        if len(self._lines) > _KNOWN:
            self._lines.clear()
        self._lines.update(map(hash, fresh))
        return _PARTS.search(b"\n".join(fresh)) is not None


def rewritten(name: str, data: bytes) -> Iterator[bytes]:
    """Give texts with such lines at the numbers that they have in a file, and all others empty. data: of ``LARGEST`` bytes at most."""
    made = joined(data)
    if made is not None:
        yield made
    if len(data) > LARGEST or b"\0" in data[:1_024]:
        return
    found = list(
        dict.fromkeys(
            one
            for one, _ in zip(
                chain(paired(name, data), escaped(data), folded(data)), range(_MOST), strict=False
            )
        )
    )
    found.sort()
    for _ in range(_LAYERS):  # several of one line come in texts one behind the other
        if not found:
            return
        text, found = _laid(data, found)
        yield text


def _comment(data: bytes, place: int, line: bytes) -> bytes:
    """Return the comment that accepts what stands at a place, so that it is accepted in other words too."""
    why = allowed(data, place)
    return b"" if why is None or b"allow" in line else b"  # assay: allow-secret " + why.encode()


def _laid(data: bytes, found: list[tuple[int, bytes]]) -> tuple[bytes, list[tuple[int, bytes]]]:
    """Return a text with one of each line, and those that are left."""
    out: list[bytes] = []
    rest: list[tuple[int, bytes]] = []
    at = 0
    for place, line in found:
        step = data.count(b"\n", at, place)
        at = place
        if step or not out:
            out.append(b"\n" * step + line.replace(b"\n", b" ") + _comment(data, place, line))
        else:
            rest.append((place, line))
    return b"".join(out), rest
