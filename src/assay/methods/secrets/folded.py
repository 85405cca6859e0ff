"""Texts that a file puts together of its own constants: added, joined, filled into one another, grown, turned around.

No program is run and no tree built: constants are texts assigned to names, and a line that names one is read from left to right
as texts and names, in the manner of Python, JavaScript, Java, Go, PHP, a shell, make and a Dockerfile alike. What does not come
out whole is left.
"""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Iterator

_MOST = 400  # constants of one file
_SIGNS = (b"+", b"$", b'f"', b"f'", b"decode", b"atob", b"hex", b"#{", b"' . $", b"}")
_USES = 4_000
_PLACES = 20_000
_LONGEST = 4_000  # characters of what is put together
_TEXT = rb"[\w\-+/=.@!#$%^&*:~?{}]{3,400}+"  # behind it stands what it has none of
_CONSTANT = re.compile(rb"(?P<grown>\+)?=(?!=)[ \t]{0,12}[bru]{0,2}(?:(?P<quote>[\"'`])(?P<quoted>" + _TEXT + rb")(?P=quote)(?=[ \t]{0,8}(?:[;,)\r\n#]|//|$))|(?P<bare>" + _TEXT + rb")(?=[ \t]{0,8}\r?(?:\n|$)))")  # fmt: skip
_TWO = re.compile(rb"(?m)^[ \t]{0,40}(?P<a>[A-Za-z_]\w{0,60}),[ \t]{0,4}(?P<b>[A-Za-z_]\w{0,60})[ \t]{0,4}=[ \t]{0,4}[\"'](?P<x>[^\"'\\\n]{3,400})[\"'],[ \t]{0,4}[\"'](?P<y>[^\"'\\\n]{3,400})[\"']")  # fmt: skip
_BARE = re.compile(rb"[\w\-+/=.@%:~]{1,400}")
_BEFORE = re.compile(
    rb"(?P<name>[A-Za-z_$][\w$]{0,60})[ \t]{0,12}(?::[ \t]{0,4}[\w\[\]]{1,40}[ \t]{0,4}|:)?$"
)
_TERM = re.compile(
    rb"[ \t]{0,8}(?:(?P<kind>[bruf]{0,2})(?P<quote>[\"'`])(?P<text>(?:(?!(?P=quote))[^\\\n]){0,400})(?P=quote)|(?P<name>[A-Za-z_]\w{0,60})|"
    rb"\$(?:\{(?P<braced>\w{1,60})\}|\((?P<made>\w{1,60})\)|(?P<shell>\w{1,60}))|(?P<bare>[\w\-+/=.@%:~]{1,400}))"
)  # fmt: skip
_GLUE = re.compile(rb"[ \t]{0,8}(?:\+|\.\.?|&)(?=[ \t]{0,8}[\"'`A-Za-z_$bruf])")
_FILLED = re.compile(
    rb"[$#]?\{(?P<braced>[A-Za-z_]\w{0,60})\}|\$(?P<plain>[A-Za-z_]\w{0,60})|\$\((?P<made>\w{1,60})\)"
)
_PIECES = re.compile(rb"[bru]{0,2}(?:\"([^\"\\\n]{1,400})\"|'([^'\\\n]{1,400})')")
_JOIN = re.compile(
    rb"(?:[\"'](?P<with>[^\"'\\\n]{0,2})[\"']\.join\([ \t\r\n]{0,40}(?:[\[(](?P<all>[^\[\]()]{8,2000})[\])]|(?P<name>\w{1,60}))"
    rb"|[\[](?P<list>[^\[\]()]{8,2000})[\]]\.join\([\"'](?P<by>[^\"'\\\n]{0,2})[\"']\)"
    rb"|(?P<form>[\"'](?:%s|\{\d?\}|[\w\-]){2,80}[\"'])(?:[ \t]{0,8}%[ \t]{0,8}|\.format)\((?P<args>[^()\n]{4,2000})\)"
    rb"|(?P<head>[\"'][^\"'\\\n]{1,400}[\"'])\.concat\((?P<tail>[^()\n]{3,2000})\)"
    rb"|[\"'](?P<turned>[^\"'\\\n]{8,400})[\"']\[::-1\]"
    rb"|[\"'](?P<cut>[^\"'\\\n]{8,400})[\"']\.replace(?:All)?\([ \t]{0,4}[\"'](?P<out>[^\"'\\\n]{1,20})[\"'],[ \t]{0,4}[\"'](?P<in>[^\"'\\\n]{0,20})[\"']\)"
    rb"|(?P<dots>[\"'][^\"'\\\n]{4,400}[\"'](?:[ \t]{0,4}\.[ \t]{0,4}[\"'][^\"'\\\n]{1,400}[\"']){1,20}))"
)  # fmt: skip
_JOINS = (
    b".join(",
    b" % (",
    b"%(",
    b".format(",
    b".concat(",
    b"[::-1]",
    b".replace",
    b" . '",
    b' . "',
    b".'",
    b'."',
)
_LIST = re.compile(rb"(?<![\w.])(?P<name>\w{1,60})[ \t]{0,8}=[ \t]{0,8}[\[(](?P<all>[^\[\]()]{8,2000})[\])]")
_UNPACK = re.compile(
    rb"(?:b64decode|atob|fromhex|unhexlify)\([ \t]{0,8}(?P<name>[A-Za-z_]\w{0,60})[ \t]{0,8}[,)]"
)


