"""Maven's order of versions: numbers and words by turns, apart by . and -, alpha < beta < milestone < rc < snapshot < release < sp.

https://maven.apache.org/pom.html#version-order-specification, and org.apache.maven.artifact.versioning.ComparableVersion.
"""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

_WORDS = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"]
_ALIAS = {"ga": "", "final": "", "release": "", "cr": "rc"}
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}  # where a digit follows at once
_RELEASE = _WORDS.index("")

Item = Any  # an int, a (rank, word), or a list of items


def key(text: str) -> Any:
    """Return what sorts as Maven sorts; ValueError where it is empty."""
    if not text.strip():
        raise ValueError("an empty text is no version of Maven's")
    return _Key(_parsed(text.strip().lower()))


def _parsed(text: str) -> list[Item]:
    """Return the tree of lists: a hyphen, or going from digits to letters or back, opens a list within the last."""
    root: list[Item] = []
    inner, stack = root, [root]
    digit, start, at = False, 0, 0

    def open_list() -> None:
        nonlocal inner
        fresh: list[Item] = []
        inner.append(fresh)
        inner = fresh
        stack.append(fresh)

    for at, char in enumerate(text):
        if char == ".":
            inner.append(0 if at == start else _item(digit, text[start:at], False))
            start = at + 1
        elif char == "-":
            inner.append(0 if at == start else _item(digit, text[start:at], False))
            start = at + 1
            open_list()
        elif char in "0123456789":
            if not digit and at > start:
                inner.append(_item(False, text[start:at], True))
                start = at
                open_list()
            digit = True
            continue
        else:
            if digit and at > start:
                inner.append(_item(True, text[start:at], False))
                start = at
                open_list()
            digit = False
            continue
    if len(text) > start:
        inner.append(_item(digit, text[start:], False))
    for one in reversed(stack):
        _trimmed(one)
    return root


def _item(digit: bool, text: str, followed: bool) -> Item:
    if digit and text.isascii() and text.isdigit():
        return int(text)
    word = _SHORT.get(text, text) if followed else text
    word = _ALIAS.get(word, word)
    return (_WORDS.index(word), "") if word in _WORDS else (len(_WORDS), word)


def _null(item: Item) -> bool:
    return item in (0, [], (_RELEASE, ""))


def _trimmed(items: list[Item]) -> None:
    """Take out what says nothing at the end, and before the list that ends it."""
    for at in range(len(items) - 1, -1, -1):
        if _null(items[at]):
            del items[at]
        elif not isinstance(items[at], list):
            break


def _compare(a: Item, b: Item) -> int:
    """Compare two items, either None where its side has ended."""
    if a is None:
        return 0 if b is None else -_compare(b, None)
    if isinstance(a, int):
        if b is None:
            return 0 if a == 0 else 1
        return (a > b) - (a < b) if isinstance(b, int) else 1
    if isinstance(a, tuple):
        if b is None:
            return (a > (_RELEASE, "")) - (a < (_RELEASE, ""))
        return (a > b) - (a < b) if isinstance(b, tuple) else -1
    if b is None:
        for item in a:
            if (found := _compare(item, None)) != 0:
                return found
        return 0
    if isinstance(b, int):
        return -1
    if isinstance(b, tuple):
        return 1
    for at in range(max(len(a), len(b))):
        found = _compare(a[at] if at < len(a) else None, b[at] if at < len(b) else None)
        if found:
            return found
    return 0


_Key = cmp_to_key(_compare)
