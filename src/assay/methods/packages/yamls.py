"""YAML that a tool wrote, read within bounds: every plain value as the text that stands there, and nothing said twice by an anchor.

Versions stay texts (``5.10`` is no number), and a few lines cannot stand for gigabytes, since aliases are refused where they begin.
"""

from __future__ import annotations

from typing import Any

import yaml

from assay.methods.packages.package import Unreadable

_DEEPEST = 50
_QUICK = getattr(yaml, "CSafeLoader", None)
MOST = (
    (16 << 20) if _QUICK else (512 << 10)
)  # bytes: a few seconds with libyaml, and with Python's own reader


def documents(content: bytes) -> list[Any]:
    """Return the documents as dicts, lists and texts. Unreadable where one is no YAML, nests too deep or has an anchor."""
    if len(content) > MOST:
        raise Unreadable(f"it is larger than {MOST >> 10:,} KiB, and is not taken apart")
    text = content.decode("utf-8-sig")
    if _QUICK and "\x00" in text:
        raise Unreadable("it is no YAML: it holds a zero byte")
    try:
        return _built(text)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise Unreadable(f"it is no YAML: {problem[:120]}") from None


def document(content: bytes) -> dict[str, Any]:
    """Return the only document, a mapping; Unreadable as for ``documents``."""
    found = documents(content)
    if len(found) != 1 or not isinstance(found[0], dict):
        raise Unreadable("it is no mapping of names")
    return found[0]


def _built(text: str) -> list[Any]:
    out: list[Any] = []
    # Of each level that is open: what it is made into, and the name that waits for its value.
    open_: list[tuple[Any, list[str]]] = [(out, [])]
    for event in yaml.parse(text, Loader=_QUICK or yaml.SafeLoader):
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor:
                raise Unreadable("it has an anchor, and no tool writes one there")
            _put(open_[-1], event.value)
        elif isinstance(event, yaml.CollectionStartEvent):
            if event.anchor:
                raise Unreadable("it has an anchor, and no tool writes one there")
            if len(open_) > _DEEPEST:
                raise Unreadable(f"it nests deeper than {_DEEPEST}")
            made: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            _put(open_[-1], made)
            open_.append((made, []))
        elif isinstance(event, yaml.CollectionEndEvent):
            open_.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise Unreadable("it has an alias, and no tool writes one there")
    return out


def _put(level: tuple[Any, list[str]], value: Any) -> None:
    into, names = level
    if isinstance(into, list):
        into.append(value)
    elif names:
        into[names.pop()] = value
    elif isinstance(value, str):
        if value in into:
            raise Unreadable(f"it says {value[:80]!r} twice")
        names.append(value)
    else:
        raise Unreadable("a name in it is no text")
