"""JSON: XGBoost's model, configurations, and what in them makes a loader run code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

LIMIT = 64 << 20
_BEGIN, _NEXT = re.compile(r"^[ \t]*[{\[]", re.MULTILINE), re.compile(r"[ \t,]*[{\[]")
_TRIES, _WINDOW, _MOST = 200, 4096, 1_000_000
_XGBOOST = (b'{"learner"', b'{"version"', b'{"Config"')


def sniff(view: View) -> bool:
    """Text that begins with a brace or a bracket and ends with its counterpart."""
    head = view.head.lstrip(b"\xef\xbb\xbf \r\n\t")
    tail = bytes(view.data[-64:]).rstrip()
    return head[:1] + tail[-1:] in (b"{}", b"[]") and b"\0" not in view.head


def examine(view: View, ground: Ground) -> bool:
    """Look for layers and classes that run code when the configuration is loaded."""
    from assay.checks.model.scan import _keras, _settings, _skops, _xgboost

    if view.size > LIMIT:
        return _large(view, ground)
    twice: set[str] = set()
    hidden = _Hidden(view.size)
    try:
        tree = json.loads(bytes(view.data), object_pairs_hook=lambda pairs: _every(pairs, twice, hidden))
    except _Often as error:
        _told_twice(twice, view, ground)
        return ground.not_understood(view, str(error))
    except (ValueError, RecursionError) as error:
        if view.name.endswith((".json", ".ubj")):
            return ground.not_understood(view, f"it is no valid JSON ({ascii(str(error))[:80]})")
        return _lines(view, ground)
    if twice:
        _told_twice(twice, view, ground)
    good = True
    if isinstance(tree, dict) and "__loader__" in tree:
        good = _skops.examine(tree, view, ground)
    if isinstance(tree, dict) and "learner" in tree:
        good = _xgboost.examine(tree, view, ground) and good
    for value in (tree, *hidden.found):
        good = _keras.examine(value, view, ground) and good
        good = _settings.examine(value, view, ground) and good
    return good


class _Often(Exception):
    """Keys stand twice more often than is followed."""


class _Hidden:
    """Mappings as a reader sees them that heeds the first of two keys. Each is walked whole, so that they may not be many."""

    def __init__(self, size: int) -> None:
        self.found: list[Any] = []
        self.most, self.room = min(1000, 4 * LIMIT // size), _MOST

    def add(self, held: dict[str, Any]) -> None:
        """Keep one."""
        self.room -= len(held)
        if self.room < 0 or len(self.found) >= self.most:
            raise _Often("it says its keys twice more often than is followed")
        self.found.append(held)


def _every(pairs: list[tuple[str, Any]], twice: set[str], hidden: _Hidden) -> dict[str, Any]:
    """Build a mapping; what a later key of the same name would hide is kept, for readers that heed the first."""
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                twice.add(key)
                hidden.add({**found, key: seen[key]})
            seen[key] = value
    return found


def _told_twice(twice: set[str], view: View, ground: Ground) -> None:
    ground.find(
        "duplicate_key",
        Severity.MEDIUM,
        f"{view.place} says {ascii(min(twice))[:60]} twice in one place; which one counts depends on who reads it.",
        view,
        remedy="ask for the file as its writer would write it",
        refs=("CWE-694",),
        count=len(twice),
    )


def _lines(view: View, ground: Ground) -> bool:
    """JSON lines, documents one after the other, and other text, which the text format has read: each is judged."""
    from assay.checks.model.scan import _keras, _settings

    good = True
    for number, value in enumerate(_documents(bytes(view.data).decode("utf-8", "replace").lstrip("\ufeff"))):
        if number == _MOST:
            return ground.not_understood(view, f"it holds more than {_MOST:,} documents of JSON")
        good = _keras.examine(value, view, ground) and good
        good = _settings.examine(value, view, ground) and good
    return good


def _documents(text: str) -> Iterator[Any]:
    """Give every mapping and list that begins a line, or follows another. What is none is stepped over to the next line.

    A failure costs as much as stands before it: after so many of them, or so much, only short documents are read.
    """
    read = json.JSONDecoder().raw_decode
    at, tries, room, followed = 0, _TRIES, 4 * len(text), False
    while found := (_NEXT.match(text, at) if followed else None) or _BEGIN.search(text, at):
        at, whole = found.end() - 1, tries > 0 and room > 0
        try:
            if whole:
                value, at = read(text, at)
            else:
                value, used = read(text[at : at + _WINDOW])
                at += used
        except (ValueError, RecursionError) as error:
            room -= error.pos - at if whole and isinstance(error, json.JSONDecodeError) else 0
            tries, line = tries - 1, text.find("\n", at)
            at, followed = len(text) if line < 0 else line, False
            continue
        followed = True
        yield value


def _large(view: View, ground: Ground) -> bool:
    head = bytes(view.data[:64]).replace(b" ", b"").replace(b"\n", b"")
    if head.startswith(_XGBOOST) and all(
        view.data.find(word) < 0
        for word in (b"class_name", b"auto_map", b"__loader__", b"_target_", b"py/", b"template", b"\\u")
    ):
        return True
    return ground.not_understood(view, "it is JSON of more than 64 MiB, and not XGBoost's")