_Known = dict[bytes, list[tuple[int, bytes]]]
_Lists = dict[bytes, tuple[int, bytes]]


def folded(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give (where it is put together, ``name = "text"``) of each text that comes out whole."""
    quoted = b'"' in data or b"'" in data
    if not quoted and b"$" not in data and b"+=" not in data:
        return
    calls = list(_calls(data))
    lists = _lists(data) if any(found["name"] is not None for found in calls) else {}
    for found in calls:
        text = _joined(found, lists)
        if text is not None:
            yield found.start(), _named(data, found.start(), text)
    if not any(sign in data for sign in _SIGNS):
        return
    known = _constants(data)
    names = {name for name, many in known.items() if many}
    if not names:
        return
    yield from known.get(b"", [])
    names.discard(b"")
    if b"decode" in data or b"atob" in data or b"hex" in data:
        for found in _UNPACK.finditer(data):
            raw = _value(known, found["name"], found.start())
            unpacked = _unpacked(raw) if raw is not None else None
            if unpacked is not None:
                yield found.start(), _named(data, found.start(), unpacked)
    used = re.compile(
        rb"(?<![\w])(?:"
        + b"|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        + rb")(?![\w])"
    )
    last = -1
    alone = {text for many in known.values() for _, text in many}
    for uses, found in enumerate(used.finditer(data)):
        if found.start() < last:
            continue
        if uses > _USES:
            return
        start = max(
            data.rfind(b"\n", max(0, found.start() - 1_000), found.start()) + 1, found.start() - 1_000
        )
        stop = data.find(b"\n", found.start(), found.start() + 2_000)
        last = stop if stop >= 0 else min(len(data), found.start() + 2_000)
        for text in _sums(data[start:last], known, start):
            if text in alone:
                continue
            yield start, _named(data, _assigned_at(data, start, last), text)


def _calls(data: bytes) -> Iterator[re.Match[bytes]]:
    """Give what puts texts together by itself: found by what stands behind the first of them, which is quick."""
    for sign in _JOINS:
        at, last = data.find(sign), 0
        for _ in range(_USES):
            if at < 0:
                break
            quote = data[at - 1 : at]
            if at > last and quote and quote in b"\"']":
                if sign == b".join(" and quote == b"]":
                    start = data.rfind(b"[", max(0, at - 2_000), at)
                else:
                    start = data.rfind(quote, max(0, at - 402), at - 1)
                found = _JOIN.match(data, start) if start >= 0 else None
                if found is not None and found.end() > at:
                    last = found.end()
                    yield found
            at = data.find(sign, at + 1)


def _lists(data: bytes) -> _Lists:
    """Return name → (its end, what stands in it) of the first list that is assigned to each name."""
    out: _Lists = {}
    for found in _LIST.finditer(data):
        out.setdefault(found["name"], (found.end(), found["all"]))
    return out


def _constants(data: bytes) -> _Known:
    """Return name → (place, text) of what is assigned; under no name, the lines on which a text was grown to its end."""
    known: _Known = {}
    for count, found in enumerate(_CONSTANT.finditer(data)):
        before = _BEFORE.search(data, max(0, found.start() - 110), found.start())
        text = found["quoted"] or found["bare"]
        if count > _PLACES:
            break
        if before is None:
            continue
        if found["grown"]:
            first = _value(known, before["name"], found.start())
            if first is None or len(known.get(b"", ())) > _MOST or len(first) + len(text) > _LONGEST:
                continue
            text = first + text
            known.setdefault(b"", []).append((found.start(), before["name"] + b' = "' + text + b'"'))
        elif _is_word(text) or len(known) > _MOST:
            continue
        known.setdefault(before["name"], []).append((found.end(), text))
    for found in _TWO.finditer(data) if b'", "' in data or b"', '" in data or b'","' in data else ():
        known.setdefault(found["a"], []).append((found.end(), found["x"]))
        known.setdefault(found["b"], []).append((found.end(), found["y"]))
    for many in known.values():
        many.sort()
    return known


def _is_word(text: bytes) -> bool:
    """Whether a constant is a number or a word, as most are, that no part of a key would be."""
    return re.fullmatch(rb"[a-z_.\-]+|[A-Z_]+|[0-9.]+|\$.*|[A-Z][a-z]+", text) is not None


def _value(known: _Known, name: bytes, at: int) -> bytes | None:
    """Return what a name stands for at a place: what was assigned to it last before."""
    many = known.get(name, ())
    found = bisect_right(many, at, key=lambda one: one[0])
    return many[found - 1][1] if found else None


def _sums(line: bytes, known: _Known, at: int) -> Iterator[bytes]:
    """Give each text that a line puts together of two or more, a constant among them."""
    place = 0
    while place < len(line):
        term = _TERM.match(line, place)
        if term is None:
            place += 1
            continue
        parts: list[bytes] = []
        constants = 0
        while term is not None:
            text, filled = _part(term, known, at)
            if text is None:
                parts.clear()
                place = term.end()
                break
            parts.append(text)
            constants += filled
            place = term.end()
            glue = _GLUE.match(line, place)
            if glue is not None:
                term = _TERM.match(line, glue.end())
            else:
                term, text = _beside(term, line, place)
                if text:
                    parts.append(text)
                    place += len(text)
        whole = b"".join(parts)
        if constants and 8 <= len(whole) <= _LONGEST:
            yield whole


def _beside(term: re.Match[bytes], line: bytes, place: int) -> tuple[re.Match[bytes] | None, bytes]:
    """Return the term, or the bare text, that stands side by side with another, as in a shell."""
    if line[place : place + 1] in (b"$", b'"', b"'"):
        return _TERM.match(line, place), b""
    if term["name"] is None and term["bare"] is None:
        found = _BARE.match(line, place)
        if found is not None:
            after = line[found.end() : found.end() + 1]
            return _TERM.match(line, found.end()) if after in (b"$", b'"', b"'") else None, found[0]
    return None, b""


def _part(term: re.Match[bytes], known: _Known, at: int) -> tuple[bytes | None, int]:
    """Return the text of a term, and how many constants were filled in; None where it is none."""
    for group in ("name", "braced", "made", "shell"):
        if term[group] is not None:
            text = _value(known, term[group], at)
            return text, int(text is not None)
    if term["bare"] is not None:
        return term["bare"].lstrip(b"="), 0
    count = 0

    def fill(found: re.Match[bytes]) -> bytes:
        nonlocal count
        text = _value(known, found["braced"] or found["plain"] or found["made"], at)
        count += 1 if text is not None else -1_000
        return text if text is not None else b""

    text = term["text"]
    if b"f" in term["kind"] or b"$" in text or b"#{" in text:
        text = _FILLED.sub(fill, text)
    return (text, count) if count >= 0 else (None, 0)


def _joined(found: re.Match[bytes], lists: _Lists) -> bytes | None:
    if found["turned"] is not None:
        return found["turned"][::-1]
    if found["cut"] is not None:
        return found["cut"].replace(found["out"], found["in"])
    if found["dots"] is not None:
        return b"".join(a or b for a, b in _PIECES.findall(found["dots"]))
    if found["form"] is not None:
        pieces = [a or b for a, b in _PIECES.findall(found["args"])]
        form = re.sub(rb"\{\d?\}", b"%s", found["form"][1:-1])
        return (
            form % tuple(pieces) if pieces and form.count(b"%") == form.count(b"%s") == len(pieces) else None
        )
    if found["head"] is not None:
        pieces = [a or b for a, b in _PIECES.findall(found["tail"])]
        return found["head"][1:-1] + b"".join(pieces) if pieces else None
    inside = found["all"] or found["list"]
    if inside is None:
        end, text = lists.get(found["name"], (0, b""))
        inside = text if end <= found.start() else b""
    pieces = [a or b for a, b in _PIECES.findall(inside)]
    return (found["with"] or found["by"] or b"").join(pieces) if len(pieces) > 1 else None


def _unpacked(text: bytes) -> bytes | None:
    try:
        found = (
            binascii.unhexlify(text)
            if re.fullmatch(rb"(?:[0-9A-Fa-f]{2})+", text)
            else base64.b64decode(text, validate=True)
        )
    except (binascii.Error, ValueError):
        return None
    return found if found and all(32 <= c < 127 and c not in b"\"'\\" for c in found) else None


def _assigned_at(data: bytes, start: int, stop: int) -> int:
    """Return where a line's assignment is, or the line's end where it has none."""
    at = data.find(b"=", start, stop)
    return at if at >= 0 else stop


def _named(data: bytes, at: int, text: bytes) -> bytes:
    """Return a line that assigns a text to the name that stands before a place, or to none."""
    before = data[max(0, at - 120) : at].rpartition(b"\n")[2]
    found = re.search(
        rb"([A-Za-z_$][\w.$\-]{0,60})[\"'\])]{0,3}[ \t]{0,8}(?::[ \t]{0,4}[\w\[\]]{1,30}[ \t]{0,4})?(?::?=?[ \t]{0,8}[(\[]?[ \t]{0,8})$",
        before,
    )
    return (found[1] if found else b"text") + b' = "' + text.replace(b'"', b"'") + b'"'
